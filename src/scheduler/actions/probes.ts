import { soleAssignedNode } from '../assignment/placement.ts';
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
import { primitivesOf } from './family.ts';
import { decideToFence } from './fence-action.ts';
import { instanceNumber } from './instance-order.ts';
import { does, action as existing, order, orderProbeBeforeStart } from './ordering.ts';
import type { NamedActions, Plan } from './plan.ts';
import { IF_ON_SAME_NODE, NESTED_REMOTE_PROBE, ORDERED, UNRUNNABLE_FIRST_BLOCKS } from './relation.ts';
import { connectionStateOf } from './remote-ordering.ts';
import { requestInSeries } from './request.ts';
import { orderAfterUnfencing } from './unfencing.ts';

export function createProbes(plan: Plan): void {
  const { cluster } = plan;
  if (!cluster.options.startupProbes) return;
  const probing: Probing = { plan, subjects: [] };
  for (const node of cluster.nodes) {
    if (!node.online) {
      if (isRemoteNode(node) && connectionStateOf(node) === 'failed') {
        decideToFence(plan, node, 'the connection is unrecoverable');
      }
      continue;
    }
    if (node.unclean || !node.probesAllowed) continue;
    for (const resource of cluster.resources) probeOn(probing, resource, node);
  }
}

/** What is looked up once for the probes of a resource on all nodes. */
type Subject = {
  readonly resource: Primitive;
  /** Whose start waits for its probes: its clone, or itself. */
  readonly top: Clone | Primitive;
  readonly series: NamedActions;
  /** It is probed nowhere. */
  readonly isExcluded: boolean;
  /** It is probed only where its table says so. */
  readonly exclusive: boolean;
  readonly reloads: boolean;
};

type Probing = { readonly plan: Plan; readonly subjects: (Subject | undefined)[] };

/** Requests what probes the resource needs on the node; the answer tells whether there is one. */
function probeOn(probing: Probing, resource: Resource, node: ClusterNode): boolean {
  switch (resource.variant) {
    case 'primitive':
      return probePrimitive(probing, resource, node);
    case 'group': {
      let some = false;
      resource.members.forEach((member) => {
        some = probePrimitive(probing, member, node) || some;
      });
      return some;
    }
    case 'clone':
      return probeClone(probing, resource, node);
    case 'bundle':
      return probeBundle(probing, resource, node);
  }
}

function probeClone(probing: Probing, clone: Clone, node: ClusterNode): boolean {
  if (clone.exclusiveDiscovery && clone.allowed.probeMode(node.index) !== probeModes.exclusive) {
    clone.allowed.remove(node.index);
    return false;
  }
  clone.instances.sort((a, b) => instanceNumber(a) - instanceNumber(b));
  if (clone.unique) {
    let some = false;
    for (const instance of clone.instances) some = probeOn(probing, instance, node) || some;
    return some;
  }
  const instance =
    clone.instances.find((each) => [...primitivesOf(each)].some((part) => part.probedOn.has(node.index))) ??
    clone.instances.find((each) => soleAssignedNode(each) === node) ??
    clone.instances[0];
  return instance !== undefined && probeOn(probing, instance, node);
}

function probeBundle(probing: Probing, bundle: Bundle, node: ClusterNode): boolean {
  const { plan } = probing;
  let some = false;
  for (const { ip, child, container, connection, node: inside } of bundle.replicas) {
    if (ip !== undefined && probePrimitive(probing, ip, node)) some = true;
    if (child !== undefined && inside === node && probePrimitive(probing, child, node)) some = true;
    if (probePrimitive(probing, container, node)) {
      some = true;
      if (bundle.replicasPerHost === 1) orderBeforeOtherContainers(plan, bundle, container);
    }
    if (connection !== undefined && probePrimitive(probing, connection, node)) {
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

function probePrimitive(probing: Probing, resource: Primitive, node: ClusterNode): boolean {
  const { plan } = probing;
  const subject = subjectOf(probing, resource);
  if (!mayBeProbed(subject, node) || isHeldByContainer(plan, resource, node)) return false;
  const { top, series } = subject;
  const probe = requestInSeries(plan, series, { resource, task: 'monitor', node, need: 'required' });
  probe.clear(OPTIONAL);
  orderAfterUnfencing(plan, resource, probe, ORDERED);
  const runsThere = resource.activeNodes.includes(node);
  if (!runsThere) expect(probe, notRunning);
  else if (resource.currentRole === roles.promoted) expect(probe, runningPromoted);
  const blocks = !probe.runnable && top.activeNodes.length === 0;
  if (blocks) order(plan, existing(probe), does(top, 'start'), ORDERED | UNRUNNABLE_FIRST_BLOCKS);
  else if (top !== resource) order(plan, existing(probe), does(top, 'start'), ORDERED);
  else orderProbeBeforeStart(plan, probe, resource);
  if (subject.reloads) order(plan, existing(probe), does(resource, 'reload-agent'), ORDERED);
  return true;
}

function subjectOf({ plan, subjects }: Probing, resource: Primitive): Subject {
  const known = subjects[resource.index];
  if (known !== undefined) return known;
  const outermost = topOf(resource);
  // A device that unfences is needed before anything else runs: each instance is started as soon as it may.
  const unfences = resource.isFenceDevice && plan.cluster.unfencingEnabled;
  const isInstance = outermost.variant === 'clone' && !unfences;
  const subject: Subject = {
    resource,
    top: isInstance ? outermost : resource,
    series: plan.series(resource, 'monitor'),
    isExcluded: resource.removed || (resource.launcher !== undefined && resource.connectionKind === 'none'),
    exclusive: resource.exclusiveDiscovery || outermost.exclusiveDiscovery,
    // A clone has no such action, and only there it would be looked for.
    reloads: !isInstance && plan.named(resource, 'reload-agent').length > 0,
  };
  subjects[resource.index] = subject;
  return subject;
}

/** One map for all probes that expect the same: there is one for each resource and node. */
const notRunning: Metadata = new Map([['op_target_rc', '7']]);
const runningPromoted: Metadata = new Map([['op_target_rc', '8']]);

function expect(probe: Action, expected: Metadata): void {
  probe.added = probe.added === undefined ? expected : new Map([...probe.added, ...expected]);
}

function mayBeProbed({ resource, isExcluded, exclusive }: Subject, node: ClusterNode): boolean {
  if (isExcluded || resource.probedOn.has(node.index)) return false;
  if (isRemoteType(node)) {
    if (resource.isFenceDevice || resource.connectionKind !== 'none') return false;
    const launchesGuest = resource.launched.some((each) => each.connectionKind !== 'none');
    if (isGuestOrBundleNode(node) && launchesGuest) return false;
  }
  const isListed = resource.allowed.has(node.index);
  const mode = isListed ? resource.allowed.probeMode(node.index) : node.probeMode;
  if (exclusive && (!isListed || mode !== probeModes.exclusive)) return false;
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
