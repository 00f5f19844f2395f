// Notifications: the instances of a clone are told before and after others are started, stopped, promoted or demoted.
// Around each such pair of milestones (begin, completion) stand four more: pre and its confirmation, post and its
// confirmation.

import { INFINITY_SCORE } from '../../kit/index.ts';
import type { Clone, Primitive, Resource } from '../model/index.ts';
import { type Action, type NotifyPhase, RUNNABLE } from './action.ts';
import type { Plan } from './plan.ts';
import { FIRST_IMPLIES_THEN, ORDERED, relate } from './relation.ts';
import { requestMilestone } from './request.ts';

/** The milestones of one pair; those of a stop that fencing implies have no pre. */
export type Notification = {
  readonly task: string;
  readonly pre: Action | undefined;
  readonly preDone: Action | undefined;
  readonly post: Action;
  readonly postDone: Action;
};

export type NotifiedTask = 'start' | 'stop' | 'promote' | 'demote';
export type Notifications = { readonly [Task in NotifiedTask]?: Notification };

export type NotifiedPair = {
  readonly task: string;
  /** Undefined when the task is implied and has no beginning of its own. */
  readonly action: Action | undefined;
  readonly completion: Action;
};

export function createNotification(plan: Plan, resource: Clone | Primitive, pair: NotifiedPair): Notification {
  const { task, action, completion } = pair;
  const make = (phase: NotifyPhase, about: Action) => createMilestone(plan, resource, { phase, about, task });
  const pre = action === undefined ? undefined : make('pre', action);
  const preDone = action === undefined ? undefined : make('confirmed-pre', action);
  for (const milestone of [pre, preDone]) milestone?.set(RUNNABLE);
  if (pre !== undefined && preDone !== undefined && action !== undefined) {
    relate(pre, preDone, ORDERED);
    relate(preDone, action, ORDERED);
  }
  const post = make('post', completion);
  const postDone = make('confirmed-post', completion);
  for (const milestone of [post, postDone]) {
    milestone.priority = INFINITY_SCORE;
    if (completion.runnable) milestone.set(RUNNABLE);
    else milestone.clear(RUNNABLE);
  }
  relate(completion, post, FIRST_IMPLIES_THEN);
  relate(post, postDone, FIRST_IMPLIES_THEN);
  if (preDone !== undefined) relate(preDone, post, ORDERED);
  return { task, pre, preDone, post, postDone };
}

type Milestone = { readonly phase: NotifyPhase; readonly about: Action; readonly task: string };

function createMilestone(plan: Plan, resource: Resource, { phase, about, task }: Milestone): Action {
  const confirmed = phase.startsWith('confirmed-');
  const milestone = requestMilestone(plan, {
    resource,
    task: confirmed ? 'notified' : 'notify',
    name: `${phase}_notify_${about.task}`,
    need: about.optional ? 'optional' : 'required',
  });
  milestone.addMeta('notify_key_type', phase);
  milestone.addMeta('notify_key_operation', about.task);
  milestone.addMeta('notify_type', phase.endsWith('pre') ? 'pre' : 'post');
  milestone.addMeta('notify_operation', task);
  return milestone;
}

/** Keeps the clone's pairs for the graph phase, and orders them among each other. */
export function addNotifications(plan: Plan, clone: Clone, added: Notifications): void {
  const all = { ...plan.notifications.get(clone), ...added };
  plan.notifications.set(clone, all);
  const before = (first: Notification | undefined, next: Notification | undefined) => {
    if (first !== undefined && next?.pre !== undefined) relate(first.postDone, next.pre, ORDERED);
  };
  const { start, stop, promote, demote } = all;
  if (added.start !== undefined) before(stop, start);
  if (added.promote === undefined) return;
  for (const first of [stop, start, demote]) before(first, promote);
  before(demote, start);
  before(demote, stop);
}
