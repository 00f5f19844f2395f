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

/** Records `FIRST TASK before THEN TASK`. */
function before(
  plan: Plan,
  [first, task]: readonly [Resource, string],
  [next, thenTask]: readonly [Resource, string],
  kinds: number,
): void {
  order(plan, does(first, task), does(next, thenTask), kinds);
}

function orderPrimitive(plan: Plan, resource: Primitive): void {
  if (!resource.managed) return;
  const own = (first: string, next: string, kinds: number) => before(plan, [resource, first], [resource, next], kinds);
  own('stop', 'start', ORDERED | FIRST_IMPLIES_THEN | INTERMEDIATE_STOP);
  if (topOf(resource).promotable || resource.currentRole === roles.promoted) {
    own('demote', 'stop', PROMOTED_THEN_IMPLIES_FIRST);
    own('start', 'promote', UNRUNNABLE_FIRST_BLOCKS);
  }
  own('lrm_delete', 'monitor', IF_ON_SAME_NODE | THEN_CANCELS_FIRST);
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
  if (resource.connectionKind !== 'none') before(plan, [container, 'monitor'], [resource, 'stop'], ORDERED);
  if (runsBehindOtherConnection(resource, container)) return;
  before(plan, [container, 'start'], [resource, 'start'], FIRST_IMPLIES_THEN | UNRUNNABLE_FIRST_BLOCKS);
  before(plan, [resource, 'stop'], [container, 'stop'], THEN_IMPLIES_FIRST);
}

/** A resource whose container is, or brings with it, a connection runs on the node behind that. */
function runsBehindOtherConnection(resource: Primitive, container: Resource): boolean {
  if (resource.connectionKind !== 'none') return false;
  if (container.variant === 'primitive' && container.connectionKind !== 'none') return true;
  return container.launched.some((each) => each.connectionKind !== 'none');
}

function orderGroup(plan: Plan, group: Group): void {
  const own = (first: string, next: string, kinds: number) => before(plan, [group, first], [group, next], kinds);
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
      before(plan, [member, 'stop'], [lastActive, 'stop'], ORDERED);
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
    before(plan, [group, 'demote'], [member, 'demote'], down);
    before(plan, [member, 'demote'], [group, 'demoted'], postDown);
    before(plan, [member, 'promote'], [group, 'promoted'], completes);
    before(plan, [group, 'promote'], [member, 'promote'], THEN_IMPLIES_FIRST_GRAPHED);
  }
  before(plan, [group, 'stop'], [member, 'stop'], down);
  before(plan, [member, 'stop'], [group, 'stopped'], postDown);
  before(plan, [group, 'start'], [member, 'start'], THEN_IMPLIES_FIRST_GRAPHED);
  before(plan, [member, 'start'], [group, 'running'], completes);
  if (!group.ordered) {
    const begins = FIRST_IMPLIES_THEN | UNRUNNABLE_FIRST_BLOCKS | THEN_IMPLIES_FIRST_GRAPHED;
    before(plan, [group, 'start'], [member, 'start'], begins);
    if (promotable) before(plan, [group, 'promote'], [member, 'promote'], begins);
  } else if (previous !== undefined) {
    orderFollower(plan, member, previous, promotable ? 'promotable' : 'plain');
  }
}

function orderFollower(plan: Plan, member: Primitive, previous: Primitive, kind: 'promotable' | 'plain'): void {
  const follows = FIRST_IMPLIES_THEN | UNRUNNABLE_FIRST_BLOCKS;
  before(plan, [previous, 'start'], [member, 'start'], follows);
  before(plan, [member, 'stop'], [previous, 'stop'], ORDERED | INTERMEDIATE_STOP);
  if (member.activeNodes.length > 0 && previous.activeNodes.length === 0) {
    before(plan, [member, 'stop'], [previous, 'start'], THEN_IMPLIES_FIRST | UNRUNNABLE_FIRST_BLOCKS);
  }
  if (kind === 'plain') return;
  before(plan, [previous, 'promote'], [member, 'promote'], follows);
  before(plan, [member, 'demote'], [previous, 'demote'], ORDERED);
}

