import { topOf } from '../configuration/tree.ts';
import {
  assignedHost,
  type Bundle,
  type Clone,
  type ClusterNode,
  isGuestOrBundleNode,
  isRemoteNode,
  isRemoteType,
  type Primitive,
  probeModes,
  type Resource,
  roles,
} from '../model/index.ts';
import { type Action, type Metadata, OPTIONAL } from './action.ts';
import { assignedNodesOf, primitivesOf } from './family.ts';
import { decideToFence } from './fence-action.ts';
import { instanceNumber } from './instance-order.ts';
import { does, action as existing, order, orderProbeBeforeStart } from './ordering.ts';
import type { Plan } from './plan.ts';
import { IF_ON_SAME_NODE, NESTED_REMOTE_PROBE, ORDERED, UNRUNNABLE_FIRST_BLOCKS } from './relation.ts';
import { connectionStateOf } from './remote-ordering.ts';
import { requestAction } from './request.ts';
import { orderAfterUnfencing } from './unfencing.ts';

export function createProbes(plan: Plan): void {
  const { cluster } = plan;
  if (!cluster.options.startupProbes) return;
  for (const node of cluster.nodes) {
    if (!node.online) {
      if (isRemoteNode(node) && connectionStateOf(node) === 'failed') {
        decideToFence(plan, node, 'the connection is unrecoverable');
      }
      continue;
    }
    if (node.unclean || !node.probesAllowed) continue;
    for (const resource of cluster.resources) probeOn(plan, resource, node);
  }
}

/** Requests what probes the resource needs on the node; the answer tells whether there is one. */
function probeOn(plan: Plan, resource: Resource, node: ClusterNode): boolean {
  switch (resource.variant) {
    case 'primitive':
      return probePrimitive(plan, resource, node);
    case 'group': {
      let some = false;
      for (const member of resource.members) some = probePrimitive(plan, member, node) || some;
      return some;
    }
    case 'clone':
      return probeClone(plan, resource, node);
    case 'bundle':
      return probeBundle(plan, resource, node);
  }
}

function probeClone(plan: Plan, clone: Clone, node: ClusterNode): boolean {
  if (clone.exclusiveDiscovery && clone.allowed.probeMode(node.index) !== probeModes.exclusive) {
    clone.allowed.remove(node.index);
    return false;
  }
  clone.instances.sort((a, b) => instanceNumber(a) - instanceNumber(b));
  if (clone.unique) {
    let some = false;
    for (const instance of clone.instances) some = probeOn(plan, instance, node) || some;
    return some;
  }
  const instance =
    clone.instances.find((each) => [...primitivesOf(each)].some((part) => part.probedOn.has(node.index))) ??
    clone.instances.find((each) => isAssignedTo(each, node)) ??
    clone.instances[0];
  return instance !== undefined && probeOn(plan, instance, node);
}

function isAssignedTo(resource: Resource, node: ClusterNode): boolean {
  return assignedNodesOf(resource).includes(node);
}

function probeBundle(plan: Plan, bundle: Bundle, node: ClusterNode): boolean {
  let some = false;
  for (const { ip, child, container, connection, node: inside } of bundle.replicas) {
    if (ip !== undefined && probePrimitive(plan, ip, node)) some = true;
    if (child !== undefined && inside === node && probePrimitive(plan, child, node)) some = true;
    if (probePrimitive(plan, container, node)) {
      some = true;
      if (bundle.replicasPerHost === 1) orderBeforeOtherContainers(plan, bundle, container);
    }
    if (connection !== undefined && probePrimitive(plan, connection, node)) {
      some = true;
      const probe = plan.find(connection, 'monitor', node);
      if (probe !== undefined) order(plan, does(container, 'start'), existing(probe), NESTED_REMOTE_PROBE);
    }
  }
  return some;
}

/** Another replica's container may hold the place on that node: its probe comes before this one's start there. */
function orderBeforeOtherContainers(plan: Plan, bundle: Bundle, container: Primitive): void {
  for (const { container: other } of bundle.replicas) {
    if (other !== container) {
      order(plan, does(container, 'monitor'), does(other, 'start'), ORDERED | IF_ON_SAME_NODE);
    }
  }
}

function probePrimitive(plan: Plan, resource: Primitive, node: ClusterNode): boolean {
  if (!mayBeProbed(resource, node) || isHeldByContainer(plan, resource, node)) return false;
  const outer = topOf(resource);
  const isInstance = outer.variant === 'clone';
  const top = isInstance ? outer : resource;
  const probe = requestAction(plan, { resource, task: 'monitor', node, need: 'required' });
  probe.clear(OPTIONAL);
  orderAfterUnfencing(plan, resource, probe, ORDERED);
  const runsThere = resource.activeNodes.includes(node);
  if (!runsThere) expect(probe, notRunning);
  else if (resource.currentRole === roles.promoted) expect(probe, runningPromoted);
  const blocks = !probe.runnable && top.activeNodes.length === 0;
  if (blocks) order(plan, existing(probe), does(top, 'start'), ORDERED | UNRUNNABLE_FIRST_BLOCKS);
  else if (isInstance) order(plan, existing(probe), does(top, 'start'), ORDERED);
  else orderProbeBeforeStart(plan, probe, resource);
  // A clone has no such action, and only there it would be looked for.
  if (!isInstance && plan.named(resource, 'reload-agent').length > 0) {
    order(plan, existing(probe), does(resource, 'reload-agent'), ORDERED);
  }
  return true;
}

/** One map for all probes that expect the same: there is one for each resource and node. */
const notRunning: Metadata = new Map([['op_target_rc', '7']]);
const runningPromoted: Metadata = new Map([['op_target_rc', '8']]);

function expect(probe: Action, expected: Metadata): void {
  probe.added = probe.added === undefined ? expected : new Map([...probe.added, ...expected]);
}

function mayBeProbed(resource: Primitive, node: ClusterNode): boolean {
  if (isRemoteType(node)) {
    if (resource.isFenceDevice || resource.connectionKind !== 'none') return false;
    const launchesGuest = resource.launched.some((each) => each.connectionKind !== 'none');
    if (isGuestOrBundleNode(node) && launchesGuest) return false;
  }
  if (resource.launcher !== undefined && resource.connectionKind === 'none') return false;
  if (resource.removed || resource.probedOn.has(node.index)) return false;
  const top = topOf(resource);
  const mode = resource.allowed.has(node.index) ? resource.allowed.probeMode(node.index) : node.probeMode;
  const exclusive = resource.exclusiveDiscovery || top.exclusiveDiscovery;
  if (exclusive && (!resource.allowed.has(node.index) || mode !== probeModes.exclusive)) return false;
  return mode !== probeModes.never;
}

/** A guest whose container is down, or on its way there, cannot be asked; what would start waits for the container. */
function isHeldByContainer(plan: Plan, resource: Primitive, node: ClusterNode): boolean {
  const container = isGuestOrBundleNode(node) ? node.connection?.launcher : undefined;
  if (container === undefined) return false;
  const top = topOf(resource);
  if (container.currentRole === roles.stopped) {
    const host = assignedHost(container);
    if (host !== undefined && !container.probedOn.has(host.index)) {
      order(plan, does(container, 'monitor'), does(top, 'start'), ORDERED);
    }
    return true;
  }
  const host = assignedHost(container);
  const moves = host !== undefined && !container.activeNodes.includes(host);
  const willStop = container.failed || container.nextRole === roles.stopped || moves;
  if (!node.remoteReset && !node.unclean && !willStop) return false;
  order(plan, does(container, 'stop'), does(top, 'start'), ORDERED);
  return true;
}
