// Why an action is there, why it is not needed, or why it cannot be done.

import { type Action, IN_GRAPH, primitiveOf } from '../actions/action.ts';
import { currentNodeOf } from '../actions/family.ts';
import type { Plan } from '../actions/plan.ts';
import { UNRUNNABLE_FIRST_BLOCKS } from '../actions/relation.ts';
import { visitTree } from '../configuration/tree.ts';
import type { Synapse, TransitionGraph } from '../graph/graph.ts';
import { formatRole, type Primitive, type Resource } from '../model/index.ts';
import { unavailability } from './placement-reasons.ts';

export type ActionReasons = {
  readonly id: number;
  readonly action: string;
  readonly node: string | undefined;
  readonly state: 'will be done' | 'not needed' | 'cannot be done';
  /** One clause. */
  readonly why: string;
  /** What has to be confirmed first. */
  readonly waitsFor: readonly string[];
};

/** Every action of a resource and of all that is in it, in the order in which they were made. */
export function actionReasons(plan: Plan, graph: TransitionGraph, resource: Resource): ActionReasons[] {
  const synapses = new Map<Action, Synapse>(graph.synapses.map((synapse) => [synapse.action, synapse]));
  const actions: Action[] = [];
  visitTree(resource, (each) => actions.push(...plan.actionsOf(each)));
  return actions.sort((a, b) => a.id - b.id).map((action) => reasonsOf(action, synapses.get(action)));
}

function reasonsOf(action: Action, synapse: Synapse | undefined): ActionReasons {
  const common = { id: action.id, action: action.key, node: action.node?.name };
  const waitsFor = (synapse?.inputs ?? []).map(nameOf);
  if (action.has(IN_GRAPH)) return { ...common, state: 'will be done', why: need(action), waitsFor };
  if (action.optional) return { ...common, state: 'not needed', why: 'nothing asks for it', waitsFor };
  return { ...common, state: 'cannot be done', why: obstacle(action), waitsFor };
}

export function nameOf(action: Action): string {
  return action.node === undefined ? action.key : `${action.key} on ${action.node.name}`;
}

function need(action: Action): string {
  const { task, intervalMs, reason, optional } = action;
  if (reason !== undefined) return reason;
  if (optional) return 'others show in the graph that they happen around it';
  if (task === 'monitor' && intervalMs === 0) return 'it is not known whether the resource runs there';
  if (action.pseudo) return 'it marks a step that others wait for';
  if (intervalMs !== 0) return task === 'cancel' ? 'it is not wanted any more' : 'the configuration asks for it';
  const resource = primitiveOf(action);
  if (resource === undefined) return 'it is needed';
  return purposeOf(resource);
}

function purposeOf(resource: Primitive): string {
  const { id, assignedNode, currentRole, nextRole } = resource;
  const from = currentNodeOf(resource);
  if (currentRole !== nextRole) {
    const place = assignedNode === undefined ? '' : ` on ${assignedNode.name}`;
    return `${id} goes from ${formatRole(currentRole)} to ${formatRole(nextRole)}${place}`;
  }
  if (from === undefined || assignedNode === undefined || from === assignedNode) return `${id} is restarted`;
  return `${id} moves from ${from.name} to ${assignedNode.name}`;
}

function obstacle(action: Action): string {
  if (action.reason !== undefined) return action.reason;
  const { resource, node } = action;
  if (resource !== undefined && !resource.managed) return `${resource.id} is not managed`;
  for (const { first, attached } of action.befores) {
    if (!first.runnable && (attached & UNRUNNABLE_FIRST_BLOCKS) !== 0) return `${nameOf(first)} cannot be done`;
  }
  if (node === undefined) return 'there is no node for it';
  const why = unavailability(node);
  return why === undefined ? 'what it depends on cannot be done' : `of ${node.name}: ${why}`;
}

/** A line for each action that will be done or cannot be. */
export function formatActionReasons(reasons: readonly ActionReasons[]): string {
  const shown = reasons.filter(({ state }) => state !== 'not needed');
  if (shown.length === 0) return '  no action is needed\n';
  return shown
    .map(({ action, node, state, why, waitsFor }) => {
      const place = node === undefined ? '' : ` on ${node}`;
      const after = waitsFor.length === 0 ? '' : `, after ${waitsFor.join(', ')}`;
      return `  ${action}${place} ${state}: ${why}${after}\n`;
    })
    .join('');
}
