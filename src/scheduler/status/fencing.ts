// Deciding that a node has to be fenced. The decision is recorded at once; whether the node really is fenced is settled at
// the end of a run.

import {
  type Cluster,
  type ClusterNode,
  isGuestOrBundleNode,
  isRemoteType,
  type Reach,
  type Resource,
} from '../model/index.ts';

/**
 * Takes `node` as untrustworthy for `reason`. Guests are not fenced: their container is taken as failed. The first
 * recorded reason stays.
 */
export function fenceNode(
  cluster: Cluster,
  node: ClusterNode,
  reason: string,
  { priorityDelay }: { readonly priorityDelay: boolean } = { priorityDelay: false },
): void {
  if (isGuestOrBundleNode(node)) {
    resetGuest(node);
    return;
  }
  const { connection } = node;
  if (isRemoteType(node) && connection?.removedLaunched === true && connection.launcher === undefined) {
    connection.failed = true;
    connection.stopIfFailed = true;
    return;
  }
  if (isRemoteType(node)) {
    if (connection === undefined || connection.managed) node.remoteReset = true;
  } else if (node.unclean) {
    return;
  }
  node.unclean = true;
  cluster.demands.push({ kind: 'fence', node, reason, priorityDelay });
}

/** Asks for a stop. A node that cannot be asked to stop what is to be stopped there is not to be trusted any more. */
export function demandStop(cluster: Cluster, resource: Resource, node: ClusterNode): void {
  cluster.demands.push({ kind: 'stop', resource, node, reach: reachOf(cluster, node) });
  if (!isUp(node) && resource.managed && !node.unclean) fenceNode(cluster, node, 'stop is unrunnable');
}

/** Whether the node can be asked to do something, as far as is known by now. */
export function reachOf(cluster: Cluster, node: ClusterNode): Reach {
  const isLost = isGuestOrBundleNode(node) && !canFence(cluster, node);
  return isUp(node) && !node.pending && !isLost ? 'reached' : 'unreached';
}

/** A guest that is not reset counts as up: it will be when its container is. */
export function isUp(node: ClusterNode): boolean {
  return node.online || (isGuestOrBundleNode(node) && !node.remoteReset);
}

function resetGuest(node: ClusterNode): void {
  const guest = node.connection?.launcher;
  if (guest === undefined || guest.failed || !guest.managed) return;
  node.remoteReset = true;
  guest.failed = true;
  guest.stopIfFailed = true;
}

/** Whether fencing `node` is possible and allowed in the present quorum. */
export function canFence(cluster: Cluster, node: ClusterNode): boolean {
  return isGuestOrBundleNode(node) ? canStopGuest(cluster, node, new Map()) : canFenceHost(cluster, node);
}

/**
 * `asked`: guests whose hosts are being asked about, and those that turned out well. A guest that is said to run inside
 * itself has no host to rely on.
 */
function canStopGuest(cluster: Cluster, guest: ClusterNode, asked: Map<ClusterNode, 'open' | 'well'>): boolean {
  asked.set(guest, 'open');
  const hosts = guest.connection?.launcher?.activeNodes ?? [];
  const isWell = hosts.every((host) => {
    if (host.online || asked.get(host) === 'well') return true;
    if (!isGuestOrBundleNode(host)) return canFenceHost(cluster, host);
    return !asked.has(host) && canStopGuest(cluster, host, asked);
  });
  if (isWell) asked.set(guest, 'well');
  return isWell;
}

function canFenceHost(cluster: Cluster, node: ClusterNode): boolean {
  const { options } = cluster;
  if (!options.fencingEnabled || !cluster.fenceDeviceKnown) return false;
  if (cluster.quorate || options.quorumPolicy === 'ignore') return true;
  if (!node.online) return false;
  if (isRemoteType(node) && !options.fenceRemoteWithoutQuorum) {
    const allowed = node.connection?.allowed;
    return !cluster.nodes.some((each) => allowed?.has(each.index) === true && !each.online);
  }
  return true;
}
