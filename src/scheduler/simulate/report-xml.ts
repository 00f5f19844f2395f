// What `crm_simulate --output-as=xml` prints: the same report for programs that read Pacemaker's result format.

import { type XmlElement, xmlElement } from '../../cib/index.ts';
import type { Action } from '../actions/action.ts';
import { elementOf } from '../graph/graph.ts';
import { operationKeyOf } from '../graph/operation-key.ts';
import { type Cluster, formatRole, roles } from '../model/index.ts';
import { readCluster } from '../placement.ts';
import { type AllocationParts, allocationsXml } from '../render/allocations.ts';
import { type StatusLists, statusXml } from '../render/status-xml.ts';
import { fencedName, nodeChanges, type ResourceChange } from '../render/transition-summary.ts';
import type { Schedule } from '../schedule.ts';
import { type Execution, failedNodeId } from './execution.ts';
import type { Injection } from './injection.ts';
import { shownResourceName, transitionErrors } from './lines.ts';
import { failureXml, modificationsXml } from './modifications.ts';
import { documentAfter } from './outcome.ts';
import type { SimulatedTransition, Simulation, SimulationRequest } from './report.ts';

/** Version of the result format this follows. */
const apiVersion = '2.25';

export type XmlReport = {
  readonly request: SimulationRequest;
  /** The document before `injections` changed it. */
  readonly before: XmlElement;
  readonly injections: readonly Injection[];
  readonly simulation: Simulation;
  readonly transition: SimulatedTransition | undefined;
  /** The command line, which the format repeats. */
  readonly command: string;
  readonly lists: StatusLists;
  readonly parts: AllocationParts & { readonly actions: boolean };
};

export function reportXml(report: XmlReport): XmlElement {
  const { request, before, injections, simulation, transition, command, lists, parts } = report;
  const display = { ...request, purpose: 'display' } as const;
  const content = [statusXml(readCluster(before, display), 'cluster_status', lists)];
  const modifications = modificationsXml(injections, before);
  if (modifications !== undefined) content.push(modifications);
  if (parts.scores || parts.utilization) content.push(allocationsXml(simulation, parts));
  if (parts.actions) content.push(actionsXml(simulation));
  if (transition !== undefined) {
    content.push(transitionXml(simulation.cluster, transition.execution, request.clock.epochSeconds));
    content.push(statusXml(readCluster(documentAfter(transition.outcome), display), 'revised_cluster_status', lists));
  }
  return resultXml(command, content, transition === undefined ? [] : transitionErrors(transition.execution));
}

/** What any answer in this format is in: `command` is repeated, and it failed where there are errors. */
export function resultXml(command: string, content: readonly XmlElement[], errors: readonly string[]): XmlElement {
  const attributes = { 'api-version': apiVersion, request: command };
  return xmlElement('pacemaker-result', attributes, [...content, outcomeXml(errors)]);
}

function outcomeXml(errors: readonly string[]): XmlElement {
  if (errors.length === 0) return xmlElement('status', { code: '0', message: 'OK' });
  const listed = errors.map((text) => xmlElement('error', {}, [{ kind: 'text', text }]));
  return xmlElement('status', { code: '1', message: 'Error occurred' }, [xmlElement('errors', {}, listed)]);
}

function transitionXml(cluster: Cluster, { done, failed }: Execution, nowSeconds: number): XmlElement {
  const executed = done.flatMap((synapse) => {
    const isFailed = synapse === failed?.synapse;
    const counted = isFailed ? failureXml(failed.result, failedNodeId(failed), nowSeconds) : [];
    return [executedXml(cluster, synapse.action), ...counted];
  });
  return xmlElement('transition', {}, executed);
}

function actionsXml({ plan, changes }: Schedule): XmlElement {
  const nodes = nodeChanges(plan).map(({ node, operation, reason }) =>
    xmlElement('node_action', { task: `Fence (${operation})`, node: fencedName(node), reason }),
  );
  return xmlElement('actions', {}, [...nodes, ...changes.map(changeXml)]);
}

function changeXml(change: ResourceChange): XmlElement {
  const { verb, resource, reason } = change;
  const isBlocked = reason === 'blocked' || reason.endsWith(blockedSuffix);
  const why = reason.replace(/^due to /, '').replace(blockedSuffix, '');
  return xmlElement('rsc_action', {
    action: verb.toLowerCase(),
    resource: resource.id,
    ...placesOf(change),
    reason: why === '' || why === 'blocked' ? undefined : why,
    blocked: isBlocked ? 'true' : undefined,
  });
}

const blockedSuffix = ' (blocked)';

/** Where from and to, and in which roles where one is more than started. */
function placesOf({ resource, from, to }: ResourceChange): Readonly<Record<string, string | undefined>> {
  const { currentRole, nextRole } = resource;
  const needsRole = currentRole > roles.started || nextRole > roles.unpromoted;
  const role = needsRole ? formatRole(currentRole) : undefined;
  if (to === undefined) return { role, node: from?.name };
  const next = needsRole && currentRole !== nextRole ? formatRole(nextRole) : undefined;
  if (from === undefined) return next === undefined ? { node: to.name } : { role, 'next-role': next, dest: to.name };
  return { role, source: from.name, 'next-role': next, dest: from === to ? undefined : to.name };
}

function executedXml(cluster: Cluster, action: Action): XmlElement {
  const { node, task, resource } = action;
  switch (elementOf(action)) {
    case 'pseudo_event':
      return xmlElement('pseudo_action', {
        task: operationKeyOf(action),
        node: task === 'stonith' ? node?.name : undefined,
      });
    case 'crm_event':
      if (task === 'stonith')
        return xmlElement('fencing_action', { target: node?.name, op: action.meta('stonith_action') });
      return xmlElement('cluster_action', { task, node: node?.name, id: resource?.id });
    case 'rsc_op': {
      const name = resource?.variant === 'primitive' ? shownResourceName(cluster, resource) : undefined;
      const interval = action.meta('interval');
      return xmlElement('rsc_action', { resource: name, op: task, node: node?.name, interval });
    }
  }
}
