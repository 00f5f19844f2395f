// The action phases, in the order that decides ids and, where several reasons compete, which one is shown.

import { visitPrimitives } from '../configuration/tree.ts';
import type { Cluster } from '../model/index.ts';
import { effectiveFailCount } from '../status/fail-count.ts';
import { createActions } from './collective-actions.ts';
import { blockColocationDependents } from './colocation-block.ts';
import { createForChanges, createForDeferredChanges } from './configuration-changes.ts';
import { clearFailCount, meetDemands } from './demands.ts';
import { Engine } from './engine.ts';
import { createFencingAndShutdowns } from './fencing-phase.ts';
import { stopExistingActions } from './interleave.ts';
import { createInternalOrderings } from './internal-orderings.ts';
import { disableInvalidRelations } from './invalid-relations.ts';
import { does, action as existing, order } from './ordering.ts';
import { Plan } from './plan.ts';
import { orderProbes } from './probe-orderings.ts';
import { createProbes } from './probes.ts';
import { ORDERED } from './relation.ts';
import { relateOrderings } from './relations.ts';
import { orderRemoteActions } from './remote-ordering.ts';

/** Before assignment: what status and configuration ask for by themselves. */
export function openPlan(cluster: Cluster): Plan {
  const plan = new Plan(cluster);
  meetDemands(plan);
  for (const resource of cluster.resources) createInternalOrderings(plan, resource);
  createForChanges(plan);
  return plan;
}

/** After assignment: all actions, and what each means for the others. */
export function completePlan(plan: Plan): void {
  const { cluster } = plan;
  meetDemands(plan);
  for (const resource of cluster.resources) {
    visitPrimitives(resource, (primitive) => {
      if (primitive.wasLeftOut) stopExistingActions(plan, primitive);
    });
  }
  createForDeferredChanges(plan);
  createProbes(plan);
  if (cluster.options.stopRemovedResources) clearRemoved(plan);
  for (const resource of cluster.resources) createActions(plan, resource);
  orderRemoteActions(plan);
  createFencingAndShutdowns(plan);
  relateOrderings(plan);
  propagate(plan);
}

/** Failures of what is no longer configured are forgotten with it. */
function clearRemoved(plan: Plan): void {
  for (const resource of plan.cluster.resources) {
    if (!resource.removed || resource.variant !== 'primitive') continue;
    for (const node of plan.cluster.nodes) {
      if (!node.online || effectiveFailCount(plan.cluster, resource, node) === 0) continue;
      const clear = clearFailCount(plan, { resource, node, reason: 'it is removed', afterFencing: undefined });
      order(plan, existing(clear), does(resource, 'stop'), ORDERED);
    }
  }
}

function propagate(plan: Plan): void {
  const engine = new Engine(plan);
  const newestFirst = plan.actions.toReversed();
  newestFirst.forEach((action) => {
    blockColocationDependents(engine, action);
  });
  orderProbes(plan);
  // They are relations now, and in a large cluster there are as many as actions.
  plan.orderings.length = 0;
  engine.blocked.length = 0;
  newestFirst.forEach((action) => {
    if (action.befores.length > 0 || action.runnableFirstsMin > 0) engine.update(action);
  });
  // A monitor, say, would wait forever for a start that was blocked only after the monitor had its turn.
  for (const action of engine.blocked) engine.updateAfters(action);
  disableInvalidRelations(plan);
}
