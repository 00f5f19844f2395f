// The flags of an action of a group, clone or bundle follow from what its parts do: it is required as soon as one part's
// action is, and cannot run when none of them can. Asking for the summary also writes it into the action.

import { childrenOf } from '../configuration/tree.ts';
import type { ClusterNode, Group, Resource } from '../model/index.ts';
import { type Action, OPTIONAL, PSEUDO, RUNNABLE } from './action.ts';
import { containersOf } from './family.ts';
import { newestOf, type Plan } from './plan.ts';
import { notifiedTaskOf, taskCompletedBy } from './tasks.ts';

/**
 * The flags of `action` as seen by an action that is ordered against it. For a clone a known `otherNode` limits the
 * look to the instances there, except that it can run if it can run anywhere.
 */
export function orderingFlags(plan: Plan, action: Action, otherNode: ClusterNode | undefined): number {
  const { resource } = action;
  if (resource === undefined || resource.variant === 'primitive') return action.flags;
  const flags = summaryFlags(plan, action, undefined);
  if (resource.variant !== 'clone' || otherNode === undefined) return flags;
  return summaryFlags(plan, action, otherNode) | (flags & RUNNABLE);
}

/** The summary for an action on the parts that are on `node` (on all when undefined). */
export function summaryFlags(plan: Plan, action: Action, node: ClusterNode | undefined): number {
  switch (action.resource?.variant) {
    case 'group':
      return groupFlags(plan, action, action.resource, node);
    case 'clone':
    case 'bundle':
      return cloneFlags(plan, action, action.resource, node);
    default:
      return action.flags;
  }
}

function groupFlags(plan: Plan, action: Action, group: Group, node: ClusterNode | undefined): number {
  const task = taskCompletedBy(action.task);
  const { newest, byPart } = plan.partsNamed(group, task);
  /** What all parts have. */
  let common = OPTIONAL | RUNNABLE;
  let isMissing = false;
  const parts = node === undefined ? newest : byPart.map((actions) => newestOf(actions, node));
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index];
    if (part === undefined) isMissing = true;
    else common &= part.flags;
  }
  if ((common & OPTIONAL) === 0) action.clear(OPTIONAL);
  const isBlocked = task !== action.task && (common & RUNNABLE) === 0;
  if (isBlocked) action.clear(RUNNABLE);
  const lacksPart = isMissing && task !== 'stop' && task !== 'demote';
  return PSEUDO | (common & OPTIONAL) | (isBlocked || lacksPart ? 0 : RUNNABLE);
}

function cloneFlags(plan: Plan, action: Action, collective: Resource, node: ClusterNode | undefined): number {
  let flags = OPTIONAL | RUNNABLE | PSEUDO;
  let someRunnable = false;
  const task = notifiedTaskOf(action);
  for (const instance of instancesDoing(collective, task)) {
    const primitive = instance.variant === 'primitive';
    const part = plan.newest(instance, primitive ? taskCompletedBy(task) : task, primitive ? node : undefined);
    if (part === undefined) continue;
    const partFlags = summaryFlags(plan, part, node);
    if ((partFlags & OPTIONAL) === 0) {
      flags &= ~OPTIONAL;
      action.clear(OPTIONAL);
    }
    someRunnable ||= (partFlags & RUNNABLE) !== 0;
  }
  if (!someRunnable) {
    flags &= ~RUNNABLE;
    if (node === undefined) action.clear(RUNNABLE);
  }
  return flags;
}

/** Of a bundle the containers start and stop, while what is inside them promotes, demotes and is notified. */
function instancesDoing(collective: Resource, task: string): readonly Resource[] {
  if (collective.variant !== 'bundle') return childrenOf(collective);
  switch (taskCompletedBy(task)) {
    case 'start':
    case 'stop':
      return containersOf(collective);
    default:
      return collective.clone?.instances ?? [];
  }
}
