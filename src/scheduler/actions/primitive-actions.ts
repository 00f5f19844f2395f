// What has to be done with a primitive to get it from its current role and node to its next ones.

import { type ClusterNode, type Primitive, type Role, roles } from '../model/index.ts';
import { type Action, ALWAYS_IN_GRAPH, MIGRATION_ABORT, OPTIONAL, PSEUDO, RUNNABLE } from './action.ts';
import { currentNodeOf } from './family.ts';
import { createMigration, mayMigrate } from './migration.ts';
import type { Plan } from './plan.ts';
import { createRecurring } from './recurring.ts';
import { FIRST_IMPLIES_THEN, relate, THEN_IMPLIES_FIRST } from './relation.ts';
import { requestAction } from './request.ts';
import { orderAfterUnfencing, requestUnfencing } from './unfencing.ts';

type Need = 'required' | 'optional';

/** What the present state asks for. */
type Movement = {
  readonly current: ClusterNode | undefined;
  readonly assigned: ClusterNode | undefined;
  readonly stop: Need;
  readonly migrates: boolean;
  readonly promotesAgain: boolean;
};

export function createPrimitiveActions(plan: Plan, resource: Primitive): void {
  const assigned = resource.assignedNode;
  if (resource.nextRole === roles.unknown) {
    resource.nextRole = assigned === undefined ? roles.stopped : roles.started;
  }
  for (const node of resource.danglingMigrationSources) {
    requestAction(plan, { resource, task: 'stop', node, need: 'required' }).set(MIGRATION_ABORT);
  }
  const movement = movementOf(plan, resource);
  createRestart(plan, resource, movement);
  createRoleChange(plan, resource);
  createRecurring(plan, resource);
  if (movement.migrates && movement.current !== undefined && assigned !== undefined) {
    createMigration(plan, resource, movement.current, assigned);
  }
}

function movementOf(plan: Plan, resource: Primitive): Movement {
  const current = currentNodeOf(resource);
  const assigned = resource.assignedNode;
  const moving =
    current !== undefined && assigned !== undefined && current !== assigned && resource.nextRole >= roles.started;
  let migrates = moving && mayMigrate(resource, current, assigned);
  let mustStop = moving;
  plan.stoppingUnexpected.delete(resource);
  if (resource.migration !== undefined) {
    const { source, target } = resource.migration;
    const goesOn = migrates && resource.activeNodes.length === 2 && current === source && assigned === target;
    if (!goesOn) {
      mustStop = true;
      migrates = false;
      resource.migration = undefined;
    }
  } else if (isMultiplyActive(resource)) {
    if (resource.multipleActive === 'stop_unexpected') plan.stoppingUnexpected.add(resource);
    mustStop ||= resource.multipleActive === 'stop_start' || resource.multipleActive === 'stop_unexpected';
  }
  if (resource.startPending) requestStart(plan, resource, assigned).set(ALWAYS_IN_GRAPH);
  const reasons = moving ? { mustStop: false, promotesAgain: false } : inPlaceReasons(plan, resource, current);
  const stop = mustStop || reasons.mustStop ? 'required' : 'optional';
  return { current, assigned, stop, migrates, promotesAgain: reasons.promotesAgain };
}

function isMultiplyActive({ needs, activeNodes }: Primitive): boolean {
  const counted = needs.fencing ? activeNodes : activeNodes.filter((node) => node.online && !node.unclean);
  return counted.length > 1;
}

/** Why something that stays where it is may have to stop, or to be promoted anew. */
function inPlaceReasons(
  plan: Plan,
  resource: Primitive,
  current: ClusterNode | undefined,
): { mustStop: boolean; promotesAgain: boolean } {
  if (resource.failed) {
    const promotesAgain = !resource.stopIfFailed && resource.nextRole === roles.promoted;
    return { mustStop: resource.stopIfFailed, promotesAgain };
  }
  if (resource.blocked) return { mustStop: true, promotesAgain: false };
  const { currentRole, assignedNode } = resource;
  if (currentRole <= roles.started || current === undefined || assignedNode === undefined) {
    return { mustStop: false, promotesAgain: false };
  }
  return { mustStop: requestStart(plan, resource, assignedNode).required, promotesAgain: false };
}

function requestStart(plan: Plan, resource: Primitive, node: ClusterNode | undefined): Action {
  return requestAction(plan, { resource, task: 'start', node, need: 'optional' });
}

