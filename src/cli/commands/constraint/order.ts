import { CommandFailure } from '../../../kit/index.ts';
import { type ChangeFlags, ClusterSession } from '../../cluster/session.ts';
import { orderEdit } from '../../edits/constraint.ts';

type OrderFlags = ChangeFlags & { readonly id?: string; readonly kind?: string; readonly asymmetrical: boolean };

export async function order(flags: OrderFlags, ...words: string[]): Promise<void> {
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

function side(words: readonly string[]): { action: string | undefined; resource: string } | undefined {
  const [first, second] = words;
  if (first === undefined || words.length > 2) return undefined;
  return second === undefined ? { action: undefined, resource: first } : { action: first, resource: second };
}
