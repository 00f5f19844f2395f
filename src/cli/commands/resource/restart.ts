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
  answer(flags, `${id} was restarted`, { changed: true, settled: true });
}
