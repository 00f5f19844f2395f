// The state of one resource on one node: its history read entry by entry, then applied.

import { intervalSeconds, parseInteger, type XmlElement } from '../../cib/index.ts';
import { banNode } from '../configuration/node-score.ts';
import { nodeNamed } from '../configuration/nodes.ts';
import { targetRoleOf } from '../configuration/resource-basis.ts';
import { bundleOf, topOf } from '../configuration/tree.ts';
import {
  type Cluster,
  type ClusterNode,
  type HistoryEntry,
  isGuestOrBundleNode,
  isRemoteNode,
  onFailResponses,
  operationStatuses,
  type Primitive,
  type Resource,
  type Role,
  roles,
} from '../model/index.ts';
import { addActiveNode, currentNode } from './active.ts';
import { readRecordedOperation } from './entry.ts';
import type { Evaluation } from './evaluation.ts';
import { demandStop, fenceNode, reachOf } from './fencing.ts';
import { readEntries } from './history-reader.ts';
import { ownerOf } from './owner.ts';

/** Reads one `lrm_resource`; answers the resource it belongs to. */
export function readResourceHistory(cluster: Cluster, node: ClusterNode, record: XmlElement): Primitive | undefined {
  const { shutdownLock } = cluster.options;
  const entries = readEntries(record, node.name);
  if (entries.length === 0 && !shutdownLock) return undefined;
  const resource = ownerOf(cluster, node, record);
  if (resource === undefined) return undefined;
  cluster.histories[node.index]?.push(record);
  if (shutdownLock) readLock(cluster, resource, node, record);
  const saved = resource.currentRole;
  resource.currentRole = roles.unknown;
  resource.lastFailure = undefined;
  const evaluation: Evaluation = { cluster, resource, node, onFail: onFailResponses.ignore };
  for (const entry of entries) readRecordedOperation(evaluation, entry);
  noteRecurring(evaluation, entries);
  applyState(evaluation);
  applyTargetRole(resource);
  if (saved > resource.currentRole) resource.currentRole = saved as Role;
  return resource;
}

function readLock(cluster: Cluster, resource: Primitive, node: ClusterNode, record: XmlElement): void {
  const time = parseInteger(record.get('shutdown-lock')) ?? 0;
  if (time === 0) return;
  const limit = intervalSeconds(cluster.options.shutdownLockLimitMs);
  if (limit > 0 && cluster.now.epochSeconds > time + limit) {
    cluster.demands.push({ kind: 'delete-history', resource, node });
  } else {
    resource.lock = { node, time };
  }
}

function applyTargetRole(resource: Primitive): void {
  const target = targetRoleOf(resource.meta, topOf(resource).promotable);
  if (target === roles.unknown) return;
  if (resource.nextRole === roles.unknown || target < resource.nextRole) resource.nextRole = target;
}

/** Positions of the last start-like and the last successful stop in a history; -1 where there is none. */
export function lifePositions(entries: readonly HistoryEntry[]): { readonly start: number; readonly stop: number } {
  let start = -1;
  let stop = -1;
  let impliedMonitor = -1;
  let impliedStart = -1;
  entries.forEach((entry, index) => {
    if (entry.task === 'stop' && entry.status === operationStatuses.done) stop = index;
    else if (entry.task === 'start' || entry.task === 'migrate_from') start = index;
    else if (impliedMonitor <= stop && entry.task === 'monitor') {
      if (entry.exitCode === 0 || entry.exitCode === 8) impliedMonitor = index;
    } else if (entry.task === 'promote' || entry.task === 'demote') impliedStart = index;
  });
  if (start !== -1) return { start, stop };
  return { start: impliedStart !== -1 ? impliedStart : impliedMonitor, stop };
}

/** Recurring operations that are going on now. */
function noteRecurring({ cluster, resource, node }: Evaluation, entries: readonly HistoryEntry[]): void {
  if (!node.online || !entries.some(isRecurring)) return;
  const { start, stop } = lifePositions(entries);
  entries.forEach((entry, index) => {
    const isOver = (start < stop && index <= stop) || index < start;
    if (isOver || !isRecurring(entry)) return;
    cluster.demands.push({ kind: 'recurring', resource, node, entry });
  });
}

function isRecurring({ intervalMs, status }: HistoryEntry): boolean {
  return intervalMs !== 0 && status !== operationStatuses.pending;
}

