// Recurring operations: monitors mostly. What the next role asks for runs on the assigned node; what is there to notice
// a resource where it should not be runs on all the others.

import { enabledOperation } from '../configuration/operation-meta.ts';
import { type ClusterNode, type Operation, type Primitive, parseRole, type Role, roles } from '../model/index.ts';
import { type Action, OPTIONAL, RESCHEDULE, RUNNABLE } from './action.ts';
import { action, does, order } from './ordering.ts';
import type { Plan } from './plan.ts';
import { FIRST_IMPLIES_THEN, ORDERED, relate, UNRUNNABLE_FIRST_BLOCKS } from './relation.ts';
import { requestAction } from './request.ts';

const blocksAndRequires = FIRST_IMPLIES_THEN | UNRUNNABLE_FIRST_BLOCKS;
const blocksInOrder = ORDERED | UNRUNNABLE_FIRST_BLOCKS;

/** Exit code 7 of an agent, `not running`, and 8, `running promoted`: what such a monitor expects. */
const notRunning = '7';
const runningPromoted = '8';

/** What happens once, on request, and never on a schedule. */
const oneTimeTasks = new Set(['start', 'stop', 'promote', 'demote', 'reload-agent', 'migrate_to', 'migrate_from']);

export function createRecurring(plan: Plan, resource: Primitive): void {
  if (resource.blocked || resource.maintenance) return;
  const node = resource.assignedNode;
  const runs = resource.nextRole !== roles.stopped || !resource.managed;
  const start =
    node !== undefined && !node.maintenance && runs
      ? requestAction(plan, { resource, task: 'start', node, need: 'optional' })
      : undefined;
  for (const operation of resource.operations) {
    const role = recurringRole(resource, operation);
    if (role === 'none') continue;
    if (role === roles.stopped) createForStopped(plan, resource, operation);
    else if (start !== undefined && node !== undefined)
      createForActive(plan, resource, { operation, role, start, node });
  }
}

/** The role an operation recurs for, Unknown for any but Promoted; `none` when it does not recur. */
function recurringRole(resource: Primitive, operation: Operation): Role | 'none' {
  const { name, intervalMs, id, xml } = operation;
  if (intervalMs === 0 || id === undefined || oneTimeTasks.has(name)) return 'none';
  if (resource.operations.some((each) => each !== operation && each.name === name && each.intervalMs === intervalMs)) {
    return 'none';
  }
  if (enabledOperation(resource, { task: name, intervalMs }) === undefined) return 'none';
  const text = xml.get('role');
  if (text === undefined) return roles.unknown;
  const role = parseRole(text);
  return role === undefined || role === roles.unknown ? 'none' : role;
}

type Active = {
  readonly operation: Operation;
  readonly role: Role;
  readonly start: Action;
  readonly node: ClusterNode;
};

function createForActive(plan: Plan, resource: Primitive, active: Active): void {
  const { operation, role, start, node } = active;
  const { name, intervalMs } = operation;
  const known = plan.findAll(resource, name, node, intervalMs);
  const runsNow = start.optional && known.length > 0 && known.every((each) => !each.has(RESCHEDULE));
  const wanted = role === roles.unknown ? resource.nextRole !== roles.promoted : resource.nextRole === role;
  if (!wanted) {
    if (runsNow) cancelForRoleChange(plan, resource, { name, intervalMs, node });
    return;
  }
  const need = runsNow ? 'optional' : 'required';
  const monitor = requestAction(plan, { resource, task: name, node, need, intervalMs });
  if (!start.runnable || !node.online || node.unclean) monitor.clear(RUNNABLE);
  if (resource.nextRole === roles.promoted) monitor.addMeta('op_target_rc', runningPromoted);
  if (!resource.managed) return;
  order(plan, does(resource, 'start'), action(monitor), blocksAndRequires);
  order(plan, does(resource, 'reload-agent'), action(monitor), blocksAndRequires);
  if (resource.nextRole === roles.promoted) order(plan, does(resource, 'promote'), action(monitor), blocksInOrder);
  else if (resource.currentRole === roles.promoted) {
    order(plan, does(resource, 'demote'), action(monitor), blocksInOrder);
  }
}

type Recurrence = { readonly name: string; readonly intervalMs: number; readonly node: ClusterNode };

function cancelForRoleChange(plan: Plan, resource: Primitive, recurrence: Recurrence): void {
  const cancel = requestCancel(plan, resource, recurrence);
  const { currentRole, nextRole } = resource;
  const before = (task: string) => order(plan, action(cancel), does(resource, task), UNRUNNABLE_FIRST_BLOCKS);
  if (currentRole === roles.promoted) before('demote');
  else if (currentRole === roles.started || currentRole === roles.unpromoted) {
    if (nextRole === roles.promoted) before('promote');
    else if (nextRole === roles.stopped) before('stop');
  }
}

/** A cancellation has the key of what it cancels, so it takes its place. */
export function requestCancel(plan: Plan, resource: Primitive, recurrence: Recurrence): Action {
  const { name, intervalMs, node } = recurrence;
  const cancel = requestAction(plan, { resource, task: name, node, need: 'required', intervalMs });
  cancel.task = 'cancel';
  cancel.addMeta('operation', name);
  cancel.addMeta('interval', String(intervalMs));
  return cancel;
}

/** The monitor that expects the resource to be stopped wherever it is not assigned. */
function createForStopped(plan: Plan, resource: Primitive, { name, intervalMs }: Operation): void {
  if (!resource.unique) return;
  for (const node of plan.cluster.nodes) {
    const known = plan.find(resource, name, node, intervalMs) !== undefined;
    if (node !== resource.assignedNode) {
      const need = known ? 'optional' : 'required';
      const monitor = requestAction(plan, { resource, task: name, node, need, intervalMs });
      monitor.addMeta('op_target_rc', notRunning);
      orderForStopped(plan, resource, monitor, node);
    } else if (known) {
      const cancel = requestCancel(plan, resource, { name, intervalMs, node });
      if (resource.nextRole === roles.started || resource.nextRole === roles.unpromoted) {
        order(plan, action(cancel), does(resource, 'start'), UNRUNNABLE_FIRST_BLOCKS);
      }
    }
  }
}

function orderForStopped(plan: Plan, resource: Primitive, monitor: Action, node: ClusterNode): void {
  if (resource.managed) {
    for (const probe of plan.findAll(resource, 'monitor', node)) relate(probe, monitor, UNRUNNABLE_FIRST_BLOCKS);
  }
  for (const stop of plan.findAll(resource, 'stop', node)) {
    if (stop.required && monitor.required && !resource.managed) monitor.set(OPTIONAL);
    if (!stop.runnable) monitor.clear(RUNNABLE);
    if (resource.managed) order(plan, action(stop), action(monitor), blocksAndRequires);
  }
  if (!node.online || node.unclean) monitor.clear(RUNNABLE);
}
