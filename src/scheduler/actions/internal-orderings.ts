// Orderings that follow from what resources are: a primitive stops before it starts, a group's members follow one
// another, a clone has started when its instances have, a bundle's container runs what is inside.

import { topOf } from '../configuration/tree.ts';
import { type Bundle, type Clone, type Group, type Primitive, type Resource, roles } from '../model/index.ts';
import { instanceNumber } from './instance-order.ts';
import { does, milestone, order } from './ordering.ts';
import type { Plan } from './plan.ts';
import {
  FIRST_IMPLIES_SAME_NODE_THEN,
  FIRST_IMPLIES_THEN,
  FIRST_IMPLIES_THEN_GRAPHED,
  GUEST_ALLOWED,
  IF_ON_SAME_NODE,
  IF_ON_SAME_NODE_OR_TARGET,
  INTERMEDIATE_STOP,
  ORDERED,
  PROMOTED_THEN_IMPLIES_FIRST,
  THEN_CANCELS_FIRST,
  THEN_IMPLIES_FIRST,
  THEN_IMPLIES_FIRST_GRAPHED,
  UNRUNNABLE_FIRST_BLOCKS,
} from './relation.ts';
import { requestUnfencing } from './unfencing.ts';

export function createInternalOrderings(plan: Plan, resource: Resource): void {
  switch (resource.variant) {
    case 'primitive':
      orderPrimitive(plan, resource);
      break;
    case 'group':
      orderGroup(plan, resource);
      break;
    case 'clone':
      orderClone(plan, resource);
      break;
    case 'bundle':
      orderBundle(plan, resource);
      break;
  }
}

function orderPrimitive(plan: Plan, resource: Primitive): void {
  if (!resource.managed) return;
  const own = (first: string, next: string, kinds: number) =>
    order(plan, does(resource, first), does(resource, next), kinds);
  own('stop', 'start', ORDERED | FIRST_IMPLIES_THEN | INTERMEDIATE_STOP);
  if (topOf(resource).promotable || resource.currentRole === roles.promoted) {
    own('demote', 'stop', PROMOTED_THEN_IMPLIES_FIRST);
    own('start', 'promote', UNRUNNABLE_FIRST_BLOCKS);
  }
  // What a probe is about to find out need not be forgotten before.
  for (const erasure of ['lrm_delete', 'delete']) own(erasure, 'monitor', IF_ON_SAME_NODE | THEN_CANCELS_FIRST);
  if (resource.needs.unfencing && !resource.isFenceDevice) orderUnfencing(plan, resource);
  if (resource.utilization.size > 0 && plan.cluster.options.placementStrategy !== 'default') {
    orderLoad(plan, resource);
  }
  if (resource.launcher !== undefined) orderLaunched(plan, resource, resource.launcher);
}

function orderUnfencing(plan: Plan, resource: Primitive): void {
  for (const node of plan.cluster.nodes) {
    if (!resource.allowed.has(node.index)) continue;
    const unfence = requestUnfencing(plan, node);
    order(plan, does(resource, 'stop'), milestone(unfence), ORDERED | IF_ON_SAME_NODE);
    order(plan, milestone(unfence), does(resource, 'start'), FIRST_IMPLIES_SAME_NODE_THEN | IF_ON_SAME_NODE);
  }
}

/** What leaves a node makes room before what comes takes it. */
function orderLoad(plan: Plan, resource: Primitive): void {
  for (const node of resource.activeNodes) {
    const freed = plan.loadStopped(node);
    order(plan, does(resource, 'stop'), milestone(freed), IF_ON_SAME_NODE_OR_TARGET);
  }
  for (const node of plan.cluster.nodes) {
    if (!resource.allowed.has(node.index)) continue;
    const freed = plan.loadStopped(node);
    order(plan, milestone(freed), does(resource, 'start'), IF_ON_SAME_NODE_OR_TARGET);
    order(plan, milestone(freed), does(resource, 'migrate_to'), IF_ON_SAME_NODE_OR_TARGET);
  }
}

function orderLaunched(plan: Plan, resource: Primitive, container: Resource): void {
  if (resource.connectionKind !== 'none') order(plan, does(container, 'monitor'), does(resource, 'stop'), ORDERED);
  if (runsBehindOtherConnection(resource, container)) return;
  order(plan, does(container, 'start'), does(resource, 'start'), FIRST_IMPLIES_THEN | UNRUNNABLE_FIRST_BLOCKS);
  order(plan, does(resource, 'stop'), does(container, 'stop'), THEN_IMPLIES_FIRST);
}

