// What runs was started with the parameters of then. Where the configuration says something else now, the resource is
// restarted, or takes the new parameters in its stride; recurring operations are scheduled anew, or cancelled.

import type { XmlElement } from '../../cib/index.ts';
import { enabledOperation } from '../configuration/operation-meta.ts';
import { isAnonymousClone, topOf } from '../configuration/tree.ts';
import { assignedHost, type ClusterNode, type HistoryEntry, isAvailable, type Primitive } from '../model/index.ts';
import { isAddressedByName } from '../status/expiry.ts';
import { effectiveFailCount } from '../status/fail-count.ts';
import { readEntries } from '../status/history-reader.ts';
import { lifePositions } from '../status/resource-state.ts';
import { RESCHEDULE } from './action.ts';
import { clearFailCount } from './demands.ts';
import { does, action as existing, order } from './ordering.ts';
import type { Plan } from './plan.ts';
import { requestCancel } from './recurring.ts';
import { ORDERED, THEN_CANCELS_FIRST } from './relation.ts';
import { requestAction } from './request.ts';
import { triggerUnfencing } from './unfencing.ts';

/** One recorded operation of a resource on a node. */
export type Recorded = { readonly resource: Primitive; readonly node: ClusterNode; readonly entry: HistoryEntry };

const changeReason = 'resource definition change';

export function createForChanges(plan: Plan): void {
  deferFailureChecks(plan);
  for (const node of plan.cluster.nodes) {
    if (!node.maintenance && !isAvailable(node)) continue;
    for (const record of plan.cluster.histories[node.index] ?? []) {
      if (record.children.length === 0) continue;
      for (const resource of ownersOf(plan, record.id ?? '')) checkHistory(plan, resource, node, record);
    }
  }
}

/** Reading a failure asks whether its parameters changed since; for these it could not be told then. */
function deferFailureChecks(plan: Plan): void {
  const { nodesByIndex, histories, resourcesById } = plan.cluster;
  for (const node of nodesByIndex) {
    for (const record of histories[node.index] ?? []) {
      const resource = resourcesById.get(record.id ?? '');
      if (resource?.variant !== 'primitive' || !isAddressedByName(resource)) continue;
      for (const entry of readEntries(record, node.name)) {
        if (!entry.id.endsWith('_last_failure_0') || (entry.task !== 'start' && entry.task !== 'monitor')) continue;
        plan.deferredChecks.push({ resource, node, entry, subject: 'last-failure' });
      }
    }
  }
}

const noOwners: readonly Primitive[] = [];

/** The primitives of this id or history id, those that stand last first. */
function ownersOf(plan: Plan, id: string): readonly Primitive[] {
  const { resourcesById, resourcesByHistoryId } = plan.cluster;
  const exact = resourcesById.get(id);
  const configured = exact?.variant === 'primitive' ? [exact] : noOwners;
  const sharing = resourcesByHistoryId.get(id);
  if (sharing === undefined) return configured;
  const found = new Set(configured);
  for (const each of sharing) {
    if (each.variant === 'primitive' && each.historyId === id) found.add(each);
  }
  return [...found].sort((a, b) => b.index - a.index);
}

function checkHistory(plan: Plan, resource: Primitive, node: ClusterNode, record: XmlElement): void {
  if (resource.removed) {
    if (!isAnonymousClone(topOf(resource))) createCleanup(plan, resource, node);
    return;
  }
  const changed = changedAgentFields(resource, record);
  // Also where the device does not run: it may have let the node in as what it was.
  for (const _field of changed) triggerUnfencing(plan, resource, node, 'Device definition changed');
  if (!resource.activeNodes.includes(node)) {
    if (changed.length > 0) createCleanup(plan, resource, node);
    return;
  }
  if (changed.length > 0) {
    requestAction(plan, { resource, task: 'stop', node, need: 'required' });
    resource.startPending = true;
    createCleanup(plan, resource, node);
  }
  const entries = readEntries(record, node.name);
  const { start, stop } = lifePositions(entries);
  if (start < stop) return;
  for (const entry of entries.slice(Math.max(0, start))) checkEntry(plan, { resource, node, entry });
}

function changedAgentFields({ agent }: Primitive, record: XmlElement): string[] {
  const changed: string[] = [];
  if (agent.type !== record.get('type')) changed.push('type');
  if (agent.standard !== record.get('class')) changed.push('class');
  if (agent.provider !== record.get('provider')) changed.push('provider');
  return changed;
}

/** What the node remembers of a resource that it no longer is, or that has another agent now, is erased. */
function createCleanup(plan: Plan, resource: Primitive, node: ClusterNode): void {
  if (resource.failed || node.unclean || !node.online) return;
  requestAction(plan, { resource, task: 'delete', node, need: 'required' });
  order(plan, does(resource, 'stop'), does(resource, 'delete'), ORDERED);
  order(plan, does(resource, 'delete'), does(resource, 'start'), ORDERED);
}

