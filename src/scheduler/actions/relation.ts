// A relation orders two actions and says what the fate of one means for the other. Its kinds are a set, because one
// constraint usually says several things; a bit each, because a large cluster holds millions of relations.
import { isGuestOrBundleNode } from '../model/index.ts';
import type { Action } from './action.ts';

/** Sequence only, if both happen. */
export const ORDERED = 1 << 0;
/** First required ⇒ then required. */
export const FIRST_IMPLIES_THEN = 1 << 1;
/** The same, limited to the instance of then on first's node. */
export const FIRST_IMPLIES_SAME_NODE_THEN = 1 << 2;
/** Then unmigratable ⇒ first unmigratable. */
export const THEN_IMPLIES_FIRST = 1 << 3;
/** Then required ⇒ first required, while then's resource is promoted. */
export const PROMOTED_THEN_IMPLIES_FIRST = 1 << 4;
/** First not runnable ⇒ then neither runnable nor migratable. */
export const UNRUNNABLE_FIRST_BLOCKS = 1 << 5;
/** Then is runnable once enough of such firsts are. */
export const MIN_RUNNABLE = 1 << 6;
/** Restart: then required, or unrunnable, ⇒ the stop before it is required. */
export const INTERMEDIATE_STOP = 1 << 7;
/** First runs only when then is runnable and migratable; then required ⇒ first required. */
export const UNMIGRATABLE_THEN_BLOCKS = 1 << 8;
/** First not runnable ⇒ then becomes a real, unmigratable action. */
export const FIRST_ELSE_THEN = 1 << 9;
/** First is a probe of a connection whose resource lives inside then's resource. */
export const NESTED_REMOTE_PROBE = 1 << 10;
/** Then may only happen together with first. */
export const ASYMMETRIC = 1 << 11;
/** Never at the same time: like ordered, but never equal to plain `ORDERED`. */
export const SERIALIZE = 1 << 12;
/** Void when both nodes are known and differ. */
export const IF_ON_SAME_NODE = 1 << 13;
/** Decided when the graph is made: the same node, for a migration its target. */
export const IF_ON_SAME_NODE_OR_TARGET = 1 << 14;
export const IF_REQUIRED_ON_SAME_NODE = 1 << 15;
export const IF_FIRST_UNMIGRATABLE = 1 << 16;
/** First required and runnable ⇒ then always in the graph. */
export const FIRST_IMPLIES_THEN_GRAPHED = 1 << 17;
/** Then required ⇒ first always in the graph. */
export const THEN_IMPLIES_FIRST_GRAPHED = 1 << 18;
/** Then required ⇒ first not needed. */
export const THEN_CANCELS_FIRST = 1 << 19;
/** Exempt from the rule that what runs on a guest cannot precede its container. */
export const GUEST_ALLOWED = 1 << 20;

/** `kinds` 0 means disabled: it was replaced by another relation, or turned out to be void. */
export type Relation = {
  readonly first: Action;
  readonly next: Action;
  kinds: number;
  /** The kinds it was made with: a relation that was disabled is not made again. */
  readonly attached: number;
  /**
   * Probes that come before `next` beside `first`, oldest first, where it is a probe and the order a mere sequence. There
   * is a probe for each resource and node, and several actions wait for each: a relation of its own for every pair would
   * be most of what a large cluster holds. Undefined for all other relations.
   */
  readonly alike: Alike | undefined;
};

/** Probes that share a relation, and the list of relations that the last of them came to have by it. */
type Alike = {
  readonly probes: Action[];
  grown: { readonly from: readonly Relation[]; readonly to: Relation[] } | undefined;
};

/** The same relations, those that probes share replaced by one for each of them. */
export function pairwise(relations: readonly Relation[]): readonly Relation[] {
  if (relations.every(({ alike }) => alike === undefined)) return relations;
  return relations.flatMap((relation) => {
    if (relation.alike === undefined) return [relation];
    return [relation.first, ...relation.alike.probes].map((first) => ({ ...relation, first, alike: undefined }));
  });
}

/** Whether one of the probes that share a relation has another one with the same action. */
export function repeatsSharingProbe(befores: readonly Relation[]): boolean {
  if (!befores.some(({ alike }) => alike !== undefined && alike.probes.length > 0)) return false;
  return befores.some(({ first, next, alike }) => {
    if (alike !== undefined || !isPlainProbe(first)) return false;
    return first.afters.some((other) => other.next === next && other.alike !== undefined);
  });
}

