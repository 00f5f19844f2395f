// Which macvlans an instance has, and their names: `use_vmac` for its own addresses, `use_vmac_addr` (or `use_vmac` at an
// address) for addresses on other interfaces or of the other family. Each has the virtual router's hardware address of its
// family (RFC 9568 §7.3). Names are unique over the whole configuration, as keepalived.conf(5) has them: PREFIX.VRID, and
// when that is taken PREFIX6.VRID for IPv6, then PREFIX1.VRID and so on.
import type { AddressFamily } from './address.ts';
import type { AddressMac, InstanceConfiguration, VirtualAddress } from './configuration.ts';

export type MacPrefixes = { readonly own: string; readonly address: string };

/** The same instances with every virtual MAC's name and hardware address, and their addresses on them. */
export function withVirtualMacs(
  instances: readonly InstanceConfiguration[],
  prefixes: MacPrefixes,
): readonly InstanceConfiguration[] {
  const taken = new Set(instances.flatMap(({ virtualMac }) => virtualMac?.name ?? []));
  return instances
    .map((instance) => withOwnMac(instance, prefixes.own, taken))
    .map((instance) => withAddressMacs(instance, prefixes.address, taken));
}

function withOwnMac(instance: InstanceConfiguration, prefix: string, taken: Set<string>): InstanceConfiguration {
  const { virtualMac, virtualRouterId, family } = instance;
  if (virtualMac === undefined) return instance;
  const name = virtualMac.name ?? freeName(prefix, virtualRouterId, family, taken);
  const mac = virtualMac.mac ?? hardwareAddress(virtualRouterId, family);
  return { ...instance, virtualMac: { ...virtualMac, name, mac } };
}

function withAddressMacs(instance: InstanceConfiguration, prefix: string, taken: Set<string>): InstanceConfiguration {
  const { virtualRouterId } = instance;
  const macs: AddressMac[] = [];
  const moved = (address: VirtualAddress): VirtualAddress => {
    const base = address.interface ?? instance.interface;
    const { family } = address;
    if (!address.useVmac || (base === instance.interface && family === instance.family)) return address;
    let mac = macs.find((one) => one.base === base && one.family === family);
    if (mac === undefined) {
      const name = freeName(prefix, virtualRouterId, family, taken);
      mac = { name, mac: hardwareAddress(virtualRouterId, family), base, family };
      macs.push(mac);
    }
    return { ...address, interface: mac.name };
  };
  const virtualAddresses = instance.virtualAddresses.map(moved);
  const excludedAddresses = instance.excludedAddresses.map(moved);
  return { ...instance, virtualAddresses, excludedAddresses, addressMacs: macs };
}

function freeName(prefix: string, virtualRouterId: number, family: AddressFamily, taken: Set<string>): string {
  const candidate = (number: number | string) => `${prefix}${number}.${virtualRouterId}`;
  let name = candidate('');
  if (taken.has(name) && family === 'ipv6') name = candidate(6);
  for (let number = 1; taken.has(name); number++) name = candidate(number);
  taken.add(name);
  return name;
}

function hardwareAddress(virtualRouterId: number, family: AddressFamily): string {
  return `00:00:5e:00:0${family === 'ipv4' ? 1 : 2}:${virtualRouterId.toString(16).padStart(2, '0')}`;
}
