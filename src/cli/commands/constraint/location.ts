import { CommandFailure } from '../../../kit/index.ts';
import { type ChangeFlags, ClusterSession } from '../../cluster/session.ts';
import { locationEdits, locationRuleEdit } from '../../edits/constraint.ts';
import { parseCondition } from '../../edits/rule/condition.ts';

type LocationFlags = ChangeFlags & { readonly id?: string; readonly role?: string; readonly discovery?: string };

export async function location(flags: LocationFlags, resource: string, verb: string, ...words: string[]) {
  if (verb === 'rule') return byRule(flags, resource, words);
  if (verb !== 'prefers' && verb !== 'avoids') {
    const fix = `For example: haven constraint location ${resource} prefers NODE=100`;
    throw new CommandFailure({ kind: 'usage', what: `'${verb}' should be 'prefers', 'avoids' or 'rule'`, fix });
  }
  if (flags.id !== undefined && words.length > 1) {
    throw new CommandFailure({ kind: 'usage', what: '--id is for one node at a time' });
  }
  const session = new ClusterSession();
  const document = await session.document();
  const edits = words.flatMap((target) => {
    const [node = '', score = 'INFINITY'] = target.split('=');
    return locationEdits(document, {
      ...located(flags, resource),
      node,
      score: verb === 'avoids' ? negated(score) : score,
    });
  });
  const done = `${resource} ${verb} ${words.join(', ')}`;
  await session.change(flags, { document, edits, done, unchanged: done });
}

async function byRule(flags: LocationFlags, resource: string, words: readonly string[]): Promise<void> {
  const isOption = (word: string) => /^(score|score-attribute|role|id)=/.test(word);
  const end = words.findIndex((word) => !isOption(word));
  const options = new Map(words.slice(0, Math.max(end, 0)).map((word) => splitOnce(word)));
  const condition = parseCondition(end < 0 ? [] : words.slice(end));
  const attribute = options.get('score-attribute');
  if (attribute !== undefined && options.has('score')) {
    throw new CommandFailure({ kind: 'usage', what: 'score and score-attribute exclude each other', fix: 'Give one' });
  }
  const session = new ClusterSession();
  const document = await session.document();
  const role = flags.role ?? options.get('role');
  const id = flags.id ?? options.get('id');
  const score = attribute === undefined ? { value: options.get('score') ?? 'INFINITY' } : { attribute };
  const edit = locationRuleEdit(document, { ...located(flags, resource), role, id, condition, score });
  const done = `${resource} is placed by the rule: ${words.slice(end).join(' ')}`;
  await session.change(flags, { document, edits: [edit], done, unchanged: done });
}

function located({ role, discovery, id }: LocationFlags, resource: string) {
  return { resource, role, discovery, id };
}

function splitOnce(word: string): readonly [string, string] {
  const at = word.indexOf('=');
  return [word.slice(0, at), word.slice(at + 1)];
}

/** A score below nothing stays what it is; `avoids n=-5` would be a preference otherwise. */
function negated(score: string): string {
  return score.startsWith('-') ? score : `-${score.replace(/^\+/, '')}`;
}
