// Groups, clones and bundles have actions of their own: milestones that say that all of their parts are about to do
// something, or have done it.

import { isTrue } from '../../cib/index.ts';
import { INFINITY_SCORE } from '../../kit/index.ts';
import type { Bundle, Clone, Group, Resource } from '../model/index.ts';
import { type Action, MIGRATABLE, RUNNABLE } from './action.ts';
import { containersOf, primitivesOf } from './family.ts';
import { addNotifications, createNotification, type Notification } from './notification.ts';
import type { Plan } from './plan.ts';
import { createPrimitiveActions } from './primitive-actions.ts';
import { requestMilestone } from './request.ts';

export function createActions(plan: Plan, resource: Resource): void {
  switch (resource.variant) {
    case 'primitive':
      createPrimitiveActions(plan, resource);
      break;
    case 'group':
      createGroupActions(plan, resource);
      break;
    case 'clone':
      createCloneActions(plan, resource);
      break;
    case 'bundle':
      createBundleActions(plan, resource);
      break;
  }
}

function createGroupActions(plan: Plan, group: Group): void {
  for (const member of group.members) createActions(plan, member);
  createMilestones(plan, group, ['start', 'running', 'stop', 'stopped']);
  if (isTrue(group.meta.get('promotable'))) {
    createMilestones(plan, group, ['demote', 'demoted', 'promote', 'promoted']);
  }
}

function createMilestones(plan: Plan, resource: Resource, tasks: readonly string[]): Action[] {
  return tasks.map((task) => {
    const made = requestMilestone(plan, { resource, task, need: 'optional' });
    made.set(RUNNABLE);
    return made;
  });
}

function createCloneActions(plan: Plan, clone: Clone): void {
  for (const instance of clone.instances) createActions(plan, instance);
  createStartStop(plan, clone, clone.instances);
  if (clone.promotable) createPromoteDemote(plan, clone);
}

function createBundleActions(plan: Plan, bundle: Bundle): void {
  for (const { ip, container, connection } of bundle.replicas) {
    for (const part of [ip, container, connection]) if (part !== undefined) createActions(plan, part);
  }
  const containers = containersOf(bundle);
  for (const container of containers) createActions(plan, container);
  createStartStop(plan, bundle, containers);
  const { clone } = bundle;
  if (clone === undefined) return;
  createActions(plan, clone);
  if (!clone.promotable) return;
  const [, promoted, , demoted] = createMilestones(plan, bundle, ['promote', 'promoted', 'demote', 'demoted']);
  for (const completion of [promoted, demoted]) if (completion !== undefined) completion.priority = INFINITY_SCORE;
}

/** What the primitives of all instances are going to do. */
type Activity = { starting: boolean; stopping: boolean; restarting: boolean; active: boolean };

function activityOf(plan: Plan, instances: readonly Resource[]): Activity {
  const activity: Activity = { starting: false, stopping: false, restarting: false, active: false };
  for (const instance of instances) {
    for (const primitive of primitivesOf(instance)) {
      if (primitive.activeNodes.length > 0) activity.active = true;
      const actions = plan.actionsOf(primitive);
      const starts = actions.some((each) => each.task === 'start' && each.required && each.runnable);
      const stops = actions.some((each) => each.task === 'stop' && each.required && (each.pseudo || each.runnable));
      activity.starting ||= starts;
      activity.stopping ||= stops;
      activity.restarting ||= starts && stops;
    }
  }
  return activity;
}

function createStartStop(plan: Plan, collective: Clone | Bundle, instances: readonly Resource[]): void {
  const { starting, stopping, restarting, active } = activityOf(plan, instances);
  const milestoneFor = (task: string, needed: boolean) =>
    requestMilestone(plan, { resource: collective, task, need: needed ? 'required' : 'optional' });
  const start = milestoneFor('start', starting);
  start.set(RUNNABLE);
  const running = milestoneFor('running', starting);
  running.priority = INFINITY_SCORE;
  if (starting || active) running.set(RUNNABLE);
  else running.clear(RUNNABLE);
  const stop = milestoneFor('stop', stopping);
  stop.set(RUNNABLE);
  const stopped = milestoneFor('stopped', stopping);
  stopped.priority = INFINITY_SCORE;
  stopped.set(RUNNABLE);
  if (restarting) stop.clear(MIGRATABLE);
  else stop.set(MIGRATABLE);
  if (collective.variant !== 'clone' || !collective.notify) return;
  const forStart = createNotification(plan, collective, { task: 'start', action: start, completion: running });
  const forStop = createNotification(plan, collective, { task: 'stop', action: stop, completion: stopped });
  addNotifications(plan, collective, { start: forStart, stop: forStop });
}

function createPromoteDemote(plan: Plan, clone: Clone): void {
  for (const instance of clone.instances) createActions(plan, instance);
  const some = (task: string) => clone.instances.some((instance) => requires(plan, instance, task));
  const [promoting, demoting] = [some('promote'), some('demote')];
  const forPromote = createRolePair(plan, clone, 'promote', promoting);
  const forDemote = createRolePair(plan, clone, 'demote', demoting);
  if (forPromote !== undefined && forDemote !== undefined) {
    addNotifications(plan, clone, { promote: forPromote, demote: forDemote });
  }
  // While roles were chosen, the priority of an instance was its promotion score.
  for (const instance of clone.instances) instance.priority = clone.priority;
}

function requires(plan: Plan, instance: Resource, task: string): boolean {
  for (const primitive of primitivesOf(instance)) {
    if (plan.actionsOf(primitive).some((each) => each.task === task && each.required)) return true;
  }
  return false;
}

function createRolePair(
  plan: Plan,
  clone: Clone,
  task: 'promote' | 'demote',
  needed: boolean,
): Notification | undefined {
  const need = needed ? 'required' : 'optional';
  const begin = requestMilestone(plan, { resource: clone, task, need });
  const completion = requestMilestone(plan, { resource: clone, task: `${task}d`, need });
  begin.set(RUNNABLE);
  completion.set(RUNNABLE);
  completion.priority = INFINITY_SCORE;
  return clone.notify ? createNotification(plan, clone, { task, action: begin, completion }) : undefined;
}