/** A resource whose container is, or brings with it, a connection runs on the node behind that. */
function runsBehindOtherConnection(resource: Primitive, container: Resource): boolean {
  if (resource.connectionKind !== 'none') return false;
  if (container.variant === 'primitive' && container.connectionKind !== 'none') return true;
  return container.launched.some((each) => each.connectionKind !== 'none');
}

function orderGroup(plan: Plan, group: Group): void {
  const own = (first: string, next: string, kinds: number) => order(plan, does(group, first), does(group, next), kinds);
  own('stop', 'stopped', UNRUNNABLE_FIRST_BLOCKS);
  own('stopped', 'start', ORDERED);
  own('start', 'running', UNRUNNABLE_FIRST_BLOCKS);
  let previous: Primitive | undefined;
  let lastActive: Primitive | undefined;
  for (const member of group.members) {
    orderPrimitive(plan, member);
    orderMember(plan, group, member, previous);
    const active = member.activeNodes.length > 0;
    if (active && group.ordered && previous !== undefined && previous.activeNodes.length === 0 && lastActive) {
      order(plan, does(member, 'stop'), does(lastActive, 'stop'), ORDERED);
    }
    if (active) lastActive = member;
    previous = member;
  }
}

const completes = UNRUNNABLE_FIRST_BLOCKS | FIRST_IMPLIES_THEN | FIRST_IMPLIES_THEN_GRAPHED;

function orderMember(plan: Plan, group: Group, member: Primitive, previous: Primitive | undefined): void {
  const leads = previous === undefined && group.ordered;
  const down = leads ? THEN_IMPLIES_FIRST_GRAPHED | ORDERED : THEN_IMPLIES_FIRST_GRAPHED;
  const postDown = leads ? FIRST_IMPLIES_THEN : FIRST_IMPLIES_THEN_GRAPHED;
  const promotable = topOf(group).promotable;
  if (promotable) {
    order(plan, does(group, 'demote'), does(member, 'demote'), down);
    order(plan, does(member, 'demote'), does(group, 'demoted'), postDown);
    order(plan, does(member, 'promote'), does(group, 'promoted'), completes);
    order(plan, does(group, 'promote'), does(member, 'promote'), THEN_IMPLIES_FIRST_GRAPHED);
  }
  order(plan, does(group, 'stop'), does(member, 'stop'), down);
  order(plan, does(member, 'stop'), does(group, 'stopped'), postDown);
  order(plan, does(group, 'start'), does(member, 'start'), THEN_IMPLIES_FIRST_GRAPHED);
  order(plan, does(member, 'start'), does(group, 'running'), completes);
  if (!group.ordered) {
    const begins = FIRST_IMPLIES_THEN | UNRUNNABLE_FIRST_BLOCKS | THEN_IMPLIES_FIRST_GRAPHED;
    order(plan, does(group, 'start'), does(member, 'start'), begins);
    if (promotable) order(plan, does(group, 'promote'), does(member, 'promote'), begins);
  } else if (previous !== undefined) {
    orderFollower(plan, member, previous, promotable ? 'promotable' : 'plain');
  }
}

function orderFollower(plan: Plan, member: Primitive, previous: Primitive, kind: 'promotable' | 'plain'): void {
  const follows = FIRST_IMPLIES_THEN | UNRUNNABLE_FIRST_BLOCKS;
  order(plan, does(previous, 'start'), does(member, 'start'), follows);
  order(plan, does(member, 'stop'), does(previous, 'stop'), ORDERED | INTERMEDIATE_STOP);
  if (member.activeNodes.length > 0 && previous.activeNodes.length === 0) {
    order(plan, does(member, 'stop'), does(previous, 'start'), THEN_IMPLIES_FIRST | UNRUNNABLE_FIRST_BLOCKS);
  }
  if (kind === 'plain') return;
  order(plan, does(previous, 'promote'), does(member, 'promote'), follows);
  order(plan, does(member, 'demote'), does(previous, 'demote'), ORDERED);
}