function orderClone(plan: Plan, clone: Clone): void {
  const own = (first: string, next: string, kinds: number) => before(plan, [clone, first], [clone, next], kinds);
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
    before(plan, [clone, 'start'], [instance, 'start'], UNRUNNABLE_FIRST_BLOCKS | THEN_IMPLIES_FIRST_GRAPHED);
    before(plan, [instance, 'start'], [clone, 'running'], FIRST_IMPLIES_THEN_GRAPHED);
    before(plan, [clone, 'stop'], [instance, 'stop'], THEN_IMPLIES_FIRST_GRAPHED);
    before(plan, [instance, 'stop'], [clone, 'stopped'], FIRST_IMPLIES_THEN_GRAPHED);
    if (!clone.ordered) return;
    for (const later of instances.slice(index + 1)) {
      before(plan, [instance, 'start'], [later, 'start'], ORDERED);
      before(plan, [later, 'stop'], [instance, 'stop'], ORDERED);
    }
  });
  if (clone.promotable) orderPromotable(plan, clone);
}

/** A promotable collective demotes before it stops, and promotes once all have started. */
function orderRoles(plan: Plan, collective: Clone | Bundle): void {
  const pairs = ['stopped start', 'stopped promote', 'demoted stop', 'demoted start', 'demoted promote'];
  for (const pair of [...pairs, 'running promote', 'demote demoted']) {
    const [first = '', next = ''] = pair.split(' ');
    before(plan, [collective, first], [collective, next], ORDERED);
  }
}

function orderPromotable(plan: Plan, clone: Clone): void {
  orderRoles(plan, clone);
  let previous: Resource | undefined;
  for (const instance of clone.instances) {
    before(plan, [instance, 'demote'], [instance, 'promote'], ORDERED);
    before(plan, [clone, 'promote'], [instance, 'promote'], ORDERED);
    before(plan, [instance, 'promote'], [clone, 'promoted'], ORDERED);
    if (clone.ordered && previous) before(plan, [previous, 'promote'], [instance, 'promote'], ORDERED);
    before(plan, [clone, 'demote'], [instance, 'demote'], THEN_IMPLIES_FIRST_GRAPHED);
    before(plan, [instance, 'demote'], [clone, 'demoted'], FIRST_IMPLIES_THEN_GRAPHED);
    if (clone.ordered && previous) before(plan, [instance, 'demote'], [previous, 'demote'], ORDERED);
    previous = instance;
  }
}

function orderBundle(plan: Plan, bundle: Bundle): void {
  for (const { container, child, ip, connection } of bundle.replicas) {
    orderPrimitive(plan, container);
    before(plan, [bundle, 'start'], [container, 'start'], UNRUNNABLE_FIRST_BLOCKS | THEN_IMPLIES_FIRST_GRAPHED);
    if (child !== undefined) before(plan, [bundle, 'stop'], [child, 'stop'], THEN_IMPLIES_FIRST_GRAPHED);
    before(plan, [bundle, 'stop'], [container, 'stop'], THEN_IMPLIES_FIRST_GRAPHED);
    before(plan, [container, 'start'], [bundle, 'running'], FIRST_IMPLIES_THEN_GRAPHED);
    before(plan, [container, 'stop'], [bundle, 'stopped'], FIRST_IMPLIES_THEN_GRAPHED);
    if (ip !== undefined) {
      orderPrimitive(plan, ip);
      before(plan, [ip, 'start'], [container, 'start'], UNRUNNABLE_FIRST_BLOCKS | GUEST_ALLOWED);
      before(plan, [container, 'stop'], [ip, 'stop'], THEN_IMPLIES_FIRST | GUEST_ALLOWED);
    }
    if (connection !== undefined) orderPrimitive(plan, connection);
  }
  if (bundle.clone !== undefined) orderBundledClone(plan, bundle, bundle.clone);
}

function orderBundledClone(plan: Plan, bundle: Bundle, clone: Clone): void {
  const begins = (task: string) => before(plan, [bundle, task], [clone, task], THEN_IMPLIES_FIRST_GRAPHED);
  const ends = (task: string) => before(plan, [clone, task], [bundle, task], FIRST_IMPLIES_THEN_GRAPHED);
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
