// After everything else is planned: which nodes are fenced, which shut down, and how all the rest is ordered around it.

import { bundleOf, topOf } from '../configuration/tree.ts';
import { type ClusterNode, isGuestOrBundleNode, isRemoteType, type Primitive, type Resource } from '../model/index.ts';
import { canFence } from '../status/fencing.ts';
import { type Action, OPTIONAL, PSEUDO, RUNNABLE } from './action.ts';
import { isManagedAnywhere, primitivesOf } from './family.ts';
import { requestFence } from './fence-action.ts';
import { notifyImpliedStop } from './implied-stop.ts';
import { action as existing, milestone, order } from './ordering.ts';
import type { Plan } from './plan.ts';
import { FIRST_IMPLIES_THEN, GUEST_ALLOWED, ORDERED, relate, UNRUNNABLE_FIRST_BLOCKS } from './relation.ts';

export function createFencingAndShutdowns(plan: Plan): void {
  const { cluster } = plan;
  const manages = cluster.resources.some(isManagedAnywhere);
  const fences: Action[] = [];
  const shutdowns: Action[] = [];
  let dcDown: Action | undefined;
  for (const node of cluster.nodes) {
    if (isGuestOrBundleNode(node)) {
      if (node.remoteReset && manages && canFence(cluster, node)) fenceGuest(plan, node);
    } else if (node.unclean && manages && canFence(cluster, node)) {
      const fence = requestFence(plan, { node, need: 'required', reason: 'node is unclean' });
      orderAroundFencing(plan, fence, node);
      if (isDc(plan, node)) dcDown = fence;
      else {
        const previous = fences.at(-1);
        if (!cluster.options.concurrentFencing && previous !== undefined) relate(previous, fence, ORDERED);
        fences.push(fence);
      }
    } else if (node.online && node.shuttingDown && !isRemoteType(node)) {
      const shutdown = createShutdown(plan, node);
      if (isDc(plan, node)) dcDown = shutdown;
      else shutdowns.push(shutdown);
    }
  }
  if (dcDown !== undefined) orderDcLast(plan, dcDown, { fences, shutdowns });
}

function isDc(plan: Plan, node: ClusterNode): boolean {
  return node.isDc || node.id === plan.cluster.dcUuid;
}

/** The coordinator goes last: it is the one that carries the plan out. */
function orderDcLast(
  plan: Plan,
  dcDown: Action,
  { fences, shutdowns }: { readonly fences: readonly Action[]; readonly shutdowns: readonly Action[] },
): void {
  if (dcDown.task === 'do_shutdown') for (const each of shutdowns.toReversed()) relate(each, dcDown, ORDERED);
  const awaited = plan.cluster.options.concurrentFencing ? fences.toReversed() : fences.slice(-1);
  for (const each of awaited) relate(each, dcDown, ORDERED);
}

function createShutdown(plan: Plan, node: ClusterNode): Action {
  const key = `do_shutdown-${node.name}`;
  const known = plan.findOfCluster(key);
  if (known !== undefined) return known;
  const shutdown = plan.create(key, 'do_shutdown', { node, need: 'required' });
  shutdown.addMeta('op_no_wait', 'true');
  for (let index = plan.actions.length - 1; index >= 0; index--) {
    const stop = plan.actions[index];
    if (stop?.task !== 'stop' || stop.node !== node || stop.resource === undefined) continue;
    const { resource } = stop;
    if (resource.maintenance || node.maintenance || (!resource.managed && !resource.blocked)) continue;
    stop.clear(OPTIONAL);
    order(plan, existing(stop), milestone(shutdown), ORDERED | UNRUNNABLE_FIRST_BLOCKS);
  }
  return shutdown;
}

/** A guest is fenced by fencing its host or stopping its container; this only marks the moment. */
function fenceGuest(plan: Plan, node: ClusterNode): void {
  const { connection } = node;
  const container = connection?.launcher;
  if (container === undefined) return;
  const stop = plan.newest(container, 'stop', undefined);
  const operation = plan.newest(container, 'start', undefined) === undefined ? 'off' : 'reboot';
  const fence = requestFence(plan, { node, operation, need: 'required', reason: 'guest is unclean' });
  fence.set(PSEUDO | RUNNABLE);
  if (stop?.pseudo && stop.node !== undefined) {
    const hostFence = requestFence(plan, { node: stop.node, need: 'required' });
    relate(hostFence, fence, UNRUNNABLE_FIRST_BLOCKS | FIRST_IMPLIES_THEN);
  } else if (stop !== undefined) {
    relate(stop, fence, UNRUNNABLE_FIRST_BLOCKS | FIRST_IMPLIES_THEN);
  } else if (connection !== undefined) {
    const connectionStop = plan.newest(connection, 'stop', undefined);
    if (connectionStop !== undefined) relate(connectionStop, fence, ORDERED);
  }
  orderAroundFencing(plan, fence, node);
}

/** Nothing that was on the node, or may have been, happens elsewhere before the node is fenced. */
function orderAroundFencing(plan: Plan, fence: Action, node: ClusterNode): void {
  const visit = (resource: Resource) => {
    for (const primitive of primitivesOf(resource)) {
      if (!primitive.managed) continue;
      orderExisting(plan, primitive, fence, node);
      implyEnd(plan, primitive, fence, node);
    }
  };
  plan.cluster.resources.forEach(visit);
}

function orderExisting(plan: Plan, resource: Primitive, fence: Action, node: ClusterNode): void {
  const actions = plan.actionsOf(resource);
  for (let index = actions.length - 1; index >= 0; index--) {
    const action = actions[index];
    if (action === undefined) continue;
    if (action.needs === 'fencing') relate(fence, action, ORDERED);
    else if (action.needs === 'quorum' && action.task === 'start') {
      if (!resource.allowed.has(node.index) || isKnownOn(resource, node)) continue;
      relate(fence, action, ORDERED | UNRUNNABLE_FIRST_BLOCKS);
    }
  }
}

/** The instance of an anonymous clone is as good as known where any of them is. */
export function isKnownOn(resource: Primitive, node: ClusterNode): boolean {
  const { parent } = resource;
  const known = parent?.variant === 'clone' && !parent.unique ? parent.probedOn : resource.probedOn;
  return known.has(node.index);
}

/** Fencing ends what runs on the node: its stops and demotes need not be sent any more. */
function implyEnd(plan: Plan, resource: Primitive, fence: Action, node: ClusterNode): void {
  const impliedAfter = resource.needs.fencing || isGuestOrBundleNode(node);
  const bundled = bundleOf(resource) !== undefined;
  const top = topOf(resource);
  const first = topOf(resource);
  const topStop = plan.newest(first, 'stop', undefined);
  for (const stop of plan.findAll(resource, 'stop', node)) {
    stop.set(PSEUDO | RUNNABLE);
    if (impliedAfter) {
      if (!bundled) relate(fence, stop, GUEST_ALLOWED);
      if (topStop !== undefined) relate(fence, topStop, GUEST_ALLOWED);
    }
    if (resource.notify) notifyImpliedStop(plan, resource, { fence, stop, top });
  }
  for (const demote of plan.findAll(resource, 'demote', node)) {
    if (node.online && !node.unclean && !resource.failed) continue;
    demote.set(PSEUDO | RUNNABLE);
    if (impliedAfter && !bundled) relate(fence, demote, ORDERED | GUEST_ALLOWED);
  }
}
