// An ordering record names what has to happen first and what then, at a time when the actions may not exist yet. Once
// all actions are made, records become relations between actions (see relations-from-orderings.ts).

import type { Primitive, Resource } from '../model/index.ts';
import type { Action } from './action.ts';
import { isAncestor, isMigratable } from './family.ts';
import type { Plan } from './plan.ts';
import { IF_FIRST_UNMIGRATABLE, ORDERED } from './relation.ts';

/** One side: an action that exists, or what a resource does (a task of interval 0), or both. */
export type OrderingSide = {
  readonly resource: Resource | undefined;
  readonly task: string;
  readonly action: Action | undefined;
};

export type Ordering = {
  readonly first: OrderingSide;
  readonly next: OrderingSide;
  readonly kinds: number;
  /** Probes that come before `next` just as `first` does: one record serves a resource's probes on all nodes. */
  alike: Action[] | undefined;
};

/** What `resource` does. */
export function does(resource: Resource, task: string): OrderingSide {
  return { resource, task, action: undefined };
}

/** An action that exists, with the resource it belongs to, if any: it is a side as it stands. */
export function action(given: Action): OrderingSide {
  return given;
}

/** An action that stands for itself, whatever resource it belongs to. */
export function milestone(given: Action): OrderingSide {
  return { resource: undefined, task: given.task, action: given };
}

/** Records that `first` goes before `then`, and what follows from it for live migrations. */
export function order(plan: Plan, first: OrderingSide, next: OrderingSide, kinds: number): void {
  plan.orderings.push({ first, next, kinds, alike: undefined });
  const [a, b] = [first.resource, next.resource];
  if (a === undefined || b === undefined || a === b || !(isMigratable(a) || isMigratable(b))) return;
  orderMigrationEquivalents(plan, { resource: a, task: first.task }, { resource: b, task: next.task });
}

/** Records that a probe goes before the start of its resource: a mere sequence. */
export function orderProbeBeforeStart(plan: Plan, probe: Action, resource: Primitive): void {
  const known = plan.probesBeforeStart[resource.index];
  if (known !== undefined) {
    known.alike ??= [];
    known.alike.push(probe);
    return;
  }
  order(plan, probe, does(resource, 'start'), ORDERED);
  plan.probesBeforeStart[resource.index] = plan.orderings.at(-1);
}

type ResourceSide = { readonly resource: Resource; readonly task: string };

/** A live migration takes the place of stop and start; what is ordered against those is ordered against it. */
function orderMigrationEquivalents(plan: Plan, first: ResourceSide, next: ResourceSide): void {
  const a = first.resource;
  const b = next.resource;
  if (isAncestor(a, b) || isAncestor(b, a)) return;
  const also = (task: string, thenTask: string, kinds: number) =>
    plan.orderings.push({ first: does(a, task), next: does(b, thenTask), kinds, alike: undefined });
  const kinds = isMigratable(a) ? ORDERED | IF_FIRST_UNMIGRATABLE : ORDERED;
  switch (`${first.task} ${next.task}`) {
    case 'start start':
      if (isMigratable(a) && isMigratable(b)) also('migrate_from', 'migrate_to', ORDERED);
      if (isMigratable(b)) also('start', 'migrate_to', kinds);
      break;
    case 'stop stop':
      if (!isMigratable(b)) break;
      also('stop', 'migrate_to', kinds);
      if (hasPartialTarget(b)) also('stop', 'migrate_from', kinds);
      break;
    case 'promote start':
      if (isMigratable(b)) also('promote', 'migrate_to', ORDERED);
      break;
    case 'demote stop':
      if (!isMigratable(b)) break;
      also('demote', 'migrate_to', ORDERED);
      if (hasPartialTarget(b)) also('demote', 'migrate_from', ORDERED);
      break;
  }
}

function hasPartialTarget(resource: Resource): resource is Primitive {
  return resource.variant === 'primitive' && resource.migration !== undefined;
}
