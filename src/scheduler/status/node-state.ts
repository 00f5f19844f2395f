// What `node_state` says about a node itself: there or not, to be trusted or not.

import { intervalSeconds, isTrue, parseBoolean, parseInteger, type XmlElement } from '../../cib/index.ts';
import { INFINITY_SCORE } from '../../kit/index.ts';
import { noteRecheck } from '../configuration/cluster.ts';
import { hasTrueAttribute, mergeTransientAttributes } from '../configuration/nodes.ts';
import type { Cluster, ClusterNode } from '../model/index.ts';
import { fenceNode } from './fencing.ts';

export function readNodeState(cluster: Cluster, node: ClusterNode, state: XmlElement): void {
  if (node.kind === 'remote') {
    if ((parseInteger(state.get('node_fenced')) ?? 0) !== 0) node.remoteFenced = true;
    return;
  }
  mergeTransientAttributes(cluster, node, state);
  if (hasTrueAttribute(node, 'standby')) node.standby = true;
  if (hasTrueAttribute(node, 'maintenance')) node.maintenance = true;
  node.unclean = false;
  node.seen = true;
  const membership = membershipOf(cluster, state);
  if (shutdownRequested(node)) node.shuttingDown = true;
  else if (membership.expected === 'member') node.expectedUp = true;
  node.online = cluster.options.fencingEnabled
    ? onlineWithFencing(cluster, node, membership)
    : onlineWithoutFencing(cluster, node, membership);
  if (!node.online || node.shuttingDown) node.baseScore = -INFINITY_SCORE;
  if (!cluster.quorate && node.online && cluster.options.quorumPolicy === 'fence') {
    fenceNode(cluster, node, 'cluster does not have quorum');
  }
}

export function shutdownRequested(node: ClusterNode): boolean {
  const value = node.attributes.get('shutdown');
  return value !== undefined && value !== '0';
}

type Membership = {
  /** Epoch seconds since when it is a member; 0: it is none; -1: unknown. */
  readonly memberSince: number;
  /** Epoch seconds since when its controller is in the process group; 0: it is not. */
  readonly onlineSince: number;
  readonly join: string | undefined;
  readonly expected: string | undefined;
};

function membershipOf(cluster: Cluster, state: XmlElement): Membership {
  return {
    memberSince: memberSinceOf(cluster, state.get('in_ccm')),
    onlineSince: onlineSinceOf(state.get('crmd')),
    join: state.get('join')?.toLowerCase(),
    expected: state.get('expected')?.toLowerCase(),
  };
}

function memberSinceOf(cluster: Cluster, text: string | undefined): number {
  if (text === undefined) return -1;
  // Older nodes record a boolean; `1` is one too, and as a time it would be as good as any in the past.
  const flag = parseBoolean(text);
  if (flag !== undefined) return flag ? cluster.now.epochSeconds : 0;
  return Math.max(parseInteger(text) ?? -1, -1);
}

function onlineSinceOf(text: string | undefined): number {
  if (text === undefined || text.toLowerCase() === 'offline') return 0;
  if (text.toLowerCase() === 'online') return 1;
  return Math.max(parseInteger(text) ?? 0, 0);
}

/** The judgement is a table, read from the top: the first row that matches decides. */
function onlineWithFencing(cluster: Cluster, node: ClusterNode, membership: Membership): boolean {
  const { memberSince, onlineSince, join, expected } = membership;
  const isMember = memberSince > 0;
  const fence = (reason: string) => fenceNode(cluster, node, reason);
  if (node.shuttingDown) return onlineSince > 0;
  if (memberSince < 0) {
    fence('peer has not been seen by the cluster');
    return false;
  }
  if (join === 'banned') {
    fence('peer failed Pacemaker membership criteria');
    return isMember;
  }
  if (terminationRequested(node)) {
    if (memberSince <= 0 && onlineSince <= 0 && join === 'down') return false;
    fence('fencing was requested');
    return isMember;
  }
  if (expected === undefined || expected === 'down') {
    if (isPendingTooLong(cluster, membership)) fence('peer pending timed out on joining the process group');
    else if (isMember || onlineSince > 0) markPending(node);
    return isMember;
  }
  return onlineAsExpected(cluster, node, membership);
}

function onlineAsExpected(
  cluster: Cluster,
  node: ClusterNode,
  { memberSince, onlineSince, join }: Membership,
): boolean {
  if (memberSince <= 0) {
    fenceNode(cluster, node, 'peer is no longer part of the cluster', { priorityDelay: true });
    return false;
  }
  if (onlineSince <= 0) fenceNode(cluster, node, 'peer process is no longer available');
  else if (join === 'pending' || join === 'down') markPending(node);
  else if (join !== 'member') fenceNode(cluster, node, 'peer was in an unknown state');
  return true;
}

function markPending(node: ClusterNode): void {
  node.standby = true;
  node.pending = true;
}

function terminationRequested(node: ClusterNode): boolean {
  const value = node.attributes.get('terminate');
  return isTrue(value) || (parseInteger(value) ?? 0) > 0;
}

function isPendingTooLong(cluster: Cluster, { memberSince, onlineSince }: Membership): boolean {
  const timeout = intervalSeconds(cluster.options.nodePendingTimeoutMs);
  if (timeout === 0 || memberSince <= 0 || onlineSince > 0) return false;
  if (cluster.now.epochSeconds >= memberSince + timeout) return true;
  noteRecheck(cluster, memberSince + timeout);
  return false;
}

function onlineWithoutFencing(
  cluster: Cluster,
  node: ClusterNode,
  { memberSince, onlineSince, join }: Membership,
): boolean {
  if (memberSince <= 0) return false;
  if (onlineSince > 0) return join === 'member';
  if (node.expectedUp) fenceNode(cluster, node, 'peer is unexpectedly down');
  return false;
}