function applyState(evaluation: Evaluation): void {
  const { cluster, resource, node } = evaluation;
  const isActive = resource.currentRole > roles.stopped;
  if (resource.currentRole !== roles.unknown) noteProbed(resource, node);
  if (isActive && !node.online && !node.maintenance && resource.managed) distrustLostNode(evaluation);
  const onFail = node.unclean ? onFailResponses.ignore : evaluation.onFail;
  answerFailure(evaluation, { onFail, isActive });
  if (resource.failed && resource.connectionKind !== 'none') {
    const remote = nodeNamed(cluster, resource.id);
    if (remote?.unclean === true && remote.kind === 'remote') remote.seen = true;
  }
  if (isActive) {
    addActiveNode(cluster, resource, node, { failed: evaluation.onFail !== onFailResponses.ignore });
    markFailed(resource, onFail);
  } else if (resource.historyId?.includes(':') === true) {
    resource.historyId = undefined;
  } else {
    cluster.demands.push({ kind: 'stop-not-needed', resource, node });
  }
  const isMigrationSource = resource.migration?.source === node;
  if (resource.currentRole === roles.stopped && resource.activeNodes.length > 0 && isMigrationSource) {
    resource.currentRole = roles.started;
  }
}

/** The state on this node is known for the resource, and for what it is an interchangeable part of. */
function noteProbed(resource: Resource, node: ClusterNode): void {
  for (let each: Resource | undefined = resource; each !== undefined; each = each.parent) {
    each.probedOn.add(node.index);
    if (each.unique) return;
  }
}

function distrustLostNode({ cluster, resource, node }: Evaluation): void {
  const reason = `${resource.id} is thought to be active there`;
  if (isGuestOrBundleNode(node)) {
    resource.failed = true;
    resource.stopIfFailed = true;
    fenceNode(cluster, node, reason);
    return;
  }
  if (!cluster.options.fencingEnabled) return;
  // A remote node may turn out to be fine once its connection is made again: then it need not be fenced.
  const isRevocable = isRemoteNode(node) && node.connection !== undefined && !node.connection.failed;
  if (isRevocable) node.seen = false;
  const hope = ' (fencing will be revoked if remote connection can be re-established elsewhere)';
  fenceNode(cluster, node, isRevocable ? `${resource.id} is active there${hope}` : reason);
}

function markFailed(resource: Primitive, onFail: Evaluation['onFail']): void {
  if (onFail === onFailResponses.ignore) return;
  resource.failed = true;
  if (onFail !== onFailResponses.demote && onFail !== onFailResponses.block) resource.stopIfFailed = true;
}

function answerFailure(
  evaluation: Evaluation,
  { onFail, isActive }: { readonly onFail: Evaluation['onFail']; readonly isActive: boolean },
): void {
  const { cluster, resource, node } = evaluation;
  const stopIfActive = () => {
    if (isActive) demandStop(cluster, resource, node);
  };
  const fail = () => {
    resource.failed = true;
    resource.stopIfFailed = true;
  };
  switch (onFail) {
    case onFailResponses.ignore:
      return;
    case onFailResponses.demote:
      resource.failed = true;
      cluster.demands.push({ kind: 'demote', resource, node, reach: reachOf(cluster, node) });
      return;
    case onFailResponses.fence:
      fenceNode(cluster, node, `${resource.id} failed there`);
      return;
    case onFailResponses.standby:
      node.standby = true;
      node.standbyByFailure = true;
      return;
    case onFailResponses.block:
      resource.managed = false;
      resource.blocked = true;
      return;
    case onFailResponses.ban:
      banNode(cluster, resource, node, { kind: 'failed-operation', key: resource.lastFailure?.key ?? '' });
      return;
    case onFailResponses.stop:
      resource.nextRole = roles.stopped;
      return;
    case onFailResponses.restart:
      if (!isActive) return;
      fail();
      stopIfActive();
      return;
    case onFailResponses.restartContainer:
      fail();
      restartContainer(evaluation, stopIfActive);
      return;
    case onFailResponses.resetRemote:
      fail();
      resetRemote(evaluation);
      stopIfActive();
      if (resource.reconnectIntervalMs > 0) resource.nextRole = roles.stopped;
      return;
  }
}

function restartContainer({ cluster, resource, node }: Evaluation, stopIfActive: () => void): void {
  const { launcher } = resource;
  const bundle = bundleOf(resource);
  if (launcher?.variant === 'primitive' && bundle !== undefined) {
    // Where the container runs may not be known before all histories are read.
    cluster.containersToStop.unshift({ bundle, container: launcher });
  } else if (launcher !== undefined) {
    demandStop(cluster, launcher, node);
  } else {
    stopIfActive();
  }
}

function resetRemote({ cluster, resource }: Evaluation): void {
  if (!cluster.options.fencingEnabled) return;
  const remote = nodeNamed(cluster, resource.id);
  if (remote !== undefined && isRemoteNode(remote) && !remote.remoteFenced) {
    fenceNode(cluster, remote, 'remote connection is unrecoverable');
  }
}

/** Containers of bundles that have to be stopped because the connection to their inside failed. */
export function stopFailedContainers(cluster: Cluster): void {
  for (const { container } of cluster.containersToStop) {
    const node = currentNode(container);
    if (node !== undefined) demandStop(cluster, container, node);
  }
}
