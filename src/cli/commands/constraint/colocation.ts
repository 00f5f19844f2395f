import { CommandFailure } from '../../../kit/index.ts';
import { type ChangeFlags, ClusterSession } from '../../cluster/session.ts';
import { colocationEdit } from '../../edits/constraint.ts';

type ColocationFlags = ChangeFlags & { readonly id?: string; readonly role?: string; readonly withRole?: string };

export async function colocation(
  flags: ColocationFlags,
  dependent: string,
  joint: string,
  target: string,
  given: string | undefined,
): Promise<void> {
  if (joint !== 'with') {
    const fix = `Write: haven constraint colocation ${dependent} with RESOURCE`;
    throw new CommandFailure({ kind: 'usage', what: `'${joint}' should be 'with'`, fix });
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
