// What has to run together with something that cannot start, or be promoted, cannot start either.

import { INFINITY_SCORE } from '../../kit/index.ts';
import { withThisOf } from '../colocation/lists.ts';
import { childrenOf, outermostOf } from '../configuration/tree.ts';
import { type Resource, roles } from '../model/index.ts';
import { type Action, RUNNABLE } from './action.ts';
import type { Engine } from './engine.ts';

/** Blocks the mandatory dependents of an action that cannot run; anything but a start or promote has none. */
export function blockColocationDependents(engine: Engine, action: Action): void {
  if (action.runnable || action.resource === undefined) return;
  if (action.task !== 'start' && action.task !== 'promote') return;
  const primary = outermostOf(action.resource);
  if (!cannotAnywhere(engine, primary, action.task)) return;
  for (const colocation of withThisOf(primary)) {
    if (colocation.score < INFINITY_SCORE) continue;
    if (action.task === 'promote' && colocation.primaryRole !== roles.promoted) continue;
    const task = colocation.dependentRole === roles.promoted ? 'promote' : 'start';
    blockTask(engine, colocation.dependent, task, action.resource);
  }
}

/** Every part of a collective has the action, and none of them can run. */
function cannotAnywhere(engine: Engine, resource: Resource, task: string): boolean {
  return childrenOf(resource).every((child) => engine.plan.newest(child, task, undefined)?.runnable === false);
}

function blockTask(engine: Engine, dependent: Resource, task: string, cause: Resource): void {
  const actions = engine.plan.named(dependent, task);
  for (let index = actions.length - 1; index >= 0; index--) {
    const blocked = actions[index];
    if (blocked === undefined || !blocked.runnable) continue;
    blocked.clear(RUNNABLE);
    blocked.explain(`colocation with ${cause.id}`);
    engine.blocked.push(blocked);
    blockColocationDependents(engine, blocked);
    engine.update(blocked);
  }
  for (const child of childrenOf(dependent)) blockTask(engine, child, task, cause);
}
