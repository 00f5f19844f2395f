// The graph as a picture for Graphviz: what will be done in green (milestones in orange letters), what would have to be
// done but cannot in red; on request also what need not be done (blue) and what is not managed (purple letters).

import { type Action, IN_GRAPH } from '../actions/action.ts';
import type { Plan } from '../actions/plan.ts';
import { IF_ON_SAME_NODE_OR_TARGET, pairwise } from '../actions/relation.ts';
import type { TransitionGraph } from './graph.ts';
import { operationKeyOf } from './operation-key.ts';

/** Whether actions that need not be done are drawn too. */
export type DotExtent = 'needed' | 'all';

export function formatDot(
  { plan, graph }: { readonly plan: Plan; readonly graph: TransitionGraph },
  extent: DotExtent = 'needed',
): string {
  const out = [' digraph "g" {\n'];
  const shown = new Set<Action>();
  for (let index = plan.actions.length - 1; index >= 0; index--) {
    const action = plan.actions[index];
    const style = action === undefined ? undefined : styleOf(action, extent);
    if (action === undefined || style === undefined) continue;
    shown.add(action);
    out.push(`"${nameOf(action)}" [ ${style}]\n`);
  }
  const inputs = new Map(graph.synapses.map((synapse) => [synapse.action, new Set(synapse.inputs)]));
  for (const action of plan.actions) writeEdges(out, action, { shown, inputs: inputs.get(action) });
  out.push('}\n');
  return out.join('');
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

type Edges = { readonly shown: ReadonlySet<Action>; readonly inputs: ReadonlySet<Action> | undefined };

function writeEdges(out: string[], action: Action, { shown, inputs }: Edges): void {
  for (const { first, kinds } of pairwise(action.befores).toSorted((a, b) => a.first.id - b.first.id)) {
    const isListed = inputs?.has(first) === true;
    if (!isListed) {
      if (kinds === 0 || kinds === IF_ON_SAME_NODE_OR_TARGET || !shown.has(action) || !shown.has(first)) continue;
    }
    out.push(`"${nameOf(first)}" -> "${nameOf(action)}" [ style = ${isListed ? 'bold' : 'dashed'}]\n`);
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
