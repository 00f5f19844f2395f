// Carries out, in order, what reading the status and the constraints asked for.

import type { Demand, Reach } from '../model/index.ts';
import { type Action, ON_DC, OPTIONAL, RUNNABLE } from './action.ts';
import { requestFence } from './fence-action.ts';
import { orderApart } from './keep-apart.ts';
import { unpackOrder } from './order-constraint.ts';
import type { Plan } from './plan.ts';
import { FIRST_IMPLIES_THEN, relate } from './relation.ts';
import { requestAction } from './request.ts';

/** Meets the demands there are; those made meanwhile by requests are met at once, where they arise. */
export function meetDemands(plan: Plan): void {
  for (const demand of plan.cluster.demands.splice(0)) meet(plan, demand);
}

function meet(plan: Plan, demand: Demand): void {
  switch (demand.kind) {
    case 'fence':
      requestFence(plan, { ...demand, need: 'optional' });
      break;
    case 'clear-failcount':
      applyReach(clearFailCount(plan, demand), demand.reach);
      break;
    case 'delete-history': {
      const { resource, node } = demand;
      const erase = requestAction(plan, { resource, task: 'lrm_delete', node, need: 'required' });
      erase.set(ON_DC | RUNNABLE);
      break;
    }
    case 'stop':
    case 'demote': {
      const { kind: task, resource, node, reach } = demand;
      applyReach(requestAction(plan, { resource, task, node, need: 'required' }), reach);
      break;
    }
    case 'stop-not-needed':
      for (const stop of plan.findAll(demand.resource, 'stop', demand.node)) stop.set(OPTIONAL);
      break;
    case 'recurring': {
      const { resource, node, entry } = demand;
      const { task, intervalMs } = entry;
      requestAction(plan, { resource, task, node, need: 'optional', intervalMs });
      break;
    }
    case 'keep-apart':
      orderApart(plan, demand.colocation);
      break;
    case 'ordering':
      unpackOrder(plan, demand.xml);
      break;
  }
}

/** What could run when it was asked for stays so, until it is asked for again. */
function applyReach(action: Action, reach: Reach): void {
  if (reach === 'reached') action.set(RUNNABLE);
  else action.clear(RUNNABLE);
}

export type FailCountClearing = Extract<Demand, { readonly kind: 'clear-failcount' }>;

export function clearFailCount(plan: Plan, clearing: Omit<FailCountClearing, 'kind' | 'reach'>): Action {
  const { resource, node, afterFencing } = clearing;
  const clear = requestAction(plan, { resource, task: 'clear_failcount', node, need: 'required' });
  clear.addMeta('op_no_wait', 'true');
  if (afterFencing !== undefined) {
    relate(requestFence(plan, { node: afterFencing, need: 'optional' }), clear, FIRST_IMPLIES_THEN);
  }
  return clear;
}
