// The status section: the nodes' own state first, then what ran on them, in the order in which one makes the other known.

import { isTrue, parseInteger, type XmlElement, xmlIndexOf } from '../../cib/index.ts';
import { linkLauncher } from '../configuration/launchers.ts';
import { nodeByIdOrName } from '../configuration/nodes.ts';
import { type Cluster, type ClusterNode, roles } from '../model/index.ts';
import { isFailureCounted } from './fail-count.ts';
import { readNodeState } from './node-state.ts';
import { lrmResourcesOf } from './records.ts';
import { determineRemoteOnline, isConnectionUp, readRemoteAttributes } from './remote-state.ts';
import { readResourceHistory, stopFailedContainers } from './resource-state.ts';

export function readStatus(cluster: Cluster): void {
  const states = xmlIndexOf(cluster.cib).only('status')?.children ?? [];
  for (const element of states) {
    if (element.name === 'tickets') readTickets(cluster, element);
    else if (element.name === 'node_state') readOwnState(cluster, element);
  }
  const read = readHistories(cluster, states);
  stopFailedContainers(cluster);
  for (const node of cluster.nodes) {
    if (node.kind !== 'remote') continue;
    if (node.shuttingDown && node.connection !== undefined) node.connection.nextRole = roles.stopped;
    if (!read.has(node)) determineRemoteOnline(node);
  }
}

function readTickets(cluster: Cluster, element: XmlElement): void {
  for (const state of element.childrenNamed('ticket_state')) {
    const id = state.id;
    if (id === undefined) continue;
    cluster.tickets.set(id, {
      id,
      granted: isTrue(state.get('granted')),
      standby: isTrue(state.get('standby')),
      lastGranted: parseInteger(state.get('last-granted')),
      attributes: new Map(state.attributes()),
    });
  }
}

function readOwnState(cluster: Cluster, state: XmlElement): void {
  const node = state.id === undefined ? undefined : nodeByIdOrName(cluster, state.id, state.get('uname'));
  if (node !== undefined) readNodeState(cluster, node, state);
}

/**
 * Whether a guest's history counts depends on whether its connection runs, which another history tells: so the
 * histories are gone through, in document order, again and again, until a pass finds nothing to read.
 */
function readHistories(cluster: Cluster, states: readonly XmlElement[]): Set<ClusterNode> {
  const read = new Set<ClusterNode>();
  let pending = states.filter((state) => state.name === 'node_state' && state.id !== undefined && state.has('uname'));
  for (let isFinal = false; pending.length > 0; ) {
    const before = pending.length;
    pending = pending.filter((state) => {
      // A history may make the node known whose own history comes next.
      const node = nodeByIdOrName(cluster, state.id, state.get('uname'));
      if (node === undefined) return !isFinal;
      if (read.has(node)) return false;
      if (!isFinal && !isReadable(cluster, node)) return true;
      read.add(node);
      readNodeHistory(cluster, node, state);
      return false;
    });
    if (pending.length < before) continue;
    if (isFinal || !cluster.options.fencingEnabled) break;
    isFinal = true;
  }
  return read;
}

function isReadable(cluster: Cluster, node: ClusterNode): boolean {
  if (node.kind === 'remote') return isConnectionUp(cluster, node);
  return node.online || cluster.options.fencingEnabled || cluster.options.shutdownLock;
}

function readNodeHistory(cluster: Cluster, node: ClusterNode, state: XmlElement): void {
  if (node.kind === 'remote') {
    determineRemoteOnline(node);
    readRemoteAttributes(cluster, node, state);
  }
  const resources = lrmResourcesOf(state).map((record) => readResourceHistory(cluster, node, record));
  // Launchers may be known from the same history only, and stand behind what they launch.
  for (const resource of resources) if (resource?.removedLaunched === true) linkLauncher(cluster, resource);
  if (cluster.purpose === 'display') forgetGrounds(cluster, node);
}

/**
 * There can be a million histories, and what would be decided by them takes as much memory as the document itself. What
 * failed is listed by the names that histories have.
 */
function forgetGrounds(cluster: Cluster, node: ClusterNode): void {
  const all = cluster.histories[node.index] ?? [];
  cluster.histories[node.index] = all.filter(({ id = '' }) => isFailureCounted(cluster, node, id));
  cluster.demands.length = 0;
}
