// Unfencing: some fence devices cut a node off from storage, and have to let it in again before anything starts there.

import { nodesBySlot } from '../assignment/node-choice.ts';
import type { ClusterNode, Primitive } from '../model/index.ts';
import type { Action } from './action.ts';
import { isUnfencingRelevant, requestFence, wasNeverUnfenced } from './fence-action.ts';
import type { Plan } from './plan.ts';
import { relate } from './relation.ts';

export function requestUnfencing(plan: Plan, node: ClusterNode): Action {
  return requestFence(plan, { node, operation: 'on', need: 'optional' });
}

/** Before such a resource is probed or started on a node, the node is unfenced, in any case if it never was. */
export function orderAfterUnfencing(plan: Plan, resource: Primitive, action: Action, kinds: number): void {
  const { node } = action;
  if (node === undefined || !isUnfencingRelevant(plan, resource)) return;
  relate(requestUnfencing(plan, node), action, kinds);
  if (wasNeverUnfenced(node)) unfence(plan, node, `required by ${resource.id} ${action.task}`);
}

/** Demands that a node (or, where it cannot be used, every node the device is allowed on) be unfenced, as the device changed. */
export function triggerUnfencing(plan: Plan, device: Primitive, node: ClusterNode, reason: string): void {
  if (!device.isFenceDevice) return;
  if (isUsable(node)) {
    unfence(plan, node, reason);
    return;
  }
  for (const each of nodesBySlot(plan.cluster, device.allowed)) unfence(plan, each, reason);
}

function unfence(plan: Plan, node: ClusterNode, reason: string): void {
  if (!plan.cluster.unfencingEnabled || !isUsable(node)) return;
  requestFence(plan, { node, operation: 'on', need: 'required', reason });
}

function isUsable(node: ClusterNode): boolean {
  return node.online && !node.unclean && !node.shuttingDown;
}