/** Down from the current role and up to it again: needed, or there in case an ordering needs it. */
function createRestart(plan: Plan, resource: Primitive, movement: Movement): void {
  const { assigned: node, stop } = movement;
  let role = resource.currentRole;
  while (role > roles.stopped) {
    const next = stepToward(role, roles.stopped);
    takeStep(plan, resource, { phase: 'restart', from: role, to: next, node, need: stop });
    role = next;
  }
  // Asked anew for each step: without quorum, the start itself may cap the next role (2 §3.5, §4.2).
  while (resource.currentRole <= resource.nextRole && role !== resource.currentRole && !resource.blocked) {
    const next = stepToward(role, resource.currentRole);
    const need = next === roles.promoted && movement.promotesAgain ? 'required' : stop;
    takeStep(plan, resource, { phase: 'restart', from: role, to: next, node, need });
    role = next;
  }
}

function createRoleChange(plan: Plan, resource: Primitive): void {
  let role = resource.currentRole;
  while (role !== resource.nextRole) {
    const next = stepToward(role, resource.nextRole);
    takeStep(plan, resource, {
      phase: 'role-change',
      node: resource.assignedNode,
      from: role,
      to: next,
      need: 'required',
    });
    role = next;
  }
}

/** The next role on the way from one role (row) to another (column), both counted from Unknown. */
const steps: readonly (readonly Role[])[] = [
  [roles.unknown, roles.stopped, roles.stopped, roles.stopped, roles.stopped],
  [roles.stopped, roles.stopped, roles.started, roles.unpromoted, roles.unpromoted],
  [roles.stopped, roles.stopped, roles.started, roles.unpromoted, roles.promoted],
  [roles.stopped, roles.stopped, roles.stopped, roles.unpromoted, roles.promoted],
  [roles.unpromoted, roles.unpromoted, roles.unpromoted, roles.unpromoted, roles.promoted],
];

function stepToward(from: Role, target: Role): Role {
  return steps[from]?.[target] ?? target;
}

type Step = {
  readonly phase: 'restart' | 'role-change';
  readonly from: Role;
  readonly to: Role;
  /** Where the resource goes up. */
  readonly node: ClusterNode | undefined;
  readonly need: Need;
};

function takeStep(plan: Plan, resource: Primitive, step: Step): void {
  if (step.to === roles.promoted) createPromote(plan, resource, step);
  else if (step.from === roles.promoted) createDemotes(plan, resource, step);
  else if (step.to === roles.stopped || step.to < step.from) createStops(plan, resource, step);
  else if (step.from === roles.stopped) createStart(plan, resource, step);
}

/** With multiple-active=stop_unexpected, the instance where it belongs is left alone while the others are stopped. */
function isExpected(plan: Plan, resource: Primitive, node: ClusterNode | undefined, phase: Step['phase']): boolean {
  return (
    phase === 'restart' &&
    plan.stoppingUnexpected.has(resource) &&
    resource.nextRole > roles.stopped &&
    node === resource.assignedNode
  );
}

function createStops(plan: Plan, resource: Primitive, step: Step): void {
  let need = step.need;
  for (const node of resource.activeNodes) {
    if (isExpected(plan, resource, node, step.phase)) continue;
    if (resource.migration !== undefined) {
      if (node === resource.migration.target && node === resource.assignedNode) continue;
      need = 'required';
    }
    const stop = requestAction(plan, { resource, task: 'stop', node, need });
    if (resource.assignedNode === undefined) stop.reason = 'node availability';
    else if (step.phase === 'restart' && plan.stoppingUnexpected.has(resource)) stop.reason = 'being multiply active';
    if (!resource.managed) stop.clear(RUNNABLE);
    if (resource.needs.unfencing) relate(stop, requestUnfencing(plan, node), THEN_IMPLIES_FIRST);
  }
}

function createStart(plan: Plan, resource: Primitive, step: Step): void {
  const start = requestStart(plan, resource, step.node);
  orderAfterUnfencing(plan, resource, start, FIRST_IMPLIES_THEN);
  // What is not managed is not restarted, though it be active twice: what is ordered after its start would wait forever.
  if (resource.managed && start.runnable && step.need === 'required') start.clear(OPTIONAL);
  if (isExpected(plan, resource, step.node, step.phase)) start.set(PSEUDO);
}

function createPromote(plan: Plan, resource: Primitive, step: Step): void {
  const starts = plan.findAll(resource, 'start', step.node);
  if (starts.every((start) => start.runnable)) {
    const promote = requestAction(plan, { resource, task: 'promote', node: step.node, need: step.need });
    if (isExpected(plan, resource, step.node, step.phase)) promote.set(PSEUDO);
    return;
  }
  for (const promote of plan.findAll(resource, 'promote', step.node)) promote.clear(RUNNABLE);
}

function createDemotes(plan: Plan, resource: Primitive, step: Step): void {
  for (const node of resource.activeNodes) {
    if (isExpected(plan, resource, node, step.phase)) continue;
    requestAction(plan, { resource, task: 'demote', node, need: step.need });
  }
}
