// Which entry of the nodelist is this machine? The order of the attempts is Corosync's (specification 10.3).
import { familyOf } from './address.ts';
import type { ConfiguredNode, Machine } from './model.ts';

export type LocalNode = ConfiguredNode;

export function localNodeOf(nodes: readonly ConfiguredNode[], machine: Machine): LocalNode | undefined {
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
  const own = new Set(machine.addresses.map(({ address }) => address));
  const byAddress = nodes.find((node) => own.has(node.addresses.get(0) ?? ''));
  if (byAddress !== undefined) return byAddress;
  return nodes.find((node) => own.has(machine.resolve(node.addresses.get(0) ?? '') ?? ''));
}

/** `a.b.c`, `a.b`, `a`. */
function shortened(hostName: string): string[] {
  const labels = hostName.split('.');
  return labels.map((_, index) => labels.slice(0, labels.length - index).join('.'));
}

function firstLabel(name: string): string {
  return name.split('.')[0] ?? name;
}
