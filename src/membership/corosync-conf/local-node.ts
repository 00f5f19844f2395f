// Which entry of the nodelist is this machine? The order of the attempts is Corosync's (specification 10.3).
import { familyOf, sameAddress } from './address.ts';
import type { ConfiguredNode, Family, Machine } from './model.ts';

export type LocalNode = ConfiguredNode;

export function localNodeOf(
  nodes: readonly ConfiguredNode[],
  machine: Machine,
  families: readonly Family[],
): LocalNode | undefined {
  const called = (name: string) => nodes.find((node) => node.name === name || node.addresses.get(0) === name);
  for (const name of shortened(machine.hostName)) {
    const found = called(name);
    if (found !== undefined) return found;
  }
  const short = firstLabel(machine.hostName);
  const isShort = (text: string | undefined) =>
    text !== undefined && familyOf(text) === undefined && firstLabel(text) === short;
  const byLabel = nodes.find((node) => isShort(node.name) || isShort(node.addresses.get(0)));
  if (byLabel !== undefined) return byLabel;
  const isOurs = (text: string) => machine.addresses.some(({ address }) => sameAddress(address, text));
  const byAddress = nodes.find((node) => isOurs(node.addresses.get(0) ?? ''));
  if (byAddress !== undefined) return byAddress;
  return nodes.find((node) => isOurs(machine.resolve(node.addresses.get(0) ?? '', families) ?? ''));
}

/** `a.b.c`, `a.b`, `a`. */
function shortened(hostName: string): string[] {
  const labels = hostName.split('.');
  return labels.map((_, index) => labels.slice(0, labels.length - index).join('.'));
}

function firstLabel(name: string): string {
  return name.split('.')[0] ?? name;
}
