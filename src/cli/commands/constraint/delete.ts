import { type ChangeFlags, ClusterSession } from '../../cluster/session.ts';
import { constraintDeletions } from '../../edits/constraint.ts';

export async function remove(flags: ChangeFlags, ...ids: string[]): Promise<void> {
  const session = new ClusterSession();
  const document = await session.document();
  const edits = constraintDeletions(document, ids);
  await session.change(flags, {
    document,
    edits,
    done: `deleted: ${ids.join(', ')}`,
    unchanged: 'nothing was deleted',
  });
}
