import { type ChangeFlags, ClusterSession } from '../../cluster/session.ts';
import { cloneEdits, cloneMentions, groupEdits, uncloneEdits, ungroupEdits } from '../../edits/collective.ts';
import { pairsOf } from '../../edits/values.ts';

type PlaceFlags = ChangeFlags & { readonly before?: string; readonly after?: string };

export async function addToGroup(flags: PlaceFlags, group: string, ...members: string[]): Promise<void> {
  const session = new ClusterSession();
  const document = await session.document();
  const edits = groupEdits(document, group, members, { before: flags.before, after: flags.after });
  const done = `in the group ${group}: ${members.join(', ')}`;
  await session.change(flags, { document, edits, done, unchanged: done });
}

export async function removeFromGroup(flags: ChangeFlags, group: string, ...members: string[]): Promise<void> {
  const session = new ClusterSession();
  const document = await session.document();
  const edits = ungroupEdits(document, group, members);
  const done =
    members.length === 0 ? `${group} is dissolved` : `no longer in the group ${group}: ${members.join(', ')}`;
  await session.change(flags, { document, edits, done, unchanged: done });
}

export const clone = cloned('plain');
export const promotable = cloned('promotable');

function cloned(kind: 'plain' | 'promotable') {
  return async (flags: ChangeFlags, id: string, ...words: string[]): Promise<void> => {
    const meta = pairsOf(words[0] === 'meta' ? words.slice(1) : words);
    const session = new ClusterSession();
    const document = await session.document();
    const edits = cloneEdits(document, id, { meta, promotable: kind });
    const how = kind === 'promotable' ? ', promoted where it serves best' : '';
    const done = `${id} runs on every node that may run it, as ${id}-clone${how}`;
    await session.change(flags, { document, edits, strict: true, done, unchanged: done });
  };
}

export async function unclone(flags: ChangeFlags, id: string): Promise<void> {
  const session = new ClusterSession();
  const document = await session.document();
  const edits = uncloneEdits(document, id);
  const gone = cloneMentions(document, id);
  const along = gone === 0 ? '' : `; ${gone} ${gone === 1 ? 'constraint' : 'constraints'} went with the clone`;
  const done = `${id} is cloned no longer${along}`;
  await session.change(flags, { document, edits, done, unchanged: done });
}
