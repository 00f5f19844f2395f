import { type AnswerFlags, type ChangeFlags, ClusterSession, show } from '../../cluster/session.ts';
import { tagEdits, tagRemovalEdits, tagsIn, tagUpdateEdits } from '../../edits/tag.ts';
import { alignedRows } from '../../terminal/columns.ts';

export async function create(flags: ChangeFlags, tag: string, ...ids: string[]): Promise<void> {
  const session = new ClusterSession();
  const document = await session.document();
  const done = `${tag} stands for ${ids.join(', ')}`;
  await session.change(flags, { document, edits: tagEdits(document, tag, ids), done, unchanged: done });
}

type UpdateFlags = ChangeFlags & { readonly add?: readonly string[]; readonly remove?: readonly string[] };

export async function update({ add = [], remove = [], ...flags }: UpdateFlags, tag: string): Promise<void> {
  const session = new ClusterSession();
  const document = await session.document();
  const edits = tagUpdateEdits(document, tag, { add, remove });
  await session.change(flags, { document, edits, done: `${tag} is changed`, unchanged: `${tag} is so already` });
}

export async function remove(flags: ChangeFlags, ...tags: string[]): Promise<void> {
  const session = new ClusterSession();
  const document = await session.document();
  const done = `deleted: ${tags.join(', ')}`;
  await session.change(flags, { document, edits: tagRemovalEdits(document, tags), done, unchanged: done });
}

export async function list(flags: AnswerFlags): Promise<void> {
  const tags = tagsIn(await new ClusterSession().document());
  show(flags, tags, () =>
    alignedRows(
      tags.map(({ tag, of }) => [tag, of.join(' ')]),
      0,
    ),
  );
}
