import { type ChangeFlags, ClusterSession } from '../../cluster/session.ts';
import { removalEdits, removedWith } from '../../edits/removal.ts';

export async function remove(flags: ChangeFlags, id: string): Promise<void> {
  const session = new ClusterSession();
  const document = await session.document();
  const edits = removalEdits(document, id);
  const others = removedWith(document, id).filter((each) => each !== id);
  const along = others.length === 0 ? '' : `, and with it ${others.join(', ')}`;
  await session.change(flags, { document, edits, done: `deleted ${id}${along}`, unchanged: 'nothing was deleted' });
}
