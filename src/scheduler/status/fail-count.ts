// Fail counts: node attributes `fail-count-NAME#OPERATION_INTERVAL` and `last-failure-NAME#…`, summed by resource.

import { intervalSeconds, parseInteger, parseScore } from '../../cib/index.ts';
import { addScores } from '../../kit/index.ts';
import { baseName } from '../configuration/naming.ts';
import { bundleOf } from '../configuration/tree.ts';
import type { Cluster, ClusterNode, FailureRecord, FailureRecords, HistoryEntry, Primitive } from '../model/index.ts';
import { reachOf } from './fencing.ts';
import { recordedEntries } from './records.ts';

const noFailure: FailureRecord = { count: 0, lastFailure: 0 };

/** The recorded count and time (epoch seconds) of failures, expired ones included. */
export function rawFailure(cluster: Cluster, resource: Primitive, node: ClusterNode): FailureRecord {
  const records = recordsOf(cluster, node);
  const name = resource.historyId ?? resource.id;
  return (resource.unique ? records.exact.get(name) : records.base.get(baseName(name))) ?? noFailure;
}

/** The count that still matters: none once the failure timeout has passed since the last failure. */
export function effectiveFailCount(
  cluster: Cluster,
  resource: Primitive,
  node: ClusterNode,
  entry?: HistoryEntry,
): number {
  const { count, lastFailure } = rawFailure(cluster, resource, node);
  if (count > 0 && resource.failureTimeoutMs > 0 && hasBlockingFailure(cluster, resource, { node, entry })) {
    resource.failureTimeoutMs = 0;
  }
  const timeout = intervalSeconds(resource.failureTimeoutMs);
  const isExpired = lastFailure > 0 && timeout > 0 && cluster.now.epochSeconds > lastFailure + timeout;
  return isExpired ? 0 : count;
}

/** The effective count with those of what runs inside the resource; what runs inside a bundle counts for itself. */
export function failCountWithLaunched(cluster: Cluster, resource: Primitive, node: ClusterNode): number {
  let count = effectiveFailCount(cluster, resource, node);
  if (bundleOf(resource) !== undefined) return count;
  for (const launched of resource.launched) count += effectiveFailCount(cluster, launched, node);
  return count;
}

/** A failure that blocks the resource must not be forgotten by and by: then no failure of it expires. */
function hasBlockingFailure(
  cluster: Cluster,
  resource: Primitive,
  { node, entry }: { readonly node: ClusterNode; readonly entry: HistoryEntry | undefined },
): boolean {
  const blocking = resource.operations.filter((operation) => operation.xml.get('on-fail') === 'block');
  if (blocking.length === 0) return false;
  const entries =
    entry === undefined ? recordedEntries(cluster, node.name, baseName(resource.historyId ?? resource.id)) : [entry];
  return blocking.some(({ name, intervalMs }) =>
    entries.some((each) => each.task === name && each.intervalMs === intervalMs && recordsFailure(each)),
  );
}

function recordsFailure(entry: HistoryEntry): boolean {
  const isOwnEntry = entry.id.endsWith(`_${entry.task}_${entry.intervalMs}`);
  return entry.id.endsWith('_last_failure_0') || (isOwnEntry && entry.exitCode !== entry.expectedExitCode);
}

/** Whether any failure is recorded for the node, of whatever resource. */
export function hasFailures(cluster: Cluster, node: ClusterNode): boolean {
  return recordsOf(cluster, node).exact.size > 0;
}

/** Whether any failure is counted on the node under this name, or that of an instance which has it without its number. */
export function isFailureCounted(cluster: Cluster, node: ClusterNode, name: string): boolean {
  return recordsOf(cluster, node).base.has(baseName(name));
}

function recordsOf(cluster: Cluster, node: ClusterNode): FailureRecords {
  const known = cluster.caches.failures[node.index];
  if (known !== undefined) return known;
  const records = readRecords(node);
  cluster.caches.failures[node.index] = records;
  return records;
}

function readRecords(node: ClusterNode): FailureRecords {
  const exact = new Map<string, FailureRecord>();
  const base = new Map<string, FailureRecord>();
  for (const [attribute, value] of node.attributes) {
    if (!attribute.startsWith('fail-count-') && !attribute.startsWith('last-failure-')) continue;
    const match = /^(fail-count|last-failure)-([^#]+)#.+_\d+$/.exec(attribute);
    if (match === null) continue;
    const isCount = match[1] === 'fail-count';
    const name = match[2] ?? '';
    for (const record of [recordIn(exact, name), recordIn(base, baseName(name))]) {
      if (isCount) record.count = addScores(record.count, parseScore(value) ?? 0);
      else record.lastFailure = Math.max(record.lastFailure, parseInteger(value) ?? 0);
    }
  }
  return { exact, base };
}

function recordIn(records: Map<string, FailureRecord>, name: string): FailureRecord {
  const known = records.get(name);
  if (known !== undefined) return known;
  const record = { count: 0, lastFailure: 0 };
  records.set(name, record);
  return record;
}

/** A fail count that is going to be cleared; it no longer bans the resource from the node. */
export function clearFailCount(
  cluster: Cluster,
  resource: Primitive,
  node: ClusterNode,
  { reason, afterFencing }: { readonly reason: string; readonly afterFencing?: ClusterNode | undefined },
): void {
  cluster.clearedFailCounts.add(clearingKey(resource, node));
  const reach = reachOf(cluster, node);
  cluster.demands.push({ kind: 'clear-failcount', resource, node, reason, reach, afterFencing });
}

export function isFailCountCleared(cluster: Cluster, resource: Primitive, node: ClusterNode): boolean {
  return cluster.clearedFailCounts.has(clearingKey(resource, node));
}

function clearingKey(resource: Primitive, node: ClusterNode): string {
  return `${resource.id} ${node.index}`;
}
