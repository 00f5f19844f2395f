// The node list: what is noteworthy node by node, all others by state.

import { parseScore } from '../../cib/index.ts';
import { healthScoresOf } from '../criteria/health.ts';
import { type Cluster, type ClusterNode, isGuestOrBundleNode, isRemoteType } from '../model/index.ts';
import type { Outline } from './outline.ts';

const groups = ['Online', 'OFFLINE', 'RemoteOnline', 'RemoteOFFLINE', 'GuestOnline'] as const;
type GroupName = (typeof groups)[number];

export function renderNodes(cluster: Cluster, out: Outline): void {
  if (cluster.nodes.length === 0) return;
  out.heading(1, 'Node List');
  const collected = new Map<GroupName, string[]>();
  for (const node of cluster.nodes) {
    if (isNoteworthy(cluster, node)) out.item(2, describeNode(cluster, node));
    else {
      const group = groupOf(node);
      if (group !== undefined) collected.set(group, [...(collected.get(group) ?? []), node.name]);
    }
  }
  for (const group of groups) {
    const names = collected.get(group);
    if (names !== undefined) out.item(2, `${group}: [ ${names.join(' ')} ]`);
  }
}

function isNoteworthy(cluster: Cluster, node: ClusterNode): boolean {
  const state = node.unclean || node.pending || node.standby || node.maintenance;
  return state || (node.standbyByFailure && node.online) || healthOf(cluster, node) !== 'green';
}

/** Guests that are down are not shown: their container is. */
function groupOf(node: ClusterNode): GroupName | undefined {
  if (isGuestOrBundleNode(node)) return node.online ? 'GuestOnline' : undefined;
  if (isRemoteType(node)) return node.online ? 'RemoteOnline' : 'RemoteOFFLINE';
  return node.online ? 'Online' : 'OFFLINE';
}

function describeNode(cluster: Cluster, node: ClusterNode): string {
  const kind = isGuestOrBundleNode(node) ? 'GuestNode' : isRemoteType(node) ? 'RemoteNode' : 'Node';
  const health = healthOf(cluster, node);
  const remark = health === 'green' ? '' : ` (health is ${health.toUpperCase()})`;
  return `${kind} ${node.name}: ${nodeStatus(node)}${remark}`;
}

export function nodeStatus(node: ClusterNode): string {
  if (node.unclean) {
    if (node.online) return 'UNCLEAN (online)';
    return node.pending ? 'UNCLEAN (pending)' : 'UNCLEAN (offline)';
  }
  if (node.pending) return 'pending';
  if (node.standbyByFailure && node.online) return 'standby (on-fail)';
  if (node.standby) {
    if (!node.online) return 'OFFLINE (standby)';
    return node.running.length > 0 ? 'standby (with active resources)' : 'standby';
  }
  if (node.maintenance) return node.online ? 'maintenance' : 'OFFLINE (maintenance)';
  return node.online ? 'online' : 'OFFLINE';
}

type Health = 'green' | 'yellow' | 'red';

/** The worst of what the `#health…` attributes say; a number is as bad as the colour that counts for no less. */
export function healthOf({ options }: Cluster, node: ClusterNode): Health {
  if (options.healthStrategy === 'none') return 'green';
  const scores = healthScoresOf(options);
  const yellowCounts = scores.yellow !== scores.green;
  let worst: Health = 'green';
  for (const [name, text] of node.attributes) {
    if (!name.startsWith('#health')) continue;
    switch (text.toLowerCase()) {
      case 'red':
        return 'red';
      case 'yellow':
        worst = 'yellow';
        break;
      case 'green':
        break;
      default: {
        const score = parseScore(text);
        if (score === undefined) break;
        if (score <= scores.red) return 'red';
        if (yellowCounts && score <= scores.yellow) worst = 'yellow';
      }
    }
  }
  return worst;
}
