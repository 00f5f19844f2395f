// Relations that cannot be kept. On a guest node nothing waits for, or precedes, the container the guest lives in, unless
// it was meant so; and room made on a migration's target must not wait for that same migration.

import { isInput } from '../graph/inputs.ts';
import type { Action } from './action.ts';
import { containerOf } from './family.ts';
import type { Plan } from './plan.ts';
import { GUEST_ALLOWED, IF_ON_SAME_NODE_OR_TARGET, pairwise } from './relation.ts';

export function disableInvalidRelations(plan: Plan): void {
  for (let index = plan.actions.length - 1; index >= 0; index--) {
    const action = plan.actions[index];
    if (action !== undefined) disableInvalidBefores(action);
  }
}

function disableInvalidBefores(action: Action): void {
  for (let index = action.befores.length - 1; index >= 0; index--) {
    const relation = action.befores[index];
    if (relation === undefined || relation.kinds === 0) continue;
    const { first } = relation;
    const guestRestricted = (relation.kinds & GUEST_ALLOWED) === 0 && first.resource !== undefined;
    if (guestRestricted && action.resource !== undefined && containerOf(first.node) === action.resource) {
      relation.kinds = 0;
    } else if (relation.kinds === IF_ON_SAME_NODE_OR_TARGET && action.task === 'migrate_to') {
      if (leadsBack(first, action)) relation.kinds = 0;
    }
  }
}

/** Whether following what must come before `start` leads to `target`. */
function leadsBack(start: Action, target: Action): boolean {
  const seen = new Set<Action>([start]);
  const open = [start];
  for (let action = open.pop(); action !== undefined; action = open.pop()) {
    if (action === target) return true;
    for (const relation of pairwise(action.befores)) {
      if (seen.has(relation.first) || !isInput(action, relation)) continue;
      seen.add(relation.first);
      open.push(relation.first);
    }
  }
  return false;
}
