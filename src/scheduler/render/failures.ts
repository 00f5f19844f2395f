// What failed: counts by node and resource, then the operations themselves.

import {
  exitCodeText,
  formatInstant,
  type Instant,
  parseInteger,
  type XmlElement,
  xmlElement,
} from '../../cib/index.ts';
import { formatScore } from '../../kit/index.ts';
import type { Cluster, ClusterNode, HistoryEntry, LocalOffset, Primitive } from '../model/index.ts';
import { rawFailure } from '../status/fail-count.ts';
import { Outline } from './outline.ts';

/** `Migration Summary` and, if there are any, `Failed Resource Actions`. */
export function renderFailures(cluster: Cluster): string {
  const out = new Outline();
  out.blank();
  out.heading(1, 'Migration Summary');
  for (const { node, counts } of nodesWithFailures(cluster)) {
    out.heading(2, `Node: ${node.name}`);
    for (const count of counts) out.item(3, countLine(cluster, count));
  }
  if (cluster.failedOperations.length === 0) return out.toString();
  out.blank();
  out.heading(1, 'Failed Resource Actions');
  for (const entry of cluster.failedOperations) out.item(2, failureLine(cluster, entry));
  return out.toString();
}

/** `<node_history>` and, if there are any, `<failures>`. */
export function failuresXml(cluster: Cluster): XmlElement[] {
  const nodes = nodesWithFailures(cluster).map(({ node, counts }) =>
    xmlElement(
      'node',
      { name: node.name },
      counts.map((count) => countXml(cluster, count)),
    ),
  );
  const history = xmlElement('node_history', {}, nodes);
  if (cluster.failedOperations.length === 0) return [history];
  const failures = cluster.failedOperations.map((entry) => failureXml(cluster, entry));
  return [history, xmlElement('failures', {}, failures)];
}

type FailCount = {
  readonly id: string;
  readonly resource: Primitive;
  readonly count: number;
  readonly lastFailure: number;
};

type NodeFailures = { readonly node: ClusterNode; readonly counts: readonly FailCount[] };

function nodesWithFailures(cluster: Cluster): NodeFailures[] {
  return cluster.nodes
    .filter(({ online }) => online)
    .map((node) => ({ node, counts: countsOf(cluster, node) }))
    .filter(({ counts }) => counts.length > 0);
}

function countsOf(cluster: Cluster, node: ClusterNode): FailCount[] {
  return (cluster.histories[node.index] ?? []).flatMap(({ id = '' }) => {
    const resource = primitiveOf(cluster, id);
    if (resource === undefined) return [];
    const { count, lastFailure } = rawFailure(cluster, resource, node);
    return count === 0 ? [] : [{ id, resource, count, lastFailure }];
  });
}

function countLine({ localOffset }: Cluster, { id, resource, count, lastFailure }: FailCount): string {
  const when = lastFailure > 0 ? ` last-failure='${calendarTime(localInstant(lastFailure, localOffset))}'` : '';
  return `${id}: migration-threshold=${resource.migrationThreshold} fail-count=${formatScore(count)}${when}`;
}

function countXml({ localOffset }: Cluster, { id, resource, count, lastFailure }: FailCount): XmlElement {
  return xmlElement('resource_history', {
    id,
    orphan: String(resource.removed),
    'migration-threshold': String(resource.migrationThreshold),
    'fail-count': formatScore(count),
    'last-failure': lastFailure > 0 ? calendarTime(localInstant(lastFailure, localOffset)) : undefined,
  });
}

function primitiveOf(cluster: Cluster, historyId: string): Primitive | undefined {
  const known = cluster.resourcesByHistoryId.get(historyId) ?? [];
  const found = known.find((resource) => resource.historyId === historyId) ?? cluster.resourcesById.get(historyId);
  return found?.variant === 'primitive' ? found : undefined;
}

function failureLine(
  { localOffset }: Cluster,
  { key, nodeName, exitCode, callId, status, lastChange, xml }: HistoryEntry,
): string {
  const details = [`call=${callId}`, `status='${statusTexts[status] ?? 'unknown'}'`];
  const reason = xml.get('exit-reason') ?? '';
  if (reason !== '') details.push(`exitreason='${reason}'`);
  if (lastChange > 0) {
    details.push(`last-rc-change='${calendarTime(localInstant(lastChange, localOffset))}'`);
    const [queued, taken] = [milliseconds(xml.get('queue-time')), milliseconds(xml.get('exec-time'))];
    if (queued !== undefined) details.push(`queued=${queued}ms`);
    if (taken !== undefined) details.push(`exec=${taken}ms`);
  }
  return `${key} on ${nodeName} '${exitText(exitCode)}' (${exitCode}): ${details.join(', ')}`;
}

function failureXml(
  { localOffset }: Cluster,
  { key, nodeName, exitCode, callId, status, lastChange, xml }: HistoryEntry,
): XmlElement {
  const reason = xml.get('exit-reason') ?? '';
  const times =
    lastChange > 0
      ? {
          'last-rc-change': formatInstant(localInstant(lastChange, localOffset)),
          queued: xml.get('queue-time'),
          exec: xml.get('exec-time'),
          interval: xml.get('interval'),
          task: xml.get('operation'),
        }
      : {};
  return xmlElement('failure', {
    op_key: key,
    node: nodeName,
    exitstatus: exitText(exitCode),
    exitreason: reason === '' ? 'none' : reason,
    exitcode: String(exitCode),
    call: String(callId),
    status: statusTexts[status] ?? 'unknown',
    ...times,
  });
}

function milliseconds(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseInteger(text);
}

function localInstant(epochSeconds: number, localOffset: LocalOffset): Instant {
  return { epochSeconds, offsetSeconds: localOffset(epochSeconds) };
}

/** As `ctime(3)` writes it: `Tue Sep 28 13:29:27 2010`. */
function calendarTime({ epochSeconds, offsetSeconds }: Instant): string {
  const local = new Date((epochSeconds + offsetSeconds) * 1000);
  const [weekday = '', day = '', month = '', year, time] = local.toUTCString().split(' ');
  return `${weekday.slice(0, 3)} ${month} ${String(Number(day)).padStart(2)} ${time} ${year}`;
}

/** By `op-status`. */
const statusTexts: Readonly<Record<number, string>> = {
  [-1]: 'pending',
  0: 'complete',
  1: 'Cancelled',
  2: 'Timed Out',
  3: 'NOT SUPPORTED',
  4: 'Error',
  5: 'Hard error',
  6: 'Fatal error',
  7: 'Not installed',
  8: 'Internal communication failure',
  9: 'Cannot execute now',
  10: 'No fence device',
  11: 'CIB secrets unavailable',
};

/** By exit code of the agent, in the words of Pacemaker's tools. */
function exitText(code: number): string {
  if (code === 190) return 'OCF_DEGRADED';
  return code === 189 ? 'unknown' : exitCodeText(code);
}
