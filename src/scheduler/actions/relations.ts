// From ordering records to relations between actions, once all actions are made. A record may name an action that nobody
// requested: then it is made here, without node and thus not runnable, and blocks what depends on it.

import { type Resource, roles } from '../model/index.ts';
import { type Action, MIGRATION_ABORT } from './action.ts';
import { currentRoleOf } from './family.ts';
import type { Ordering, OrderingSide } from './ordering.ts';
import type { Plan } from './plan.ts';
import { FIRST_IMPLIES_THEN, relate, relateProbes } from './relation.ts';
import { requestAction } from './request.ts';

export function relateOrderings(plan: Plan): void {
  plan.orderings.forEach((ordering) => {
    relateOrdering(plan, ordering);
  });
}

function relateOrdering(plan: Plan, { first, next, kinds, alike }: Ordering): void {
  const firsts = first.resource === undefined ? concrete(first) : firstActions(plan, first, first.resource, next);
  for (let index = 0; index < firsts.length; index++) relateFirst(plan, firsts[index] as Action, next, kinds);
  if (alike === undefined || next.resource === undefined) return;
  for (const action of plan.named(next.resource, next.task)) relateProbes(alike, action, kinds);
}

function concrete(side: OrderingSide): readonly Action[] {
  return side.action === undefined ? [] : [side.action];
}

function firstActions(plan: Plan, first: OrderingSide, resource: Resource, next: OrderingSide): readonly Action[] {
  if (first.action !== undefined) return [first.action];
  const known = plan.named(resource, first.task);
  if (known.length > 0) return known;
  if (resource === next.resource) return [];
  const role = currentRoleOf(resource);
  if (first.task === 'stop' && role === roles.stopped) return [];
  if (first.task === 'demote' && role === roles.unpromoted) return [];
  return [requestAction(plan, { resource, task: first.task, node: undefined, need: 'optional' })];
}

function relateFirst(plan: Plan, first: Action, next: OrderingSide, kinds: number): void {
  const resource = next.resource ?? next.action?.resource;
  if (resource === undefined) {
    for (const action of concrete(next)) relate(first, action, kinds);
    return;
  }
  const abortsMigration = first.resource === resource && first.has(MIGRATION_ABORT);
  const effective = abortsMigration ? kinds & ~FIRST_IMPLIES_THEN : kinds;
  if (next.action !== undefined) relate(first, next.action, effective);
  else {
    const nexts = plan.named(resource, next.task);
    for (let index = 0; index < nexts.length; index++) relate(first, nexts[index] as Action, effective);
  }
}
