// Preferences travel against the direction of a colocation: where the primary goes decides where its dependents can go, so
// what they prefer counts for it. And what depends on the dependents counts in turn.
//
// The walk keeps its own stack: chains of colocations may be longer than the stack of calls. It visits a resource once for
// each way that leads there. Real clusters have a few; where every pair of N resources is related there are 2^N, and N! in a
// group. The peer follows them all, which does not end; here a run has an allowance of them, and visits each resource once more
// when that is spent.

import { addScores, clampScore, INFINITY_SCORE } from '../../kit/index.ts';
import { hasCandidate } from '../assignment/node-choice.ts';
import type { Run } from '../assignment/run.ts';
import { enter } from '../configuration/node-score.ts';
import { colocationAttribute } from '../constraints/node-attribute.ts';
import { withLocations } from '../criteria/location.ts';
import {
  type Cluster,
  type ClusterNode,
  type Colocation,
  isAvailable,
  isRemoteType,
  type NodeTable,
  type Resource,
} from '../model/index.ts';
import { withAccumulated } from './accumulation.ts';
import { factorOf, hasInfluence, nestedFactor, weighted } from './influence.ts';
import { thisWithOf, withThisOf } from './lists.ts';

/** Marks an entry of a table being worked on: it must not be used, but must not look forbidden for good either. */
const unusable = -100_000_000;

export type MergeMode = {
  /** Gives up where the merge would leave no node. */
  readonly active: boolean;
  /** Keeps entries from falling below zero. */
  readonly nonnegative: boolean;
  /** Follows primaries rather than dependents. */
  readonly thisWith: boolean;
};

export type Merge = {
  readonly source: Resource;
  /** Whose table is worked on; undefined when it is the source's own. */
  readonly target: Resource | undefined;
  readonly colocation: Colocation | undefined;
  /** Single-precision: the weight of the source's scores. */
  readonly factor: number;
  readonly mode: MergeMode;
};

/** Adds what the dependent of `colocation` prefers to the table of `primary`. */
export function incorporateDependent(run: Run, primary: Resource, colocation: Colocation): void {
  if (!hasInfluence(colocation)) return;
  const before = run.cluster.ledger === undefined ? undefined : primary.allowed.copy();
  const merged = mergePreferences(run.cluster, primary.allowed, {
    source: colocation.dependent,
    target: primary,
    colocation,
    factor: factorOf(colocation.score),
    mode: { active: true, nonnegative: primary.variant === 'clone', thisWith: false },
  });
  if (merged === primary.allowed) return;
  primary.allowed.assign(merged);
  if (before === undefined) return;
  const cause = { kind: 'dependent', id: colocation.id, dependent: colocation.dependent.id } as const;
  for (const node of run.cluster.nodes) {
    if (primary.allowed.has(node.index)) enter(run.cluster, primary, { node, before: before.score(node.index), cause });
  }
}

/** A source whose preferences are in `table`, while those of its followers are being added. */
type SourceFrame = {
  readonly kind: 'source';
  readonly merge: Merge & { readonly target: Resource };
  readonly followers: readonly Colocation[];
  next: number;
  table: NodeTable;
};

/** A group that waits for the member which speaks for it. */
type GroupFrame = { readonly kind: 'group'; readonly group: Resource };

type Walk = {
  readonly cluster: Cluster;
  readonly stack: (SourceFrame | GroupFrame)[];
  /** Of a source that is visited again and again. */
  readonly followers: Map<Resource, readonly Colocation[]>;
  /** How many followers were looked at. */
  steps: number;
  /** Sources that are done with and not visited again; undefined as long as every way is followed. */
  passed: Resource[] | undefined;
};

/** The table `work` with the preferences of `merge.source`, and of what follows it, merged in; `work` itself is left as it is. */
export function mergePreferences(cluster: Cluster, work: NodeTable | undefined, merge: Merge): NodeTable {
  const walk: Walk = { cluster, stack: [], followers: new Map(), steps: 0, passed: undefined };
  const merged = walked(walk, work, merge);
  for (const source of walk.passed ?? []) source.merging = false;
  return merged;
}

function walked(walk: Walk, work: NodeTable | undefined, merge: Merge): NodeTable {
  const { stack } = walk;
  let returned = begin(walk, work, merge);
  for (;;) {
    const frame = stack.at(-1);
    if (frame === undefined) return returned ?? merge.source.allowed;
    if (frame.kind === 'group') {
      frame.group.merging = false;
      stack.pop();
      continue;
    }
    if (returned !== undefined) frame.table = returned;
    const follower = nextFollower(frame);
    if (follower !== undefined) {
      returned = begin(walk, frame.table, follower);
    } else {
      stack.pop();
      returned = finished(walk, frame.merge, frame.table);
    }
  }
}

/**
 * What follows a source that is visited, and is going to be looked at. From when the run's allowance is spent, sources stay
 * marked after they are done with.
 */
function followersOf(walk: Walk, { source, mode }: Merge): readonly Colocation[] {
  const { caches, colocations, resourcesByIndex } = walk.cluster;
  const known = walk.followers.get(source);
  const followers = known ?? (mode.thisWith ? thisWithOf(source) : withThisOf(source));
  if (known === undefined) walk.followers.set(source, followers);
  walk.steps += 1 + followers.length;
  // In all but absurd documents a merge takes no more.
  const isCommon = walk.steps <= 2 * (resourcesByIndex.length + colocations.length);
  if (isCommon || walk.passed !== undefined) return followers;
  caches.mergeStepsLeft -= 1 + followers.length;
  if (caches.mergeStepsLeft < 0) walk.passed = [];
  return followers;
}

