import { CommandFailure, parseDurationMs } from '../../../kit/index.ts';
import { answer, type ChangeFlags, ClusterSession, show } from '../../cluster/session.ts';
import { unknownName } from '../../edits/names.ts';
import { nodeAttributeEdits } from '../../edits/node.ts';
import { pairsOf } from '../../edits/values.ts';
import { alignedRows } from '../../terminal/columns.ts';

type AttributeFlags = ChangeFlags & { readonly transient: boolean; readonly dampen?: string };

export async function attribute(flags: AttributeFlags, node: string, ...words: string[]): Promise<void> {
  const session = new ClusterSession();
  const dampenMs = dampeningOf(flags);
  if (words.length === 0) return list(session, flags, node);
  // `NAME=` removes; an attribute without a value would say nothing anyway.
  const pairs = new Map([...pairsOf(words)].map(([name, value]) => [name, value === '' ? undefined : value]));
  if (flags.transient) return setTransient(session, flags, { node, pairs, dampenMs });
  const document = await session.document();
  return session.change(flags, {
    document,
    edits: nodeAttributeEdits(document, node, pairs),
    done: `the attributes of ${node} are set`,
    unchanged: `the attributes of ${node} were so already`,
  });
}

async function list(session: ClusterSession, flags: AttributeFlags, name: string): Promise<void> {
  const { nodes } = await session.client.status();
  const node = nodes.find((each) => each.name === name);
  if (node === undefined) {
    const names = nodes.map((each) => each.name);
    throw unknownName(`there is no node '${name}'`, name, names);
  }
  show(flags, node.attributes, () => alignedRows(Object.entries(node.attributes), 0));
}

type Assignment = {
  readonly node: string;
  readonly pairs: ReadonlyMap<string, string | undefined>;
  readonly dampenMs: number;
};

/** @throws CommandFailure `usage` */
function dampeningOf({ dampen, transient }: AttributeFlags): number {
  if (dampen === undefined) return 0;
  const dampenMs = parseDurationMs(dampen);
  if (dampenMs === undefined) {
    throw new CommandFailure({ kind: 'usage', what: `--dampen takes a duration, not '${dampen}'`, fix: 'Write 5s' });
  }
  if (transient) return dampenMs;
  const why = 'a permanent attribute is written at once';
  throw new CommandFailure({ kind: 'usage', what: '--dampen is for --transient', why, fix: 'Give both, or neither' });
}

async function setTransient(session: ClusterSession, flags: AttributeFlags, { node, pairs, dampenMs }: Assignment) {
  const { nodes } = await session.client.status();
  const names = nodes.map(({ name }) => name);
  if (!names.includes(node)) throw unknownName(`there is no node '${node}'`, node, names);
  for (const [name, value] of pairs) {
    await session.client.command({ kind: 'attribute', node, name, value, dampenMs });
  }
  await session.settle(flags);
  answer(flags, `the attributes of ${node} are set until it leaves the cluster`, { changed: true });
}
