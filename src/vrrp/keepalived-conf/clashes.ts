// Two instances that would hear each other as rivals: the same VRID, family and group on one interface.
import type { InstanceConfiguration } from '../configuration.ts';
import type { Findings } from './findings.ts';

export function vridClashes(instances: readonly InstanceConfiguration[], findings: Findings): void {
  const first = new Map<string, InstanceConfiguration[]>();
  for (const instance of instances) {
    const key = `${instance.interface} ${instance.virtualRouterId} ${instance.family}`;
    const others = first.get(key) ?? [];
    const rival = others.find((other) => hearEachOther(instance, other));
    if (rival !== undefined) reportClash(rival, instance, findings);
    first.set(key, [...others, instance]);
  }
}

/** Different groups, or unicast peers that do not overlap, keep them apart (keepalived.conf(5) virtual_router_id). */
function hearEachOther(one: InstanceConfiguration, other: InstanceConfiguration): boolean {
  const [left, right] = [one.transport, other.transport];
  if (left.kind === 'multicast' && right.kind === 'multicast') return left.group === right.group;
  if (left.kind !== 'unicast' || right.kind !== 'unicast') return false;
  return left.peers.some((peer) => right.peers.some((rival) => rival.address === peer.address));
}

function reportClash(first: InstanceConfiguration, second: InstanceConfiguration, findings: Findings): void {
  const family = second.family === 'ipv4' ? 'IPv4' : 'IPv6';
  const what = `${first.name} and ${second.name} both use VRID ${second.virtualRouterId} with ${family} on interface ${second.interface}`;
  findings.error(second.place, what, { fix: 'Give one of them another virtual_router_id' });
}
