import type { ResourceView } from '../../../api/index.ts';
import { CommandFailure } from '../../../kit/index.ts';
import { waitDefaultMs } from '../../cluster/flags.ts';
import { answer, type ChangeFlags, ClusterSession } from '../../cluster/session.ts';
import { checkedEdit, together } from '../../edits/check.ts';
import { metaEdits, metaHolder, stopEdits } from '../../edits/meta.ts';
import { resourceNamed } from '../../edits/names.ts';
import { pairValue } from '../../edits/nvset.ts';

/** Stops and starts by `target-role`, as crm_resource(8) --restart: everything that depends on it goes along in order. */
export async function restart(flags: ChangeFlags, id: string): Promise<void> {
  const session = new ClusterSession();
  const document = await session.document();
  const before = pairValue(metaHolder(resourceNamed(document, id)), 'target-role');
  if (before?.toLowerCase() === 'stopped') {
    const fix = `Start it: haven resource start ${id}`;
    throw new CommandFailure({ kind: 'failed', what: `${id} is stopped, so there is nothing to restart`, fix });
  }
  const waitMs = flags.wait ?? waitDefaultMs;
  await session.client.edit(checkedEdit(document, together(stopEdits(document, id))).edit);
  try {
    await session.settleWithin(waitMs);
  } finally {
    // Whatever came of the stop, it shall not stay stopped by this command.
    const edits = metaEdits(await session.document(), id, new Map([['target-role', before]]));
    if (edits.length > 0) await session.client.edit(together(edits));
  }
  await session.settleWithin(waitMs);
  await assertRuns(session, id);
  answer(flags, `${id} was restarted`, { changed: true, settled: true });
}

async function assertRuns(session: ClusterSession, id: string): Promise<void> {
  const { resources, failures } = await session.client.status();
  const found = viewOf(resources, id);
  if (found === undefined || !['stopped', 'failed', 'blocked'].includes(found.state)) return;
  const ids = new Set(idsOf(found));
  const failure = failures.find(({ resource }) => ids.has(resource));
  const what = `${id} was stopped, and is ${found.state} now`;
  if (failure === undefined) {
    throw new CommandFailure({ kind: 'failed', what, fix: `It says why: haven resource why ${id}` });
  }
  const { resource, operation, node, meaning, reason } = failure;
  const why = `${operation} of ${resource} on ${node}: ${reason === '' ? meaning : reason}`;
  throw new CommandFailure({
    kind: 'failed',
    what,
    why,
    fix: `When it is repaired: haven resource cleanup ${resource}`,
  });
}

function viewOf(resources: readonly ResourceView[], id: string): ResourceView | undefined {
  for (const resource of resources) {
    const found = resource.id === id ? resource : viewOf(resource.children, id);
    if (found !== undefined) return found;
  }
  return undefined;
}

function idsOf({ id, children }: ResourceView): string[] {
  return [id, ...children.flatMap(idsOf)];
}
