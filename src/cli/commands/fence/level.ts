import { type AnswerFlags, type ChangeFlags, ClusterSession, show } from '../../cluster/session.ts';
import { levelClearEdits, levelEdits, levelRemovalEdits, levelsIn } from '../../edits/fence-level.ts';
import { alignedRows } from '../../terminal/columns.ts';

export async function add(flags: ChangeFlags, index: string, target: string, ...devices: string[]): Promise<void> {
  const session = new ClusterSession();
  const document = await session.document();
  const edits = levelEdits(document, { index, target, devices });
  const done = `${target} is fenced at level ${index} by ${devices.join(' and ')}`;
  await session.change(flags, { document, edits, done, unchanged: done });
}

export async function remove(flags: ChangeFlags, index: string, target: string, ...devices: string[]): Promise<void> {
  const session = new ClusterSession();
  const document = await session.document();
  const edits = levelRemovalEdits(document, { index, target, devices });
  const what = devices.length === 0 ? '' : `${devices.join(', ')} of `;
  const done = `deleted: ${what}level ${index} of ${target}`;
  await session.change(flags, { document, edits, done, unchanged: done });
}

export async function clear(flags: ChangeFlags, of: string | undefined): Promise<void> {
  const session = new ClusterSession();
  const document = await session.document();
  const edits = levelClearEdits(document, of);
  const done = of === undefined ? 'deleted: every fencing level' : `deleted: the fencing levels of ${of}`;
  await session.change(flags, { document, edits, done, unchanged: 'there are no fencing levels' });
}

export async function list(flags: AnswerFlags): Promise<void> {
  const levels = levelsIn(await new ClusterSession().document());
  show(flags, levels, () =>
    levels.length === 0
      ? ['there are no fencing levels: every device that can fence a node is tried, one after the other']
      : alignedRows(
          levels.map(({ target, index, devices }) => [target, `${index}`, devices.join(' and ')]),
          0,
        ),
  );
}
