// With a placement strategy, the order in which resources are assigned matters: those with more to lose come first.

import { INFINITY_SCORE } from '../../kit/index.ts';
import { mergePreferences } from '../colocation/preferences.ts';
import type { Cluster, ClusterNode, NodeTable, Resource } from '../model/index.ts';
import { mergeSort } from '../model/ordering.ts';
import { currentNode } from '../status/active.ts';
import { compareNodes } from './node-choice.ts';

export function orderResources(cluster: Cluster): void {
  const nodes = mergeSort(cluster.nodes, (a, b) =>
    compareNodes(cluster, [a, b], { table: undefined, active: undefined }),
  );
  const ranks = new Map(cluster.resources.map((resource) => [resource, rankOf(cluster, resource)]));
  cluster.resources = mergeSort(cluster.resources, (a, b) => {
    const [rankA, rankB] = [ranks.get(a), ranks.get(b)];
    if (rankA === undefined || rankB === undefined) return 0;
    return compareRanks(nodes, rankA, rankB);
  });
}

type Rank = { readonly priority: number; readonly current: number; readonly table: NodeTable };

function rankOf(cluster: Cluster, resource: Resource): Rank {
  const mode = { active: false, nonnegative: false, thisWith: true };
  const merge = { source: resource, target: undefined, colocation: undefined, factor: 1, mode };
  const table = mergePreferences(cluster, undefined, merge);
  const node = currentNode(resource);
  return {
    priority: resource.priority,
    current: node === undefined ? -INFINITY_SCORE : table.score(node.index),
    table,
  };
}

function compareRanks(nodes: readonly ClusterNode[], a: Rank, b: Rank): number {
  const difference = b.priority - a.priority || b.current - a.current;
  if (difference !== 0) return difference;
  for (const { index } of nodes) {
    const score = b.table.score(index) - a.table.score(index);
    if (score !== 0) return score;
  }
  return 0;
}
