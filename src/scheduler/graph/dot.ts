// The graph as a picture for Graphviz: what will be done in green (milestones in orange letters), what would have to be
// done but cannot in red; on request also what need not be done (blue) and what is not managed (purple letters).

import { type Action, IN_GRAPH } from '../actions/action.ts';
import type { Plan } from '../actions/plan.ts';
import { IF_ON_SAME_NODE_OR_TARGET, pairwise } from '../actions/relation.ts';
import type { TransitionGraph } from './graph.ts';
import { operationKeyOf } from './operation-key.ts';

/** Whether actions that need not be done are drawn too. */
export type DotExtent = 'needed' | 'all';

export function formatDot(scheduled: Scheduled, extent: DotExtent = 'needed'): string {
  return [...dotTexts(scheduled, extent)].join('');
}

type Scheduled = { readonly plan: Plan; readonly graph: TransitionGraph };

/** The same piece by piece: the text of a large cluster may be more than a string can hold. */
export function* dotTexts({ plan, graph }: Scheduled, extent: DotExtent): Generator<string> {
  yield ' digraph "g" {\n';
  /** By action id. */
  const shown = new Uint8Array(plan.actions.length + 1);
  for (let index = plan.actions.length - 1; index >= 0; index--) {
    const action = plan.actions[index];
    const style = action === undefined ? undefined : styleOf(action, extent);
    if (action === undefined || style === undefined) continue;
    shown[action.id] = 1;
    yield `"${nameOf(action)}" [ ${style}]\n`;
  }
  const inputs: (readonly Action[] | undefined)[] = [];
  for (const synapse of graph.synapses) inputs[synapse.action.id] = synapse.inputs;
  for (const action of plan.actions) yield* edgesOf(action, { shown, inputs: new Set(inputs[action.id]), extent });
  yield '}\n';
}

function styleOf(action: Action, extent: DotExtent): string | undefined {
  const letters = action.pseudo ? 'orange' : 'black';
  if (action.has(IN_GRAPH)) return `style=bold color="green" fontcolor="${letters}"`;
  if (action.resource?.managed === false) {
    return extent === 'all' ? 'style=dashed color="red" fontcolor="purple"' : undefined;
  }
  if (action.optional) return extent === 'all' ? `style=dashed color="blue" fontcolor="${letters}"` : undefined;
  return `style=dashed color="red" fontcolor="${letters}"`;
}

type Edges = { readonly shown: Uint8Array; readonly inputs: ReadonlySet<Action>; readonly extent: DotExtent };

function* edgesOf(action: Action, { shown, inputs, extent }: Edges): Generator<string> {
  for (const { first, kinds } of pairwise(action.befores).toSorted((a, b) => a.first.id - b.first.id)) {
    const isListed = inputs.has(first);
    if (!isListed) {
      const makesRoom = kinds === IF_ON_SAME_NODE_OR_TARGET && extent !== 'all';
      if (kinds === 0 || makesRoom || !shown[action.id] || !shown[first.id]) continue;
    }
    yield `"${nameOf(first)}" -> "${nameOf(action)}" [ style = ${isListed ? 'bold' : 'dashed'}]\n`;
  }
}

export function nameOf(action: Action): string {
  const { node, task, resource } = action;
  if (task === 'stonith') return `stonith '${action.meta('stonith_action')}' ${node?.name}`;
  if (resource === undefined && node !== undefined) return `${task} ${node.name}`;
  const place = node?.name ?? (action.pseudo ? undefined : '<none>');
  const name = place === undefined ? keyOf(action) : `${keyOf(action)} ${place}`;
  return task === 'cancel' ? `Cancel ${name}` : name;
}

/** Under a name of the history a notification is named after the milestone it belongs to. */
function keyOf(action: Action): string {
  const { task, resource } = action;
  const name = resource?.historyId;
  if ((task !== 'notify' && task !== 'notified') || name === undefined) return operationKeyOf(action);
  return `${name}_${action.meta('notify_key_type')}_notify_${action.meta('notify_key_operation')}_0`;
}
