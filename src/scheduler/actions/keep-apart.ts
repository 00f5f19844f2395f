// Two resources that may never share a node can still follow one another there: one leaves before the other comes.

import { type Colocation, type Resource, type Role, roles } from '../model/index.ts';
import { does, order } from './ordering.ts';
import type { Plan } from './plan.ts';
import { IF_REQUIRED_ON_SAME_NODE } from './relation.ts';

export function orderApart(plan: Plan, { dependent, dependentRole, primary, primaryRole }: Colocation): void {
  orderOneWay(plan, [dependent, dependentRole], [primary, primaryRole]);
  orderOneWay(plan, [primary, primaryRole], [dependent, dependentRole]);
}

type Side = readonly [resource: Resource, role: Role];

function orderOneWay(plan: Plan, [leaver, leaverRole]: Side, [comer, comerRole]: Side): void {
  for (const leaving of leavingTasks(leaverRole)) {
    for (const coming of comingTasks(comerRole)) {
      order(plan, does(leaver, leaving), does(comer, coming), IF_REQUIRED_ON_SAME_NODE);
    }
  }
}

/** What ends a role (any, when none is named). */
function leavingTasks(role: Role): readonly string[] {
  if (role === roles.promoted) return ['demote'];
  return role === roles.unpromoted ? ['stop', 'promote'] : ['stop'];
}

function comingTasks(role: Role): readonly string[] {
  if (role === roles.promoted) return ['promote'];
  return role === roles.unpromoted ? ['start', 'demote'] : ['start'];
}
