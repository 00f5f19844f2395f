// Preferences travel against the direction of a colocation: where the primary goes decides where its dependents can go, so
// what they prefer counts for it. And what depends on the dependents counts in turn.

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
  isGuestOrBundleNode,
  type NodeTable,
  type Resource,
} from '../model/index.ts';
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

/** Weight of a colocation's score, rounded as single-precision arithmetic rounds it. */
export function factorOf(score: number): number {
  return Math.fround(Math.fround(score) / Math.fround(INFINITY_SCORE));
}

function nestedFactor(factor: number, score: number): number {
  return Math.fround(Math.fround(factor * Math.fround(score)) / Math.fround(INFINITY_SCORE));
}

/** Whether the dependent's preferences may move the primary: not where that would move something active without need. */
export function hasInfluence(colocation: Colocation, primary: Resource = colocation.primary): boolean {
  const { dependent } = colocation;
  const isNestedConnection = dependent.variant === 'primitive' && dependent.nestedAllowed;
  if (isNestedConnection && !primary.failed && primary.activeNodes.length === 1) return false;
  return colocation.influence || primary.activeNodes.length === 0;
}

/** Adds what the dependent of `colocation` prefers to the table of `primary`. */
export function incorporateDependent(run: Run, primary: Resource, colocation: Colocation): void {
  if (!hasInfluence(colocation)) return;
  const mode = { active: true, nonnegative: primary.variant === 'clone', thisWith: false };
  const merge = {
    source: colocation.dependent,
    target: primary,
    colocation,
    factor: factorOf(colocation.score),
    mode,
  };
  const before = run.cluster.ledger === undefined ? undefined : primary.allowed.copy();
  const merged = mergePreferences(run.cluster, primary.allowed, merge);
  if (merged === primary.allowed) return;
  primary.allowed.assign(merged);
  if (before === undefined) return;
  const cause = { kind: 'dependent', id: colocation.id, dependent: colocation.dependent.id } as const;
  for (const node of run.cluster.nodes) {
    if (primary.allowed.has(node.index)) enter(run.cluster, primary, { node, before: before.score(node.index), cause });
  }
}

/** The table `work` with the preferences of `merge.source`, and of what follows it, merged in; `work` itself is left as it is. */
export function mergePreferences(cluster: Cluster, work: NodeTable | undefined, merge: Merge): NodeTable {
  const { source } = merge;
  if (source.merging) return work ?? source.allowed;
  source.merging = true;
  if (source.variant === 'group') return mergeGroup(cluster, work, { ...merge, source });
  const merged = mergeOwn(cluster, work, merge);
  source.merging = false;
  return merged ?? work ?? source.allowed;
}

function mergeGroup(cluster: Cluster, work: NodeTable | undefined, merge: Merge): NodeTable {
  const { source } = merge;
  const members = source.variant === 'group' ? source.members : [];
  const member = work === undefined ? members.at(-1) : members[0];
  if (member === undefined) return work ?? source.allowed;
  const merged = mergePreferences(cluster, work, { ...merge, source: member });
  source.merging = false;
  return merged;
}

/** Undefined when the merge is taken back. */
function mergeOwn(cluster: Cluster, work: NodeTable | undefined, merge: Merge): NodeTable | undefined {
  const { source, mode } = merge;
  const target = merge.target ?? source;
  let table = work === undefined ? source.allowed.copy() : work.copy();
  if (work !== undefined) addPreferences(cluster, table, { ...merge, target });
  if (!hasCandidate(cluster, table)) {
    if (mode.active) return undefined;
  } else {
    table = mergeFollowers(cluster, table, { ...merge, target });
  }
  if (mode.nonnegative) restoreUnusable(cluster, table);
  return table;
}

function mergeFollowers(cluster: Cluster, table: NodeTable, merge: Merge & { readonly target: Resource }): NodeTable {
  const { source, target, factor, mode } = merge;
  let merged = table;
  for (const colocation of mode.thisWith ? thisWithOf(source) : withThisOf(source)) {
    if (!mode.thisWith && !hasInfluence(colocation)) continue;
    merged = mergePreferences(cluster, merged, {
      source: mode.thisWith ? colocation.primary : colocation.dependent,
      target,
      colocation,
      factor: nestedFactor(factor, colocation.score),
      mode: { ...mode, active: true },
    });
  }
  return merged;
}

function restoreUnusable(cluster: Cluster, table: NodeTable): void {
  for (const { index } of cluster.nodes)
    if (table.has(index) && table.score(index) === unusable) table.setScore(index, 1);
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
    const sum = addScores(own, weighted(factor, score));
    if (mode.nonnegative && sum < 0 && own > 0) table.setScore(index, unusable);
    else if (!(mode.nonnegative && sum < 0 && own === 0)) table.setScore(index, sum);
  }
}

/** Rounded half away from zero, but never to nothing. */
function weighted(factor: number, score: number): number {
  const product = Math.fround(factor * Math.fround(score));
  const rounded = Math.sign(product) * Math.round(Math.abs(product));
  if (rounded === 0 && score !== 0) return factor > 0 ? 1 : factor < 0 ? -1 : 0;
  return clampScore(rounded);
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
  if (attribute === '#uname' && !cluster.nodes.some(isGuestOrBundleNode)) {
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
