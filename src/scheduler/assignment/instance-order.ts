// In which order instances get their nodes: those that are well where they are come first.

import { factorOf, hasInfluence } from '../colocation/influence.ts';
import { thisWithOf, withThisOf } from '../colocation/lists.ts';
import { mergePreferences } from '../colocation/preferences.ts';
import { instanceNumber } from '../configuration/naming.ts';
import { someInTree } from '../configuration/tree.ts';
import { type ClusterNode, isAvailable, NodeTable, type Resource } from '../model/index.ts';
import { currentNode } from '../status/active.ts';
import type { Run } from './run.ts';

/** Negative when `a` is to be assigned before `b`. */
export function compareInstances(run: Run, a: Resource, b: Resource): number {
  const [activeA, activeB] = [a.activeNodes.length, b.activeNodes.length];
  if (activeA > 0 && activeB > 0 && activeA !== activeB) return activeA - activeB;
  const [placeA, placeB] = [standingOf(a), standingOf(b)];
  const rank = Number(placeA.isDisallowed) - Number(placeB.isDisallowed) || b.priority - a.priority;
  if (rank !== 0) return rank;
  // Instances that are nowhere are all the same.
  if (placeA.node === undefined && placeB.node === undefined) return 0;
  return comparePlaces(run, { instance: a, node: placeA.node }, { instance: b, node: placeB.node });
}

type Standing = { readonly isDisallowed: boolean; readonly node: ClusterNode | undefined };

/** Where an instance is, unless it must not be there any more. */
function standingOf(instance: Resource): Standing {
  const node = currentNode(instance);
  const isDisallowed = node !== undefined && instance.allowed.score(node.index) < 0;
  return { isDisallowed, node: isDisallowed ? undefined : node };
}

type Placed = { readonly instance: Resource; readonly node: ClusterNode | undefined };

function comparePlaces(run: Run, a: Placed, b: Placed): number {
  if (a.node === undefined || b.node === undefined) return Number(a.node === undefined) - Number(b.node === undefined);
  const [nodeA, nodeB] = [a.node, b.node];
  const available = Number(isAvailable(nodeB)) - Number(isAvailable(nodeA));
  if (available !== 0) return available;
  const [tableA, tableB] = [a.instance.parent?.allowed, b.instance.parent?.allowed];
  const [hasA, hasB] = [tableA?.has(nodeA.index) === true, tableB?.has(nodeB.index) === true];
  if (hasA !== hasB) return Number(hasB) - Number(hasA);
  // The collective as a whole may use neither node: then nothing else counts.
  if (!hasA) return 0;
  const count = (tableA?.count(nodeA.index) ?? 0) - (tableB?.count(nodeB.index) ?? 0);
  if (count !== 0) return count;
  const failed = Number(isFailed(a.instance)) - Number(isFailed(b.instance));
  if (failed !== 0) return failed;
  const pulled = pull(run, b.instance, nodeB) - pull(run, a.instance, nodeA);
  return pulled === 0 ? instanceNumber(a.instance.id) - instanceNumber(b.instance.id) : pulled;
}

export function isFailed(resource: Resource): boolean {
  return someInTree(resource, (each) => each.failed);
}

/** How much an instance's colocations want it on the node where it is. */
function pull({ cluster }: Run, instance: Resource, node: ClusterNode): number {
  let table = new NodeTable(cluster.nodesByIndex.length);
  table.set(node.index, node.baseScore, node.probeMode);
  const mode = { active: false, nonnegative: false, thisWith: false };
  for (const colocation of thisWithOf(instance)) {
    const { primary } = colocation;
    const factor = factorOf(colocation.score);
    table = mergePreferences(cluster, table, { source: primary, target: instance, colocation, factor, mode });
  }
  for (const colocation of withThisOf(instance)) {
    if (!hasInfluence(colocation, instance)) continue;
    const { dependent } = colocation;
    const factor = factorOf(colocation.score);
    const merge = { source: dependent, target: instance, colocation, factor, mode: { ...mode, nonnegative: true } };
    table = mergePreferences(cluster, table, merge);
  }
  return table.score(node.index);
}
