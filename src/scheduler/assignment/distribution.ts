// Distributing the instances of a clone, or the containers of a bundle: first those that can stay where they are, then the
// rest. To stay is tried for real, and taken back when the attempt leads elsewhere.

import { INFINITY_SCORE } from '../../kit/index.ts';
import { banEverywhere, overrideScore } from '../configuration/node-score.ts';
import { childrenOf, visitTree } from '../configuration/tree.ts';
import {
  type Cluster,
  type ClusterNode,
  type Collective,
  isAvailable,
  type NodeTable,
  type Resource,
} from '../model/index.ts';
import { ledgerLength, rewindLedger } from '../reasons/ledger.ts';
import { currentNode } from '../status/active.ts';
import { canTake } from './node-choice.ts';
import { unplaceAll } from './placement.ts';
import type { Run } from './run.ts';

export type Limits = { readonly totalMax: number; readonly perNodeMax: number };

export function distribute(run: Run, collective: Collective, instances: readonly Resource[], limits: Limits): void {
  const { allowed } = collective;
  const nodes = run.cluster.nodes.filter((node) => allowed.has(node.index));
  allowed.counts.fill(0);
  const availableCount = nodes.filter(isAvailable).length;
  const optimalPerNode = Math.max(1, availableCount === 0 ? 1 : Math.floor(limits.totalMax / availableCount));
  let assigned = 0;
  for (const instance of instances) {
    if (assigned >= limits.totalMax) break;
    if (instance.decided) continue;
    const node = nodeToKeep(instance, allowed, optimalPerNode);
    if (node === undefined) continue;
    const attempt = { collective, instance, node, slots: limits.totalMax - assigned, perNodeMax: limits.perNodeMax };
    if (keepOnNode(run, attempt)) assigned += 1;
  }
  for (const instance of instances) {
    if (instance.decided) continue;
    if (assigned >= limits.totalMax) {
      banEverywhere(run.cluster, instance, { kind: 'instance-limit' });
    } else if (assignInstance(run, { collective, instance, preferred: undefined, perNodeMax: limits.perNodeMax })) {
      assigned += 1;
    }
  }
}

/** The node where an instance is, if it is well there and the node has not got its share yet. */
function nodeToKeep(instance: Resource, parentTable: NodeTable, optimalPerNode: number): ClusterNode | undefined {
  if (instance.activeNodes.length === 0 || instance.failed) return undefined;
  const node = currentNode(instance);
  if (node === undefined || !canTake(node, node.baseScore)) return undefined;
  return parentTable.has(node.index) && parentTable.count(node.index) >= optimalPerNode ? undefined : node;
}

type Attempt = {
  readonly collective: Collective;
  readonly instance: Resource;
  readonly node: ClusterNode;
  readonly slots: number;
  readonly perNodeMax: number;
};

/**
 * Assigns an instance to its present node. Colocations may lead it elsewhere: that other node is then taken as spoken
 * for, and the attempt is repeated while there are slots left.
 */
function keepOnNode(run: Run, { collective, instance, node, slots, perNodeMax }: Attempt): boolean {
  if (!canTake(node, instance.allowed.score(node.index))) return false;
  const saved = savedTables(run.cluster, instance);
  const original = collective.allowed.copy();
  let isKept = false;
  for (let reserved = 0; reserved < slots; reserved++) {
    const got = assignInstance(run, { collective, instance, preferred: node, perNodeMax });
    if (got === node) {
      isKept = true;
      break;
    }
    for (const { resource, table, entered } of saved) {
      resource.allowed.assign(table);
      rewindLedger(run.cluster, resource, entered);
    }
    if (got === undefined) {
      instance.decided = false;
      break;
    }
    takeBack(instance);
  }
  collective.allowed.assign(original);
  if (isKept && collective.allowed.has(node.index)) countInstance(collective.allowed, node);
  return isKept;
}

type SavedTable = { readonly resource: Resource; readonly table: NodeTable; readonly entered: number };

function savedTables(cluster: Cluster, instance: Resource): SavedTable[] {
  const saved: SavedTable[] = [];
  visitTree(instance, (resource) => {
    saved.push({ resource, table: resource.allowed.copy(), entered: ledgerLength(cluster, resource) });
  });
  return saved;
}

/** Members of a group that found no node stay decided even where the group is tried again. */
function takeBack(instance: Resource): void {
  unplaceAll(instance);
  visitTree(instance, (each) => {
    each.decided = false;
  });
}

function countInstance(table: NodeTable, node: ClusterNode): void {
  table.counts[node.index] = table.count(node.index) + 1;
}

type Assigning = {
  readonly collective: Collective;
  readonly instance: Resource;
  readonly preferred: ClusterNode | undefined;
  readonly perNodeMax: number;
};

function assignInstance(run: Run, { collective, instance, preferred, perNodeMax }: Assigning): ClusterNode | undefined {
  if (instance.deciding) return undefined;
  banUnusable(run, { collective, instance, perNodeMax });
  const node = run.assign(run, instance, { preferred, stopIfFail: preferred === undefined });
  if (node !== undefined && collective.allowed.has(node.index)) countInstance(collective.allowed, node);
  return node;
}

function banUnusable(run: Run, { collective, instance, perNodeMax }: Omit<Assigning, 'preferred'>): void {
  const table = collective.allowed;
  for (const node of run.cluster.nodes) {
    if (!instance.allowed.has(node.index)) continue;
    const isFull = table.count(node.index) >= perNodeMax;
    const isUnusable = instance.removed || !isAvailable(node) || table.score(node.index) < 0 || isFull;
    if (!isUnusable) continue;
    const kind = isFull ? 'instance-limit' : 'node-unavailable';
    for (const each of [instance, ...childrenOf(instance)]) {
      if (!each.allowed.has(node.index)) continue;
      overrideScore(run.cluster, each, node, { score: -INFINITY_SCORE, cause: { kind } });
    }
  }
}
