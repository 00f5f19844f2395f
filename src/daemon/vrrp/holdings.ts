// What a master holds on this host: its addresses, set and removed over netlink.
import { deleteAddress, type KernelError, replaceAddress } from '../../linux/index.ts';
import type { InstanceConfiguration, VirtualAddress } from '../../vrrp/index.ts';
import type { Interfaces } from './interfaces.ts';

export type Complaint = (instance: string, error: KernelError) => void;

export class Holdings {
  readonly #interfaces: Interfaces;
  readonly #complain: Complaint;
  /** Interface and address of what was set, by instance. */
  readonly #held = new Map<string, Set<string>>();

  constructor(interfaces: Interfaces, complain: Complaint) {
    this.#interfaces = interfaces;
    this.#complain = complain;
  }

  acquire(instance: InstanceConfiguration): void {
    for (const address of addressesOf(instance)) this.#set(instance, address);
  }

  /** Removes what may be there, held or left over from another process. */
  release(instance: InstanceConfiguration): void {
    this.#held.delete(instance.name);
    for (const address of addressesOf(instance).reverse()) this.#remove(instance, address);
  }

  /** After a reload: what is no longer listed goes, what is new comes, the rest is not touched. */
  update(previous: InstanceConfiguration, current: InstanceConfiguration): void {
    const before = new Map(addressesOf(previous).map((address) => [JSON.stringify(address), address]));
    const after = new Map(addressesOf(current).map((address) => [JSON.stringify(address), address]));
    for (const [key, address] of before) if (!after.has(key)) this.#remove(previous, address);
    for (const [key, address] of after) if (!before.has(key)) this.#set(current, address);
  }

  /** The instance that holds this address here and minds losing it. */
  holderOf(interfaceName: string, address: string): string | undefined {
    const key = `${interfaceName} ${address}`;
    for (const [instance, held] of this.#held) if (held.has(key)) return instance;
    return undefined;
  }

  #set(instance: InstanceConfiguration, address: VirtualAddress): void {
    const interfaceName = interfaceOf(instance, address);
    const link = this.#interfaces.link(interfaceName);
    if (link === undefined) return;
    const set = replaceAddress(this.#interfaces.routes, {
      interfaceIndex: link.index,
      address: address.address,
      prefixLength: address.prefixLength,
      flags: flagsOf(address),
      ...(address.broadcast === undefined ? {} : { broadcast: address.broadcast }),
      ...(address.label === undefined ? {} : { label: address.label }),
      ...(address.peer === undefined ? {} : { peer: address.peer }),
      ...(address.scope === undefined ? {} : { scope: address.scope }),
      ...(address.preferredLifetimeMs === undefined ? {} : { preferredLifetimeS: address.preferredLifetimeMs / 1000 }),
    });
    if (!set.ok) {
      this.#complain(instance.name, set.error);
      return;
    }
    if (!address.noTrack) this.#heldBy(instance.name).add(`${interfaceName} ${address.address}`);
  }

  #remove(instance: InstanceConfiguration, address: VirtualAddress): void {
    const interfaceName = interfaceOf(instance, address);
    const link = this.#interfaces.link(interfaceName);
    this.#held.get(instance.name)?.delete(`${interfaceName} ${address.address}`);
    if (link === undefined) return;
    const removed = deleteAddress(this.#interfaces.routes, {
      interfaceIndex: link.index,
      address: address.address,
      prefixLength: address.prefixLength,
      ...(address.peer === undefined ? {} : { peer: address.peer }),
    });
    if (!removed.ok && removed.error.errno !== 'EADDRNOTAVAIL') this.#complain(instance.name, removed.error);
  }

  #heldBy(instance: string): Set<string> {
    const held = this.#held.get(instance) ?? new Set<string>();
    this.#held.set(instance, held);
    return held;
  }
}

export function addressesOf(instance: InstanceConfiguration): VirtualAddress[] {
  return [...instance.virtualAddresses, ...instance.excludedAddresses];
}

export function interfaceOf(instance: InstanceConfiguration, address: VirtualAddress): string {
  return address.interface ?? instance.interface;
}

/** Duplicate address detection would keep an IPv6 address unusable for a second, and find the old master's. */
function flagsOf(address: VirtualAddress): ('nodad' | 'homeaddress' | 'mngtmpaddr' | 'noprefixroute')[] {
  return [
    ...(address.family === 'ipv6' ? (['nodad'] as const) : []),
    ...(address.home ? (['homeaddress'] as const) : []),
    ...(address.mngTmpAddr ? (['mngtmpaddr'] as const) : []),
    ...(address.noPrefixRoute ? (['noprefixroute'] as const) : []),
  ];
}
