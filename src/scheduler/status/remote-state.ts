// Remote-type nodes are online when their connection runs, and as trustworthy as what connects them.

import { isTrue, parseInteger, type XmlElement } from '../../cib/index.ts';
import { hasTrueAttribute, mergeTransientAttributes } from '../configuration/nodes.ts';
import { type Cluster, type ClusterNode, isGuestOrBundleNode, isRemoteNode, roles } from '../model/index.ts';
import { shutdownRequested } from './node-state.ts';

export function determineRemoteOnline(node: ClusterNode): void {
  const { connection } = node;
  if (connection === undefined) {
    node.online = false;
    return;
  }
  const guest = connection.launcher;
  if (connection.currentRole === roles.started) {
    node.online = true;
    if (connection.nextRole === roles.stopped) node.shuttingDown = true;
  }
  if (guest?.failed === true) {
    node.online = false;
    node.remoteReset = true;
  } else if (connection.failed) {
    node.online = false;
  } else if (connection.currentRole === roles.stopped || guest?.currentRole === roles.stopped) {
    node.online = false;
    node.remoteReset = false;
  } else if (guest !== undefined && isOnLostHost(connection.activeNodes)) {
    node.online = false;
    node.remoteReset = true;
  }
}

function isOnLostHost(hosts: readonly ClusterNode[]): boolean {
  const [host] = hosts;
  return hosts.length === 1 && host !== undefined && !host.online && host.unclean;
}

/** What the `node_state` of a remote-type node says; read when its connection is known to be up. */
export function readRemoteAttributes(cluster: Cluster, node: ClusterNode, state: XmlElement): void {
  if ((parseInteger(state.get('node_in_maintenance')) ?? 0) !== 0) node.remoteMaintenance = true;
  if (!node.remoteReset) {
    node.unclean = false;
    node.seen = true;
  }
  mergeTransientAttributes(cluster, node, state);
  if (shutdownRequested(node)) node.shuttingDown = true;
  if (hasTrueAttribute(node, 'standby')) node.standby = true;
  const isUnmanaged = node.connection !== undefined && !node.connection.managed;
  if (hasTrueAttribute(node, 'maintenance') || isUnmanaged) node.maintenance = true;
  const discovery = node.attributes.get('resource-discovery-enabled');
  if (discovery !== undefined && !isTrue(discovery)) {
    // Without fencing nothing but a probe can tell whether a remote node still runs something.
    if (!isRemoteNode(node) || cluster.options.fencingEnabled) node.probesAllowed = false;
  }
}

/** Whether the history of a remote-type node can be trusted to be of the present. */
export function isConnectionUp(cluster: Cluster, node: ClusterNode): boolean {
  const { connection } = node;
  if (connection === undefined) return false;
  if (isGuestOrBundleNode(node)) {
    return connection.currentRole === roles.started && connection.launcher?.currentRole === roles.started;
  }
  return connection.currentRole === roles.started || cluster.options.shutdownLock;
}
