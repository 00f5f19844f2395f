import { type ChangeFlags, ClusterSession } from '../../cluster/session.ts';
import { manageEdits, unmanageEdits } from '../../edits/meta.ts';

export async function manage(flags: ChangeFlags, id: string): Promise<void> {
  const session = new ClusterSession();
  const document = await session.document();
  const edits = manageEdits(document, id);
  await session.change(flags, {
    document,
    edits,
    done: `${id} is managed again`,
    unchanged: `${id} was managed already`,
  });
}

export async function unmanage(flags: ChangeFlags, id: string): Promise<void> {
  const session = new ClusterSession();
  const document = await session.document();
  const edits = unmanageEdits(document, id);
  const done = `${id} is left as it is, whatever happens`;
  await session.change(flags, { document, edits, done, unchanged: `${id} was unmanaged already` });
}
