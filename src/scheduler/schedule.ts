// One run of the scheduler, phase by phase. What each phase may assume is what the ones before it have settled:
//
//   read      options, nodes, resources, then what the nodes reported
//   prepare   health, constraints, stickiness, failures: who may run where, and how much that is wanted
//   open      what status and configuration ask for by themselves: ids of actions start here
//   assign    a node and a role for every resource
//   complete  every action, and what each means for the others
//   graph     what will be done, each action with what it waits for

import type { Instant, XmlElement } from '../cib/index.ts';
import { completePlan, openPlan } from './actions/create-plan.ts';
import type { Plan } from './actions/plan.ts';
import { assignResources } from './assignment/assignment.ts';
import type { ScoreListing } from './assignment/listing.ts';
import { createGraph, type TransitionGraph } from './graph/graph.ts';
import type { Cluster, LocalOffset } from './model/index.ts';
import { prepareAssignment, readCluster } from './placement.ts';
import { type ResourceChange, resourceChanges } from './render/transition-summary.ts';

export type RunRequest = {
  /** The whole document, in the form of the current schema. */
  readonly cib: XmlElement;
  /** The time that rules and expiries see. */
  readonly now: Instant;
  /** Keep a ledger of what each score is made of. */
  readonly reasons: boolean;
  /** See RunSettings. */
  readonly secrets?: 'compared' | 'ignored';
  readonly localOffset?: LocalOffset;
};

export type Schedule = {
  readonly cluster: Cluster;
  readonly plan: Plan;
  readonly graph: TransitionGraph;
  readonly scores: ScoreListing;
  /** What happens to each resource, in a line each. */
  readonly changes: readonly ResourceChange[];
};

/** Reads the document and decides what should run where, and what has to be done for it. */
export function schedule(request: RunRequest): Schedule {
  return scheduleCluster(readCluster(request.cib, request));
}

/** The same for a cluster that was read; it is changed, and belongs to this run. */
export function scheduleCluster(cluster: Cluster): Schedule {
  prepareAssignment(cluster);
  const plan = openPlan(cluster);
  const scores = assignResources(cluster);
  completePlan(plan);
  // Looking up what a resource does binds actions that have no node yet, so this comes before the graph.
  const changes = resourceChanges(plan);
  return { cluster, plan, graph: createGraph(plan), scores, changes };
}
