// Failures are forgotten after a while, or when what failed has been configured anew.

import { intervalSeconds } from '../../cib/index.ts';
import { noteRecheck } from '../configuration/cluster.ts';
import { nodeNamed } from '../configuration/nodes.ts';
import { isProbe } from '../configuration/operation-meta.ts';
import {
  type Cluster,
  type ClusterNode,
  type HistoryEntry,
  operationStatuses,
  type Primitive,
} from '../model/index.ts';
import { compareWithConfiguration } from './digest.ts';
import type { Evaluation } from './evaluation.ts';
import { clearFailCount, effectiveFailCount, rawFailure } from './fail-count.ts';

/** Exit codes of a probe that say where a resource is: true however long ago. */
const locatingExitCodes = new Set([0, 7, 8, 190, 191]);

/** Whether the result is too old to count; asks for fail counts to be cleared where that is due. */
export function isExpired({ cluster, resource, node }: Evaluation, entry: HistoryEntry): boolean {
  if (entry.status === operationStatuses.notInstalled) return false;
  const at = { node, entry };
  const isOld = isPastTimeout(cluster, resource, at);
  const expiry = isOld ? expiryReason(cluster, resource, at) : undefined;
  const stillCounts = isOld && expiry === undefined && rawFailure(cluster, resource, node).count !== 0;
  const reason = isOld && !stillCounts ? expiry : changeReason(cluster, resource, at);
  if (reason !== undefined) {
    const remote = cluster.options.fencingEnabled && resource.reconnectIntervalMs > 0;
    const afterFencing = remote ? nodeNamed(cluster, resource.id) : undefined;
    clearFailCount(cluster, resource, node, { reason, afterFencing });
  }
  if (isProbe(entry) && locatingExitCodes.has(entry.exitCode)) return false;
  return isOld && !stillCounts;
}

type At = { readonly node: ClusterNode; readonly entry: HistoryEntry };

function isPastTimeout(cluster: Cluster, resource: Primitive, { node, entry }: At): boolean {
  const timeout = intervalSeconds(resource.failureTimeoutMs);
  if (timeout <= 0 || entry.lastChange < 0) return false;
  const { lastFailure } = rawFailure(cluster, resource, node);
  const now = cluster.now.epochSeconds;
  const unexpired = effectiveFailCount(cluster, resource, node, entry);
  if (unexpired > 0 && now < lastFailure + timeout + 1) noteRecheck(cluster, lastFailure + timeout + 1);
  if (now < entry.lastChange + timeout) return false;
  return !awaitsFencing(cluster, resource, entry);
}

/** A lost remote connection is tried again only after its node has been fenced. */
function awaitsFencing(cluster: Cluster, resource: Primitive, entry: HistoryEntry): boolean {
  if (resource.reconnectIntervalMs === 0 || !cluster.options.fencingEnabled) return false;
  if (entry.task !== 'monitor' || entry.intervalMs === 0) return false;
  return nodeNamed(cluster, resource.id)?.remoteFenced === false;
}

function expiryReason(cluster: Cluster, resource: Primitive, { node, entry }: At): string | undefined {
  if (rawFailure(cluster, resource, node).count !== 0) {
    return effectiveFailCount(cluster, resource, node, entry) === 0 ? 'it expired' : undefined;
  }
  const isReconnect = isLastFailure(entry) && resource.reconnectIntervalMs > 0;
  return isReconnect ? 'reconnect interval is set' : undefined;
}

function changeReason(cluster: Cluster, resource: Primitive, { node, entry }: At): string | undefined {
  if (!isLastFailure(entry) || (entry.task !== 'start' && entry.task !== 'monitor')) return undefined;
  // The address of a bundle's connection is known only once its container has been placed.
  if (isAddressedByName(resource)) return undefined;
  const comparison = compareWithConfiguration(cluster, resource, { node, entry });
  return comparison === 'match' || comparison === 'unknown' ? undefined : 'resource parameters have changed';
}

function isLastFailure(entry: HistoryEntry): boolean {
  return entry.id.endsWith('_last_failure_0');
}

/** A bundle connection whose address is that of the host, whichever it will be. */
export function isAddressedByName(resource: Primitive): boolean {
  return resource.connectionKind === 'guest' && resource.nestedAllowed && literalAddress(resource) === '#uname';
}

function literalAddress(resource: Primitive): string | undefined {
  const set = resource.xml.child('instance_attributes');
  return set?.children.find((pair) => pair.get('name') === 'addr')?.get('value');
}
