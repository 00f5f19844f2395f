// Requesting an action: the one that is meant is found, or made, and whether it can run is evaluated anew. A later
// request can thereby turn an action runnable again, and never makes a required action optional.

import { configuredOperation, operationParameters } from '../configuration/operation-meta.ts';
import { type ClusterNode, isGuestOrBundleNode, type QuorumPolicy, type Resource, roles } from '../model/index.ts';
import { canFence, isUp } from '../status/fencing.ts';
import { type Action, ON_DC, OPTIONAL, PSEUDO, RUNNABLE } from './action.ts';
import { currentRoleOf, isActive, nextRoleOf } from './family.ts';
import { decideToFence } from './fence-action.ts';
import { dependsOnNode } from './operation-metadata.ts';
import { keyOf, type NamedActions, oldestOf, type Plan } from './plan.ts';

export type Request = {
  readonly resource: Resource;
  readonly task: string;
  readonly node: ClusterNode | undefined;
  readonly need: 'required' | 'optional';
  /** What the key says in place of the task. */
  readonly name?: string;
  readonly intervalMs?: number;
};

export function requestAction(plan: Plan, request: Request): Action {
  const { resource, task, name = task, intervalMs = 0 } = request;
  return requestInSeries(plan, plan.series(resource, name, intervalMs), request);
}

/** The same where the series of the action is known: a resource is probed on every node. */
export function requestInSeries(plan: Plan, series: NamedActions, request: Request): Action {
  const { resource, node, need } = request;
  const action = oldestOf(series, node) ?? createFor(plan, request, series);
  applyNeed(action, resource, need);
  if (action.node !== undefined) readOwnParameters(plan, action, series);
  evaluateRunnable(plan, action, resource);
  return action;
}

/** A milestone of a resource: it has no node, and nothing is sent anywhere. */
export function requestMilestone(plan: Plan, request: Omit<Request, 'node'>): Action {
  const action = requestAction(plan, { ...request, node: undefined });
  action.set(PSEUDO);
  return action;
}

function createFor(plan: Plan, request: Request, series: NamedActions): Action {
  const { resource, task, node, need, name = task, intervalMs = 0 } = request;
  const operationName = name === task ? task : 'notify';
  // The same on another node has the same key, and the same configuration: one serves a resource's probes on all nodes.
  const alike = series.all[0];
  const key = alike?.key ?? keyOf(resource, name, intervalMs);
  const configured =
    alike === undefined || dependsOnNode(resource)
      ? plan.metadata.of(resource, { task: operationName, intervalMs }, node)
      : alike.configured;
  const action = plan.create(key, task, { series, node, need, intervalMs, configured });
  if (task === 'start' || task === 'promote') action.needs = needsOf(resource);
  return action;
}

function needsOf(resource: Resource): Action['needs'] {
  if (resource.needs.fencing) return 'fencing';
  return resource.needs.quorum ? 'quorum' : 'nothing';
}

function applyNeed(action: Action, resource: Resource, need: Request['need']): void {
  const unmanaged = !resource.managed && !action.pseudo && action.node !== undefined;
  if (unmanaged && action.meta('interval') === undefined) action.set(OPTIONAL);
  else if (need === 'required') action.clear(OPTIONAL);
}

function readOwnParameters(plan: Plan, action: Action, series: NamedActions): void {
  const { resource } = series;
  if (action.ownParameters !== undefined || resource.variant !== 'primitive') return;
  series.hasParameters ??= configuredOperation(resource, action)?.xml.child('instance_attributes') !== undefined;
  if (!series.hasParameters) return;
  action.ownParameters = operationParameters(plan.cluster, resource, action, action.node);
}

function evaluateRunnable(plan: Plan, action: Action, resource: Resource): void {
  if (action.pseudo) return;
  const { node } = action;
  if (node === undefined) {
    action.clear(RUNNABLE);
  } else if (!isUp(node) && !action.has(ON_DC)) {
    action.clear(RUNNABLE);
    if (resource.managed && action.task === 'stop' && !node.unclean) {
      decideToFence(plan, node, 'stop is unrunnable');
    }
  } else if (node.pending && !action.has(ON_DC)) {
    action.clear(RUNNABLE);
  } else if (action.needs === 'nothing') {
    action.reason = undefined;
    if (isGuestOrBundleNode(node) && !canFence(plan.cluster, node)) action.clear(RUNNABLE);
    else action.set(RUNNABLE);
  } else {
    evaluateQuorum(plan, action, resource);
  }
}

function evaluateQuorum(plan: Plan, action: Action, resource: Resource): void {
  switch (effectivePolicy(plan, resource)) {
    case 'stop':
      action.clear(RUNNABLE);
      action.reason = 'no quorum';
      break;
    case 'freeze':
      // What may go on stays as it was (2 §3.5): a start that was asked for before it had a node cannot run.
      if (isActive(resource, 'fully') && nextRoleOf(resource) <= currentRoleOf(resource)) break;
      action.clear(RUNNABLE);
      action.reason = 'quorum freeze';
      break;
    default:
      action.set(RUNNABLE);
  }
}

/** With `demote`, what is promotable is capped instead of stopped. */
function effectivePolicy(plan: Plan, resource: Resource): QuorumPolicy {
  const { quorate, options } = plan.cluster;
  if (quorate) return 'ignore';
  if (options.quorumPolicy !== 'demote') return options.quorumPolicy;
  if (resource.currentRole !== roles.promoted && resource.currentRole !== roles.unpromoted) return 'stop';
  if (resource.nextRole > roles.unpromoted) resource.nextRole = roles.unpromoted;
  return 'ignore';
}
