import { CommandFailure } from '../../../kit/index.ts';
import { type ChangeFlags, ClusterSession } from '../../cluster/session.ts';
import { locationEdit } from '../../edits/constraint.ts';

type LocationFlags = ChangeFlags & { readonly id?: string };

export async function location(flags: LocationFlags, resource: string, verb: string, ...targets: string[]) {
  if (verb !== 'prefers' && verb !== 'avoids') {
    const fix = `For example: haven constraint location ${resource} prefers NODE=100`;
    throw new CommandFailure({ kind: 'usage', what: `'${verb}' should be 'prefers' or 'avoids'`, fix });
  }
  if (flags.id !== undefined && targets.length > 1) {
    throw new CommandFailure({ kind: 'usage', what: '--id is for one node at a time' });
  }
  const session = new ClusterSession();
  const document = await session.document();
  const edits = targets.map((target) => {
    const [node = '', score = 'INFINITY'] = target.split('=');
    return locationEdit(document, { resource, node, score: verb === 'avoids' ? negated(score) : score, id: flags.id });
  });
  const done = `${resource} ${verb} ${targets.join(', ')}`;
  await session.change(flags, { document, edits, done, unchanged: done });
}

/** A score below nothing stays what it is; `avoids n=-5` would be a preference otherwise. */
function negated(score: string): string {
  return score.startsWith('-') ? score : `-${score.replace(/^\+/, '')}`;
}
