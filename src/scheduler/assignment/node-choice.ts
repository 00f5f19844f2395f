// Which of the nodes a resource may run on is the best.

import { INFINITY_SCORE } from '../../kit/index.ts';
import { compareBytes } from '../configuration/naming.ts';
import {
  assignedHost,
  type Cluster,
  type ClusterNode,
  isAvailable,
  isGuestOrBundleNode,
  type NodeTable,
} from '../model/index.ts';
import { mergeSort } from '../model/ordering.ts';
import { slotOrder } from '../model/table-layout.ts';
import { compareCapacity } from './capacity.ts';

/** Available, and not ruled out by its score. */
export function canTake(node: ClusterNode, score: number): boolean {
  return score >= 0 && isAvailable(node);
}

/** Whether some entry of the table can take the resource. */
export function hasCandidate(cluster: Cluster, table: NodeTable): boolean {
  return cluster.nodes.some((node) => table.has(node.index) && canTake(node, table.score(node.index)));
}

/** Guests can be used as soon as their container is placed, even if it is not up yet. */
export function isUsableGuest(node: ClusterNode): boolean {
  return !isGuestOrBundleNode(node) || assignedHost(node.connection?.launcher) !== undefined;
}

/** Negative when `a` is the better node; scores are those of `table`, or of the nodes themselves without one. */
export function compareNodes(
  cluster: Cluster,
  [a, b]: readonly [ClusterNode, ClusterNode],
  { table, active }: { readonly table: NodeTable | undefined; readonly active: ClusterNode | undefined },
): number {
  const difference = effectiveScore(b, table) - effectiveScore(a, table);
  return difference !== 0 ? difference : compareEquals(cluster, [a, b], active);
}

/** The same for two nodes of one score. */
export function compareEquals(
  cluster: Cluster,
  pair: readonly [ClusterNode, ClusterNode],
  active: ClusterNode | undefined,
): number {
  const a = pair[0];
  const b = pair[1];
  const strategy = cluster.options.placementStrategy;
  if (strategy !== 'minimal') {
    if (strategy === 'balanced') {
      const capacity = compareCapacity(a, b);
      if (capacity !== 0) return capacity;
    }
    const load = a.assigned.length - b.assigned.length;
    if (load !== 0) return load;
    if (active !== undefined && a !== b) {
      if (a === active) return -1;
      if (b === active) return 1;
    }
  }
  return compareBytes(a.name, b.name);
}

/** As it counts in a comparison: what cannot be used is worth nothing. */
export function effectiveScore(node: ClusterNode, table: NodeTable | undefined): number {
  if (!isAvailable(node)) return -INFINITY_SCORE;
  return table === undefined ? node.baseScore : table.score(node.index);
}

/** The nodes of a table in the order in which the peer finds them there (1 §21.7). */
export function nodesBySlot(cluster: Cluster, table: NodeTable): readonly ClusterNode[] {
  const nodes = cluster.nodes.filter((node) => table.has(node.index));
  const { nodesBySlot: known } = cluster.caches;
  const key = `${table.copies} ${nodes.map((node) => node.index).join(' ')}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const ordered = slotOrder([...byId.keys()], table.copies).flatMap((id) => byId.get(id) ?? []);
  known.set(key, ordered);
  return ordered;
}

/** The nodes of a table, best first. Capacities compare in circles: then it counts in which order nodes are looked at. */
export function nodesByPreference(cluster: Cluster, table: NodeTable, active?: ClusterNode): ClusterNode[] {
  const isBalanced = cluster.options.placementStrategy === 'balanced';
  const nodes = isBalanced
    ? nodesBySlot(cluster, table).toReversed()
    : cluster.nodes.filter((node) => table.has(node.index));
  return mergeSort(nodes, (a, b) => compareNodes(cluster, [a, b], { table, active }));
}
