import { CommandFailure } from '../../../kit/index.ts';
import { type ChangeFlags, ClusterSession } from '../../cluster/session.ts';
import { orderEdit, setEdit } from '../../edits/constraint.ts';
import { setWords } from '../../edits/constraint-set.ts';

type OrderFlags = ChangeFlags & { readonly id?: string; readonly kind?: string; readonly asymmetrical: boolean };

export async function order(flags: OrderFlags, ...words: string[]): Promise<void> {
  if (words[0] === 'set') return ofSets(flags, words);
  const at = words.indexOf('then');
  const first = side(words.slice(0, Math.max(at, 0)));
  const then = side(words.slice(at + 1));
  if (at < 0 || first === undefined || then === undefined) {
    const fix = 'Write: haven constraint order [ACTION] RESOURCE then [ACTION] RESOURCE';
    throw new CommandFailure({ kind: 'usage', what: `'${words.join(' ')}' is no order of two resources`, fix });
  }
  const session = new ClusterSession();
  const document = await session.document();
  const edit = orderEdit(document, {
    first: first.resource,
    firstAction: first.action,
    second: then.resource,
    secondAction: then.action,
    kind: flags.kind,
    symmetrical: flags.asymmetrical ? 'false' : undefined,
    id: flags.id,
  });
  const done = `${words.slice(0, at).join(' ')}, then ${words.slice(at + 1).join(' ')}`;
  await session.change(flags, { document, edits: [edit], done, unchanged: done });
}

async function ofSets({ kind, asymmetrical, id, ...flags }: OrderFlags, words: readonly string[]): Promise<void> {
  const session = new ClusterSession();
  const document = await session.document();
  const given = { kind, symmetrical: asymmetrical ? 'false' : undefined, id };
  const done = `in this order: ${words.join(' ')}`;
  const edits = [setEdit(document, 'rsc_order', setWords(words), given)];
  await session.change(flags, { document, edits, done, unchanged: done });
}

function side(words: readonly string[]): { action: string | undefined; resource: string } | undefined {
  const [first, second] = words;
  if (first === undefined || words.length > 2) return undefined;
  return second === undefined ? { action: undefined, resource: first } : { action: first, resource: second };
}