/**
 * Up to this many relations a scan beats a hash. Scans are by index here, and wherever lists of actions and relations are
 * gone through most: code that is not optimised yet makes an object for each step of an iterator.
 */
const scannedMax = 12;

/**
 * Relates `first` → `then`. Nothing is added when kinds is empty, or when a relation of the same two actions shares a
 * kind already; the answer tells whether one was added.
 */
export function relate(first: Action, next: Action, kinds: number): boolean {
  if (kinds === 0 || alreadyRelated(first, next, kinds)) return false;
  const mayShare = kinds === ORDERED && isPlainProbe(first) && waitsForProbes(next);
  let relation = mayShare ? next.befores.at(-1) : undefined;
  if (relation?.alike === undefined) {
    relation = { first, next, kinds, attached: kinds, alike: mayShare ? { probes: [], grown: undefined } : undefined };
    next.befores = extended(next.befores, relation);
  } else relation.alike.probes.push(first);
  first.afters = grown(first.afters, relation);
  if (first.afterIndex !== undefined) indexRelation(first.afterIndex, relation);
  return true;
}

/**
 * The same for many probes, one after the other. Those of one resource mostly have one list of relations between them: what
 * becomes of the first one's list becomes of them all.
 */
export function relateProbes(probes: readonly Action[], next: Action, kinds: number): void {
  let before: Relation[] | undefined;
  let after: Relation[] = [];
  for (let index = 0; index < probes.length; index++) {
    const probe = probes[index] as Action;
    const relation = next.befores.at(-1);
    if (before === undefined || probe.afters !== before || relation?.alike === undefined || !isPlainProbe(probe)) {
      before = probe.afters;
      relate(probe, next, kinds);
      after = probe.afters;
      if (kinds !== ORDERED || before.length >= exactMax - 1 || probe.afterIndex !== undefined) before = undefined;
    } else if (after !== before) {
      relation.alike.probes.push(probe);
      probe.afters = after;
    }
  }
}

/** On a guest node the relation can turn out to be void; anywhere else it stays what it is. */
function isPlainProbe({ task, intervalMs, resource, node }: Action): boolean {
  if (task !== 'monitor' || intervalMs !== 0 || resource?.variant !== 'primitive') return false;
  return node !== undefined && !isGuestOrBundleNode(node);
}

/** What a clone does waits for the probe of the instance on the same node: there it matters which probe it is. */
function waitsForProbes({ resource }: Action): boolean {
  return resource?.variant !== 'clone' && resource?.variant !== 'bundle';
}

/**
 * Most actions (probes above all) have a handful of relations, and there can be a million of them. A list that grows by
 * `push` takes room for seventeen at once; a short one is copied to its exact length instead.
 */
const exactMax = 8;

function extended(relations: Relation[], relation: Relation): Relation[] {
  if (relations.length < exactMax) return [...relations, relation];
  relations.push(relation);
  return relations;
}

/**
 * What comes after a probe mostly comes after the resource's probes on all nodes: those have one short list between them,
 * as such a list is never changed in place.
 */
function grown(relations: Relation[], relation: Relation): Relation[] {
  const { alike } = relation;
  if (alike === undefined || relations.length >= exactMax - 1) return extended(relations, relation);
  if (alike.grown?.from !== relations) alike.grown = { from: relations, to: [...relations, relation] };
  return alike.grown.to;
}

function alreadyRelated(first: Action, next: Action, kinds: number): boolean {
  const { befores } = next;
  const { afters } = first;
  if (afters.length <= scannedMax) {
    for (let index = 0; index < afters.length; index++) {
      const relation = afters[index];
      if (relation?.next === next && (relation.attached & kinds) !== 0) return true;
    }
    return false;
  }
  if (befores.length <= scannedMax) {
    for (let index = 0; index < befores.length; index++) {
      const relation = befores[index];
      const isFirst = relation?.first === first || relation?.alike?.probes.includes(first) === true;
      if (isFirst && (relation.attached & kinds) !== 0) return true;
    }
    return false;
  }
  first.afterIndex ??= indexOf(afters);
  const known = first.afterIndex.get(next.id);
  return known?.some((relation) => (relation.attached & kinds) !== 0) ?? false;
}

function indexOf(afters: readonly Relation[]): Map<number, Relation[]> {
  const index = new Map<number, Relation[]>();
  for (const relation of afters) indexRelation(index, relation);
  return index;
}

function indexRelation(index: Map<number, Relation[]>, relation: Relation): void {
  const known = index.get(relation.next.id);
  if (known === undefined) index.set(relation.next.id, [relation]);
  else known.push(relation);
}