/** The merged table if that is all there is to do; else undefined, and what remains is on the stack. */
function begin(walk: Walk, work: NodeTable | undefined, merge: Merge): NodeTable | undefined {
  const { cluster, stack } = walk;
  const { source, colocation, factor, mode } = merge;
  if (source.merging) return work ?? source.allowed;
  if (work !== undefined && !mode.nonnegative && merge.factor === 0) return work;
  if (work !== undefined && mode.active && !mode.nonnegative && !mode.thisWith) {
    const accumulated = withAccumulated(cluster, work, merge);
    if (accumulated !== undefined) return accumulated;
  }
  source.merging = true;
  if (source.variant === 'group') {
    const member = work === undefined ? source.members.at(-1) : source.members[0];
    if (member === undefined) return work ?? source.allowed;
    stack.push({ kind: 'group', group: source });
    return begin(walk, work, { source: member, target: merge.target, colocation, factor, mode });
  }
  const targeted = { source, target: merge.target ?? source, colocation, factor, mode };
  const table = work === undefined ? source.allowed.copy() : work.copy();
  if (work !== undefined) addPreferences(cluster, table, targeted);
  if (!hasCandidate(cluster, table)) {
    source.merging = false;
    if (!mode.active) return finished(walk, merge, table);
    return work ?? source.allowed;
  }
  const followers = followersOf(walk, merge);
  stack.push({ kind: 'source', merge: targeted, followers, next: 0, table });
  return undefined;
}

function nextFollower(frame: SourceFrame): Merge | undefined {
  const { target, factor, mode } = frame.merge;
  while (frame.next < frame.followers.length) {
    const colocation = frame.followers[frame.next++];
    if (colocation === undefined || (!mode.thisWith && !hasInfluence(colocation))) continue;
    return {
      source: mode.thisWith ? colocation.primary : colocation.dependent,
      target,
      colocation,
      factor: nestedFactor(factor, colocation.score),
      mode: { ...mode, active: true },
    };
  }
  return undefined;
}

function finished({ cluster, passed }: Walk, { source, mode }: Merge, table: NodeTable): NodeTable {
  if (passed === undefined) source.merging = false;
  else passed.push(source);
  if (!mode.nonnegative) return table;
  for (const { index } of cluster.nodes) {
    if (table.has(index) && table.score(index) === unusable) table.setScore(index, 1);
  }
  return table;
}

function addPreferences(cluster: Cluster, table: NodeTable, merge: Merge & { readonly target: Resource }): void {
  const { factor, mode } = merge;
  const bestOf = bestScores(cluster, merge);
  for (const node of cluster.nodes) {
    const { index } = node;
    if (!table.has(index)) continue;
    const score = bestOf(node);
    const own = table.score(index);
    if (own === unusable || (factor < 0 && score < 0 && !repelsFromLastNode(cluster, merge, score))) continue;
    const sum = addScores(own, clampScore(weighted(factor, score)));
    if (mode.nonnegative && sum < 0 && own > 0) table.setScore(index, unusable);
    else if (!(mode.nonnegative && sum < 0 && own === 0)) table.setScore(index, sum);
  }
}

/**
 * What two repelling resources both avoid must not become attractive to one of them, except where the dependent has only
 * one node left and wants it more than the primary wants to stay.
 */
function repelsFromLastNode(cluster: Cluster, { colocation }: Merge, score: number): boolean {
  if (colocation === undefined || colocation.primary.stickiness >= -score || !hasInfluence(colocation)) return false;
  const { allowed } = colocation.dependent;
  return cluster.nodes.filter(({ index }) => allowed.has(index) && allowed.score(index) >= 0).length === 1;
}

/** For a node of the target: the best score of the source on the available nodes with the same attribute value. */
function bestScores(cluster: Cluster, merge: Merge & { readonly target: Resource }): (node: ClusterNode) => number {
  const { source, target, colocation } = merge;
  const table = sourceTable(merge);
  const attribute = colocation?.nodeAttribute ?? '#uname';
  if (attribute === '#uname' && !cluster.nodes.some(isRemoteType)) {
    return (node) => (table.has(node.index) && isAvailable(node) ? table.score(node.index) : -INFINITY_SCORE);
  }
  const best = new Map<string | undefined, number>();
  for (const node of cluster.nodes) {
    if (!table.has(node.index) || !isAvailable(node)) continue;
    const value = colocationAttribute(source, node, attribute)?.toLowerCase();
    best.set(value, Math.max(best.get(value) ?? -INFINITY_SCORE, table.score(node.index)));
  }
  return (node) => best.get(colocationAttribute(target, node, attribute)?.toLowerCase()) ?? -INFINITY_SCORE;
}

/** The locations of a group are kept with its first member; a later member that is colocated by itself has them too. */
function sourceTable({ source, colocation }: Merge): NodeTable {
  if (colocation === undefined || source !== colocation.dependent || !colocation.explicit) return source.allowed;
  const { parent } = source;
  if (parent?.variant !== 'group' || parent.members[0] === source) return source.allowed;
  return withLocations(source, parent.locations);
}