function orderClone(plan: Plan, clone: Clone): void {
  const own = (first: string, next: string, kinds: number) => order(plan, does(clone, first), does(clone, next), kinds);
  own('stopped', 'start', ORDERED);
  own('start', 'running', UNRUNNABLE_FIRST_BLOCKS);
  own('stop', 'stopped', UNRUNNABLE_FIRST_BLOCKS);
  if (clone.promotable) {
    own('demoted', 'stop', ORDERED);
    own('running', 'promote', UNRUNNABLE_FIRST_BLOCKS);
  }
  const { instances } = clone;
  if (clone.ordered) instances.sort((a, b) => instanceNumber(a) - instanceNumber(b));
  instances.forEach((instance, index) => {
    createInternalOrderings(plan, instance);
    order(plan, does(clone, 'start'), does(instance, 'start'), UNRUNNABLE_FIRST_BLOCKS | THEN_IMPLIES_FIRST_GRAPHED);
    order(plan, does(instance, 'start'), does(clone, 'running'), FIRST_IMPLIES_THEN_GRAPHED);
    order(plan, does(clone, 'stop'), does(instance, 'stop'), THEN_IMPLIES_FIRST_GRAPHED);
    order(plan, does(instance, 'stop'), does(clone, 'stopped'), FIRST_IMPLIES_THEN_GRAPHED);
    if (!clone.ordered) return;
    for (const later of instances.slice(index + 1)) {
      order(plan, does(instance, 'start'), does(later, 'start'), ORDERED);
      order(plan, does(later, 'stop'), does(instance, 'stop'), ORDERED);
    }
  });
  if (clone.promotable) orderPromotable(plan, clone);
}

/** A promotable collective demotes before it stops, and promotes once all have started. */
function orderRoles(plan: Plan, collective: Clone | Bundle): void {
  const pairs = ['stopped start', 'stopped promote', 'demoted stop', 'demoted start', 'demoted promote'];
  for (const pair of [...pairs, 'running promote', 'demote demoted']) {
    const [first = '', next = ''] = pair.split(' ');
    order(plan, does(collective, first), does(collective, next), ORDERED);
  }
}

function orderPromotable(plan: Plan, clone: Clone): void {
  orderRoles(plan, clone);
  let previous: Resource | undefined;
  for (const instance of clone.instances) {
    order(plan, does(instance, 'demote'), does(instance, 'promote'), ORDERED);
    order(plan, does(clone, 'promote'), does(instance, 'promote'), ORDERED);
    order(plan, does(instance, 'promote'), does(clone, 'promoted'), ORDERED);
    if (clone.ordered && previous) order(plan, does(previous, 'promote'), does(instance, 'promote'), ORDERED);
    order(plan, does(clone, 'demote'), does(instance, 'demote'), THEN_IMPLIES_FIRST_GRAPHED);
    order(plan, does(instance, 'demote'), does(clone, 'demoted'), FIRST_IMPLIES_THEN_GRAPHED);
    if (clone.ordered && previous) order(plan, does(instance, 'demote'), does(previous, 'demote'), ORDERED);
    previous = instance;
  }
}

function orderBundle(plan: Plan, bundle: Bundle): void {
  for (const { container, child, ip, connection } of bundle.replicas) {
    orderPrimitive(plan, container);
    order(plan, does(bundle, 'start'), does(container, 'start'), UNRUNNABLE_FIRST_BLOCKS | THEN_IMPLIES_FIRST_GRAPHED);
    if (child !== undefined) order(plan, does(bundle, 'stop'), does(child, 'stop'), THEN_IMPLIES_FIRST_GRAPHED);
    order(plan, does(bundle, 'stop'), does(container, 'stop'), THEN_IMPLIES_FIRST_GRAPHED);
    order(plan, does(container, 'start'), does(bundle, 'running'), FIRST_IMPLIES_THEN_GRAPHED);
    order(plan, does(container, 'stop'), does(bundle, 'stopped'), FIRST_IMPLIES_THEN_GRAPHED);
    if (ip !== undefined) {
      orderPrimitive(plan, ip);
      order(plan, does(ip, 'start'), does(container, 'start'), UNRUNNABLE_FIRST_BLOCKS | GUEST_ALLOWED);
      order(plan, does(container, 'stop'), does(ip, 'stop'), THEN_IMPLIES_FIRST | GUEST_ALLOWED);
    }
    if (connection !== undefined) orderPrimitive(plan, connection);
  }
  if (bundle.clone !== undefined) orderBundledClone(plan, bundle, bundle.clone);
}

function orderBundledClone(plan: Plan, bundle: Bundle, clone: Clone): void {
  const begins = (task: string) => order(plan, does(bundle, task), does(clone, task), THEN_IMPLIES_FIRST_GRAPHED);
  const ends = (task: string) => order(plan, does(clone, task), does(bundle, task), FIRST_IMPLIES_THEN_GRAPHED);
  begins('start');
  ends('running');
  begins('stop');
  ends('stopped');
  orderClone(plan, clone);
  if (!clone.promotable) return;
  orderRoles(plan, bundle);
  begins('demote');
  ends('demoted');
  begins('promote');
  ends('promoted');
}
