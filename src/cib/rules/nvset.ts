// Sets of names and values: instance_attributes, meta_attributes, utilization, cluster_property_set. Several sets of one
// parent compete: the highest score wins, among equals the last in the document; within a set the first of a name wins.
// Source: Pacemaker Explained, "Rules" and "Reusing rules, options and sets of operations".
import { parseScore } from '../values/scalar.ts';
import type { XmlElement } from '../xml/element.ts';
import type { XmlIndex } from '../xml/navigation.ts';
import { earlier, evaluateRule, type RuleContext } from './rule.ts';

/** One set, its references resolved. */
export type Nvset = {
  readonly id: string | undefined;
  readonly rule: XmlElement | undefined;
  readonly pairs: readonly (readonly [name: string, value: string])[];
};

/** A parent's sets in the order in which they are consulted. Without rules the outcome depends on nothing else. */
export type NvsetList = { readonly sets: readonly Nvset[]; readonly hasRules: boolean };

const empty: NvsetList = { sets: [], hasRules: false };
const known = new WeakMap<XmlIndex, Map<XmlElement, Map<string, NvsetList>>>();

/**
 * The sets called `setName` among the children of `parent`, in order of precedence: by descending score, later before
 * earlier; the one with id `firstId` before all. Kept with the index, so asking again costs nothing.
 */
export function nvsetsOf(parent: XmlElement, setName: string, index: XmlIndex, firstId?: string): NvsetList {
  if (parent.child(setName) === undefined) return empty;
  const ofParent = entryIn(
    entryIn(known, index, newMap<XmlElement, Map<string, NvsetList>>),
    parent,
    newMap<string, NvsetList>,
  );
  const key = firstId === undefined ? setName : `${setName} ${firstId}`;
  return entryIn(ofParent, key, () => readSets(parent, setName, index, firstId));
}

function newMap<K, V>(): Map<K, V> {
  return new Map();
}

type Entries<K, V> = { get(key: K): V | undefined; set(key: K, value: V): unknown };

function entryIn<K, V>(entries: Entries<K, V>, key: K, make: () => V): V {
  const present = entries.get(key);
  if (present !== undefined) return present;
  const made = make();
  entries.set(key, made);
  return made;
}

/**
 * Adds what the sets of `parent` say to `values`: names already there keep their value, `#default` removes one. Call it
 * for one source after the other, the most important first. Answers when time may change the outcome (epoch seconds).
 */
export function collectValues(
  values: Map<string, string>,
  list: NvsetList,
  index: XmlIndex,
  context: RuleContext,
): number | undefined {
  return visitPairs(list, index, context, ([name, value]) => addValue(values, name, value));
}

/**
 * As `collectValues`, but what is read replaces what is there: of several values of a name the one that is read last
 * counts, which is that of the set with the lowest score, or of equals the first in the document.
 */
export function overrideValues(
  values: Map<string, string>,
  list: NvsetList,
  index: XmlIndex,
  context: RuleContext,
): number | undefined {
  return visitPairs(list, index, context, ([name, value]) => {
    if (isDefault(value)) values.delete(name);
    else values.set(name, value);
  });
}

type Pair = Nvset['pairs'][number];

function visitPairs(
  list: NvsetList,
  index: XmlIndex,
  context: RuleContext,
  visit: (pair: Pair) => void,
): number | undefined {
  let changesAt: number | undefined;
  for (const set of list.sets) {
    if (set.rule !== undefined) {
      const verdict = evaluateRule(set.rule, index, context);
      changesAt = earlier(changesAt, verdict.changesAt);
      if (!verdict.passes) continue;
    }
    for (const pair of set.pairs) visit(pair);
  }
  return changesAt;
}

function addValue(values: Map<string, string>, name: string, value: string): void {
  if (isDefault(value)) values.delete(name);
  else if (!values.has(name)) values.set(name, value);
}

function isDefault(value: string): boolean {
  return value.length === 8 && value.toLowerCase() === '#default';
}

function readSets(parent: XmlElement, setName: string, index: XmlIndex, firstId: string | undefined): NvsetList {
  const elements = parent
    .childrenNamed(setName)
    .map((set) => resolveReference(set, index))
    .filter((set) => set !== undefined);
  const ranked = elements
    .map((set) => ({
      set,
      score: parseScore(set.get('score')) ?? 0,
      first: firstId !== undefined && set.id === firstId,
    }))
    .reverse()
    .sort((left, right) => Number(right.first) - Number(left.first) || right.score - left.score);
  const sets = ranked.map(({ set }) => readSet(set, index));
  return { sets, hasRules: sets.some(({ rule }) => rule !== undefined) };
}

function readSet(set: XmlElement, index: XmlIndex): Nvset {
  const [first] = set.children;
  const holder = first?.name === 'attributes' ? first : set;
  const pairs: [string, string][] = [];
  for (const child of holder.children) {
    const nvpair = child.name === 'nvpair' ? resolveReference(child, index) : undefined;
    // One value may serve under several names: what refers to it may give it another.
    const [name, value] = [child.get('name') ?? nvpair?.get('name'), nvpair?.get('value')];
    if (name !== undefined && value !== undefined) pairs.push([name, value]);
  }
  return { id: set.id, rule: set.child('rule'), pairs };
}

/**
 * The element that `id-ref` names (of the same name, and the only one with that id), or the element itself when it
 * refers to nothing; undefined when the reference dangles.
 */
export function resolveReference(element: XmlElement, index: XmlIndex): XmlElement | undefined {
  const reference = element.get('id-ref');
  return reference === undefined ? element : index.only(element.name, reference);
}
