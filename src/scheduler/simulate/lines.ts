// The lines of "Executing Cluster Transition".

import type { Action } from '../actions/action.ts';
import { findResource } from '../configuration/tree.ts';
import { elementOf } from '../graph/graph.ts';
import { agentNames } from '../graph/graph-xml.ts';
import { operationKeyOf } from '../graph/operation-key.ts';
import type { Cluster, Primitive } from '../model/index.ts';
import { type Execution, failedNodeId } from './execution.ts';
import { failureLines } from './modifications.ts';

/** In pieces: there may be a million lines. */
export function* executionTexts(cluster: Cluster, { done, failed }: Execution, nowSeconds: number): Generator<string> {
  yield 'Executing Cluster Transition:\n';
  for (const synapse of done) {
    yield `  * ${executionLine(cluster, synapse.action)}\n`;
    if (synapse !== failed?.synapse) continue;
    yield `Pretending action ${synapse.action.id} failed with rc=${failed.result.exitCode}\n`;
    for (const line of failureLines(failed.result, failedNodeId(failed), nowSeconds)) yield `  * ${line}\n`;
  }
}

/** Errors, where the transition cannot come to its end: actions wait for each other, as in a circle of orders. */
export function transitionErrors({ stuck }: Execution): readonly string[] {
  return stuck.length === 0 ? [] : ['Transition failed: terminated', 'An invalid transition was produced'];
}

function executionLine(cluster: Cluster, action: Action): string {
  const { node, task, resource } = action;
  const place = node === undefined ? '' : ` on ${node.name}`;
  switch (elementOf(action)) {
    case 'pseudo_event':
      return `Pseudo action:   ${operationKeyOf(action)}${task === 'stonith' ? place : ''}`;
    case 'crm_event': {
      if (task === 'stonith') return `Fencing ${node?.name} (${action.meta('stonith_action')})`;
      const subject = resource?.variant === 'primitive' ? ` for ${agentNames(resource).id}` : '';
      return `Cluster action:  ${task}${subject}${place}`;
    }
    case 'rsc_op': {
      const interval = action.meta('interval') ?? '0';
      const operation = interval === '0' ? task : `${task}=${interval}`;
      const name = resource?.variant === 'primitive' ? shownResourceName(cluster, resource) : '';
      return `Resource action: ${name.padEnd(15)} ${operation}${place}`;
    }
  }
}

/** The short name of an instance, unless only the long one names a resource. */
export function shownResourceName(cluster: Cluster, resource: Primitive): string {
  const { id, longId } = agentNames(resource);
  if (longId === undefined || findResource(cluster, id) !== undefined) return id;
  return findResource(cluster, longId) === undefined ? id : longId;
}