const checkedTasks = new Set(['monitor', 'start', 'promote', 'migrate_from']);

function checkEntry(plan: Plan, recorded: Recorded): void {
  const { resource, node, entry } = recorded;
  if (entry.intervalMs > 0 && (resource.maintenance || node.maintenance)) {
    cancelRecorded(plan, recorded);
  } else if (entry.intervalMs > 0 || checkedTasks.has(entry.task)) {
    if (isAddressedByName(resource)) plan.deferredChecks.push({ ...recorded, subject: 'active-operation' });
    else if (checkDefinition(plan, recorded, undefined)) clearFailures(plan, resource, node);
  }
}

function clearFailures(plan: Plan, resource: Primitive, node: ClusterNode): void {
  if (effectiveFailCount(plan.cluster, resource, node) === 0) return;
  const reason = 'action definition changed';
  clearFailCount(plan, { resource, node, reason, afterFencing: undefined });
}

function cancelRecorded(plan: Plan, { resource, node, entry }: Recorded): void {
  const { task: name, intervalMs, callId } = entry;
  const cancel = requestCancel(plan, resource, { name, intervalMs, node });
  cancel.addMeta('call_id', entry.xml.get('call-id') ?? String(callId));
  order(plan, does(resource, 'stop'), existing(cancel), ORDERED);
}

/** Whether the operation is configured otherwise than it was recorded; what follows from that is requested. */
function checkDefinition(plan: Plan, recorded: Recorded, overrides: ReadonlyMap<string, string> | undefined): boolean {
  const { resource, node, entry } = recorded;
  const { task, intervalMs } = entry;
  if (intervalMs > 0 && enabledOperation(resource, { task, intervalMs }) === undefined) {
    if (plan.cluster.options.cancelRemovedActions) cancelRecorded(plan, recorded);
    return true;
  }
  const query = { resource, node, task, intervalMs, entry };
  switch (plan.digests.compare(overrides === undefined ? query : { ...query, overrides })) {
    case 'match':
    case 'private':
      return false;
    case 'restart':
      forceRestart(plan, recorded);
      return true;
    default:
      applyChange(plan, recorded);
      return true;
  }
}

function applyChange(plan: Plan, recorded: Recorded): void {
  const { resource, node, entry } = recorded;
  const { task, intervalMs } = entry;
  if (intervalMs > 0) {
    triggerUnfencing(plan, resource, node, 'Device parameters changed (reschedule)');
    requestAction(plan, { resource, task, node, need: 'optional', intervalMs }).set(RESCHEDULE);
  } else if (entry.xml.has('op-restart-digest')) {
    triggerUnfencing(plan, resource, node, 'Device parameters changed (reload)');
    createReload(plan, resource, node);
  } else {
    forceRestart(plan, recorded);
  }
}

function forceRestart(plan: Plan, { resource, node, entry }: Recorded): void {
  const { task, intervalMs } = entry;
  const starts = (task === 'monitor' && intervalMs === 0) || task === 'migrate_from' || task === 'promote';
  const required = requestAction(plan, {
    resource,
    task: starts ? 'start' : task,
    node: undefined,
    need: 'required',
    intervalMs,
  });
  required.reason = changeReason;
  triggerUnfencing(plan, resource, node, 'Device parameters changed');
}

function createReload(plan: Plan, resource: Primitive, node: ClusterNode): void {
  if (!resource.managed || resource.failed) return;
  if (resource.startPending) {
    requestAction(plan, { resource, task: 'stop', node, need: 'required' });
    return;
  }
  plan.reloading.add(resource);
  requestAction(plan, { resource, task: 'reload-agent', node, need: 'required' }).explain(changeReason);
  for (const task of ['stop', 'demote']) {
    order(plan, does(resource, 'reload-agent'), does(resource, task), ORDERED | THEN_CANCELS_FIRST);
  }
}

/** The address of a bundle's connection may be its host's name, which is known only once the container is placed. */
export function createForDeferredChanges(plan: Plan): void {
  for (const check of plan.deferredChecks) {
    const { resource, node, entry } = check;
    const host = assignedHost(resource.launcher) ?? resource.launcher?.activeNodes[0];
    const overrides = new Map(host === undefined ? [] : [['addr', host.name] as const]);
    if (check.subject === 'active-operation') {
      if (checkDefinition(plan, check, overrides)) clearFailures(plan, resource, node);
      continue;
    }
    const { task, intervalMs } = entry;
    const outcome = plan.digests.compare({ resource, node, task, intervalMs, entry, overrides });
    if (outcome === 'restart' || outcome === 'mismatch') {
      clearFailCount(plan, { resource, node, reason: 'resource parameters have changed', afterFencing: undefined });
    }
  }
}
