import { CommandFailure } from '../../../kit/index.ts';
import { type ChangeFlags, ClusterSession } from '../../cluster/session.ts';
import { colocationEdit, setEdit } from '../../edits/constraint.ts';
import { setWords } from '../../edits/constraint-set.ts';

type ColocationFlags = ChangeFlags & { readonly id?: string; readonly role?: string; readonly withRole?: string };

export async function colocation(flags: ColocationFlags, ...words: string[]): Promise<void> {
  if (words[0] === 'set') return ofSets(flags, words);
  const [dependent = '', joint = '', target = '', given] = words;
  if (joint !== 'with' || target === '' || words.length > 4) {
    const fix = `Write: haven constraint colocation ${dependent} with RESOURCE`;
    throw new CommandFailure({ kind: 'usage', what: `'${words.join(' ')}' is no colocation of two resources`, fix });
  }
  // A word that begins with a dash would be taken for a flag, so the score may stand behind a `=`.
  const [primary = '', score = given ?? 'INFINITY'] = target.split('=');
  const session = new ClusterSession();
  const document = await session.document();
  const roles = { role: flags.role, primaryRole: flags.withRole };
  const done = `${dependent} is placed ${score.startsWith('-') ? 'away from' : 'with'} ${primary}`;
  const edits = [colocationEdit(document, { dependent, primary, score, ...roles, id: flags.id })];
  await session.change(flags, { document, edits, done, unchanged: done });
}

async function ofSets({ id, ...flags }: ColocationFlags, words: readonly string[]): Promise<void> {
  const session = new ClusterSession();
  const document = await session.document();
  const done = `placed together: ${words.join(' ')}`;
  const edits = [setEdit(document, 'rsc_colocation', setWords(words), { id })];
  await session.change(flags, { document, edits, done, unchanged: done });
}
