import type { ResourceView } from '../../../api/index.ts';
import { addDuration, formatInstant, parseDuration } from '../../../cib/index.ts';
import { CommandFailure, parseDurationMs } from '../../../kit/index.ts';
import { type ChangeFlags, ClusterSession } from '../../cluster/session.ts';
import { banEdits, clearEdits, type MoveTerms, moveEdits } from '../../edits/move.ts';

type MoveFlags = ChangeFlags & { readonly lifetime?: string; readonly promoted: boolean };

export async function move(flags: MoveFlags, id: string, node: string | undefined): Promise<void> {
  if (node === undefined) return ban(flags, id, undefined);
  const session = new ClusterSession();
  const document = await session.document();
  const terms = termsOf(flags);
  const done = `${id} moves to ${node}, and ${endOf(id, terms)}`;
  await session.change(flags, { document, edits: moveEdits(document, id, node, terms), done, unchanged: done });
}

export async function ban(flags: MoveFlags, id: string, node: string | undefined): Promise<void> {
  const session = new ClusterSession();
  const document = await session.document();
  const terms = termsOf(flags);
  const nodes = node === undefined ? await placesOf(session, id, terms) : [node];
  const edits = banEdits(document, id, nodes, terms);
  const done = `${id} moves away from ${nodes.join(', ')}, and ${endOf(id, terms)}`;
  await session.change(flags, { document, edits, done, unchanged: done });
}

type ClearFlags = ChangeFlags & { readonly node?: string };

export async function clear({ node, ...flags }: ClearFlags, id: string): Promise<void> {
  const session = new ClusterSession();
  const document = await session.document();
  await session.change(flags, {
    document,
    edits: clearEdits(document, id, node),
    done: `the cluster chooses the node of ${id} again`,
    unchanged: `${id} had not been moved by hand`,
  });
}

function termsOf({ lifetime, promoted }: MoveFlags): MoveTerms {
  const role = promoted ? 'promoted' : 'started';
  if (lifetime === undefined) return { role, until: undefined };
  const now = { epochSeconds: Math.floor(Date.now() / 1000), offsetSeconds: 0 };
  const [span, ms] = [parseDuration(lifetime), parseDurationMs(lifetime)];
  if (span !== undefined) return { role, until: formatInstant(addDuration(now, span)) };
  if (ms !== undefined && ms >= 1000) {
    return { role, until: formatInstant({ ...now, epochSeconds: now.epochSeconds + Math.round(ms / 1000) }) };
  }
  const what = `--lifetime takes a duration of a second or more, not '${lifetime}'`;
  throw new CommandFailure({ kind: 'usage', what, fix: 'Write 30min, or as ISO 8601 has it: PT30M, P1D' });
}

function endOf(id: string, { until }: MoveTerms): string {
  return until === undefined ? `stays so until: haven resource clear ${id}` : `stays so until ${until}`;
}

/** Where it runs; for the promoted role, where it is promoted. */
async function placesOf(session: ClusterSession, id: string, { role }: MoveTerms): Promise<readonly string[]> {
  const { resources } = await session.client.status();
  const found = findResource(resources, id);
  if (found === undefined || role === 'started') return found?.nodes ?? [];
  return [...new Set(promotedIn(found).flatMap(({ nodes }) => nodes))];
}

function promotedIn(resource: ResourceView): ResourceView[] {
  if (resource.children.length > 0) return resource.children.flatMap(promotedIn);
  return resource.state === 'promoted' ? [resource] : [];
}

function findResource(resources: readonly ResourceView[], id: string): ResourceView | undefined {
  for (const resource of resources) {
    const found = resource.id === id ? resource : findResource(resource.children, id);
    if (found !== undefined) return found;
  }
  return undefined;
}
