// Constraints of sets of resources as pcs(8) takes them: `set A B sequential=false set C … setoptions kind=Optional`.
import { type XmlElement, xmlElement } from '../../cib/index.ts';
import { CommandFailure } from '../../kit/index.ts';
import { constrainedNamed, sanitizedId, unknownName } from './names.ts';
import { pairsOf } from './values.ts';

export type ResourceSetWords = { readonly members: readonly string[]; readonly options: ReadonlyMap<string, string> };

export type SetWords = {
  readonly sets: readonly ResourceSetWords[];
  /** Of the constraint as a whole. */
  readonly options: ReadonlyMap<string, string>;
};

const setOptions = {
  rsc_location: ['role', 'score', 'sequential', 'require-all'],
  rsc_colocation: ['role', 'score', 'sequential'],
  rsc_order: ['action', 'sequential', 'require-all', 'role', 'kind'],
  rsc_ticket: ['role'],
} as const;

const wholeOptions = {
  rsc_location: ['id'],
  rsc_colocation: ['id', 'score'],
  rsc_order: ['id', 'kind', 'symmetrical'],
  rsc_ticket: ['id', 'loss-policy'],
} as const;

export type SetConstraint = keyof typeof setOptions;

/** Takes apart what begins with `set`. @throws CommandFailure `usage` */
export function setWords(words: readonly string[]): SetWords {
  const sets: { members: string[]; options: string[] }[] = [];
  const whole: string[] = [];
  let options: string[] = whole;
  for (const word of words) {
    const set = sets.at(-1);
    if (word === 'set') {
      const next = { members: [], options: [] };
      sets.push(next);
      options = next.options;
    } else if (word === 'setoptions') options = whole;
    else if (word.includes('=') || options === whole) options.push(word);
    else set?.members.push(word);
  }
  if (sets.some(({ members }) => members.length === 0)) {
    const fix = 'Write: set RESOURCE RESOURCE … [NAME=VALUE …] [set …] [setoptions NAME=VALUE …]';
    throw new CommandFailure({ kind: 'usage', what: "a 'set' names no resources", fix });
  }
  const read = sets.map(({ members, options: pairs }) => ({ members, options: pairsOf(pairs) }));
  return { sets: read, options: pairsOf(whole) };
}

/** The sets of a constraint of this id. @throws CommandFailure for unknown resources and options */
export function setElements(cib: XmlElement, kind: SetConstraint, id: string, { sets }: SetWords): XmlElement[] {
  return sets.map(({ members, options }, at) => {
    for (const member of members) constrainedNamed(cib, member);
    assertOptions('a set', options, setOptions[kind]);
    const setId = `${id}-set${at === 0 ? '' : `-${at}`}`;
    const references = members.map((member) => xmlElement('resource_ref', { id: member }));
    return xmlElement('resource_set', { id: setId, ...canonical(options) }, references);
  });
}

/** @throws CommandFailure for an option that constraints of this kind do not have */
export function assertWholeOptions(kind: SetConstraint, { options }: SetWords): void {
  assertOptions('the constraint', options, wholeOptions[kind]);
}

/** An id that names the members, as pcs(8) makes it. */
export function setConstraintId(kind: SetConstraint, { sets }: SetWords): string {
  const name = kind.replace('rsc_', '');
  return sanitizedId([name, 'set', ...sets.flatMap(({ members }) => members)].join('-').slice(0, 120));
}

function assertOptions(whose: string, options: ReadonlyMap<string, string>, known: readonly string[]): void {
  for (const name of options.keys()) {
    if (!known.includes(name)) throw unknownName(`${whose} has no option '${name}'`, name, known);
  }
}

/** Roles are written with a capital, whatever was typed. */
function canonical(options: ReadonlyMap<string, string>): Record<string, string> {
  const role = options.get('role');
  const capital = role === undefined ? {} : { role: `${role.slice(0, 1).toUpperCase()}${role.slice(1).toLowerCase()}` };
  return { ...Object.fromEntries(options), ...capital };
}
