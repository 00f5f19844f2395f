// Fence actions: one per node and operation (`reboot` or `off`; `on` is unfencing). A decision to fence makes the action
// optional, with the cause as its reason; the fencing phase makes it required where fencing is possible.

import { intervalSeconds } from '../../cib/index.ts';
import { type ClusterNode, isRemoteType, type Primitive } from '../model/index.ts';
import { canFence, fenceNode } from '../status/fencing.ts';
import { type Action, OPTIONAL } from './action.ts';
import { primitivesOf } from './family.ts';
import type { Plan } from './plan.ts';

export type FenceRequest = {
  readonly node: ClusterNode;
  readonly operation?: 'on' | 'off' | 'reboot';
  readonly need: 'required' | 'optional';
  readonly reason?: string | undefined;
  readonly priorityDelay?: boolean;
};

export function requestFence(plan: Plan, request: FenceRequest): Action {
  const { node, need, reason, operation = plan.cluster.options.fencingAction } = request;
  const key = `stonith-${node.name}-${operation}`;
  const known = plan.findOfCluster(key);
  const action = known ?? createFence(plan, node, key, operation);
  const redefined = known === undefined && describeDevices(plan, node, action);
  delayByPriority(plan, action, request);
  if ((need === 'required' || redefined) && canFence(plan.cluster, node)) {
    action.clear(OPTIONAL);
    if (reason !== undefined) action.explain(reason);
  } else if (reason !== undefined && reason !== '') {
    action.explain(reason);
  }
  return action;
}

/** Takes a node as untrustworthy, and requests its fence action as the reader of the status would have. */
export function decideToFence(plan: Plan, node: ClusterNode, reason: string): void {
  const { demands } = plan.cluster;
  const before = demands.length;
  fenceNode(plan.cluster, node, reason);
  for (const demand of demands.splice(before)) {
    if (demand.kind === 'fence') requestFence(plan, { ...demand, need: 'optional' });
  }
}

function createFence(plan: Plan, node: ClusterNode, key: string, operation: string): Action {
  const action = plan.create(key, 'stonith', { node, need: 'optional' });
  action.addMeta('on_node', node.name);
  action.addMeta('on_node_uuid', node.id);
  action.addMeta('stonith_action', operation);
  return action;
}

/** Says with which definition of the unfencing devices the node was fenced; the answer: one changed since the last time. */
function describeDevices(plan: Plan, node: ClusterNode, action: Action): boolean {
  if (!plan.cluster.unfencingEnabled) return false;
  let [all, secure, changed] = ['', '', false];
  for (const device of unfencingDevices(plan)) {
    const digests = plan.digests.of({ resource: device, task: 'stonith-on', intervalMs: 0, node });
    const prefix = `${device.id}:${device.agent.type}:`;
    const [allEntry, secureEntry] = [`${prefix}${digests.all},`, `${prefix}${digests.secure()},`];
    changed ||= isRedefined(node, allEntry, secureEntry);
    all += allEntry;
    secure += secureEntry;
  }
  action.addMeta('digests-all', all);
  action.addMeta('digests-secure', secure);
  return changed;
}

function isRedefined(node: ClusterNode, allEntry: string, secureEntry: string): boolean {
  const recorded = node.attributes.get('#digests-all');
  if (recorded === undefined || recorded.includes(allEntry.slice(0, -1))) return false;
  return node.attributes.get('#digests-secure')?.includes(secureEntry.slice(0, -1)) !== true;
}

function unfencingDevices(plan: Plan): Primitive[] {
  const devices: Primitive[] = [];
  for (const resource of plan.cluster.resources) {
    for (const primitive of primitivesOf(resource)) {
      if (!primitive.isFenceDevice) continue;
      if (primitive.needs.unfencing || primitive.meta.get('provides') === 'unfencing') devices.unshift(primitive);
    }
  }
  return devices;
}

/** The node with the most important resources is given time to shoot first. */
function delayByPriority(plan: Plan, action: Action, { node, priorityDelay }: FenceRequest): void {
  const { priorityFencingDelayMs } = plan.cluster.options;
  if (priorityFencingDelayMs === 0) return;
  if (priorityDelay !== true && action.meta('priority-fencing-delay') === undefined) return;
  const seconds = deservesDelay(plan, node) ? intervalSeconds(priorityFencingDelayMs) : 0;
  action.addMeta('priority-fencing-delay', String(seconds));
}

function deservesDelay(plan: Plan, node: ClusterNode): boolean {
  if (isRemoteType(node) || node.online) return false;
  const members = plan.cluster.nodes.filter((each) => !isRemoteType(each));
  const online = members.filter((each) => each.online);
  if (online.length > members.length / 2) return false;
  const priorities = members.map((each) => each.priority);
  const top = Math.max(...priorities);
  return priorities.some((priority) => priority !== top) && node.priority >= top;
}

export function isUnfencingRelevant(plan: Plan, resource: Primitive): boolean {
  return (resource.isFenceDevice && plan.cluster.unfencingEnabled) || resource.needs.unfencing;
}

export function wasNeverUnfenced(node: ClusterNode): boolean {
  const unfenced = node.attributes.get('#node-unfenced');
  return unfenced === undefined || unfenced === '0';
}
