// Changing scores in the tables of a resource and of everything below it, with the cause of each change.

import { INFINITY_SCORE } from '../../kit/index.ts';
import type { Cluster, ClusterNode, Resource, ScoreCause } from '../model/index.ts';
import { visitTree } from './tree.ts';

export type ScoreAddition = { readonly score: number; readonly cause: ScoreCause };

/** Adds to the score on one node, for a resource and everything below it; makes the entry where there is none. */
export function addNodeScore(cluster: Cluster, resource: Resource, node: ClusterNode, addition: ScoreAddition): void {
  visitTree(resource, (each) => {
    ensureEntry(each, node);
    changeScore(cluster, each, node, addition);
  });
}

/** Adds to the score on every node of the cluster. */
export function addScoreEverywhere(cluster: Cluster, resource: Resource, addition: ScoreAddition): void {
  for (const node of cluster.nodes) addNodeScore(cluster, resource, node, addition);
}

export function banNode(cluster: Cluster, resource: Resource, node: ClusterNode, cause: ScoreCause): void {
  addNodeScore(cluster, resource, node, { score: -INFINITY_SCORE, cause });
}

export function banEverywhere(cluster: Cluster, resource: Resource, cause: ScoreCause): void {
  addScoreEverywhere(cluster, resource, { score: -INFINITY_SCORE, cause });
}

/** Replaces the resource's own table by a ban on every node. */
export function replaceByBan(cluster: Cluster, resource: Resource, cause: ScoreCause): void {
  resource.allowed.clear();
  for (const node of cluster.nodes) {
    resource.allowed.set(node.index, -INFINITY_SCORE, node.probeMode);
    enter(cluster, resource, { node, before: 0, cause });
  }
}

/** An entry starts with what the node itself is worth. */
export function ensureEntry(resource: Resource, node: ClusterNode): void {
  if (!resource.allowed.has(node.index)) resource.allowed.set(node.index, node.baseScore, node.probeMode);
}

/** Adds to an entry that exists. */
export function changeScore(
  cluster: Cluster,
  resource: Resource,
  node: ClusterNode,
  { score, cause }: ScoreAddition,
): void {
  const before = resource.allowed.score(node.index);
  resource.allowed.add(node.index, score);
  enter(cluster, resource, { node, before, cause });
}

/** Sets the score of an entry that exists. */
export function overrideScore(
  cluster: Cluster,
  resource: Resource,
  node: ClusterNode,
  { score, cause }: ScoreAddition,
): void {
  const before = resource.allowed.score(node.index);
  resource.allowed.setScore(node.index, score);
  enter(cluster, resource, { node, before, cause });
}

/** Enters a change that has been made already, if there is a ledger and the change is one. */
export function enter(
  cluster: Cluster,
  resource: Resource,
  { node, before, cause }: { readonly node: ClusterNode; readonly before: number; readonly cause: ScoreCause },
): void {
  if (cluster.ledger === undefined) return;
  const after = resource.allowed.score(node.index);
  if (after === before) return;
  const changes = cluster.ledger.get(resource);
  const change = { node, before, after, cause };
  if (changes === undefined) cluster.ledger.set(resource, [change]);
  else changes.push(change);
}
