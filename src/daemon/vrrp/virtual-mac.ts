// `use_vmac` and `use_vmac_addr`: macvlans with the virtual router's own hardware address (RFC 9568 §7.3).
import {
  addLink,
  deleteLink,
  type KernelError,
  readSysctl,
  replaceAddress,
  setLink,
  writeSysctl,
} from '../../linux/index.ts';
import type { AddressMac, InstanceConfiguration } from '../../vrrp/index.ts';
import type { Interfaces } from './interfaces.ts';

/** The interface that adverts leave by and arrive at. */
export function advertInterface({ virtualMac, interface: base }: InstanceConfiguration): string {
  return virtualMac === undefined || virtualMac.transmitOnBase ? base : (virtualMac.name ?? base);
}

export class VirtualMacs {
  readonly #interfaces: Interfaces;
  /** Macvlans by the instance they were made for. */
  readonly #made = new Map<string, string[]>();
  /** What ARP settings of the base interfaces were before. */
  readonly #before = new Map<string, string>();

  constructor(interfaces: Interfaces) {
    this.#interfaces = interfaces;
  }

  get names(): string[] {
    return [...this.#made.values()].flat();
  }

  /** Makes the macvlans of an instance anew, unless this process made them already; those it has no more go. */
  make(instance: InstanceConfiguration): KernelError | undefined {
    const wanted = macvlansOf(instance);
    const made = this.#made.get(instance.name) ?? [];
    for (const name of made) if (!wanted.some((one) => one.name === name)) this.#delete(name);
    this.#made.set(
      instance.name,
      made.filter((name) => wanted.some((one) => one.name === name)),
    );
    for (const one of wanted) {
      const error = this.#makeOne(instance.name, one);
      if (error !== undefined) return error;
    }
    return undefined;
  }

  remove(owner: string): void {
    for (const name of this.#made.get(owner) ?? []) this.#delete(name);
    this.#made.delete(owner);
  }

  /** Removes all, and gives the base interfaces their ARP settings back. */
  close(): void {
    for (const owner of [...this.#made.keys()]) this.remove(owner);
    for (const [key, value] of this.#before) writeSysctl(key.split(' '), value);
  }

  #makeOne(owner: string, { name, mac, base, family }: AddressMac): KernelError | undefined {
    const made = this.#made.get(owner) ?? [];
    const parent = this.#interfaces.link(base);
    const standing = this.#interfaces.link(name);
    if (parent === undefined || (standing !== undefined && made.includes(name))) return undefined;
    const { routes } = this.#interfaces;
    if (standing?.kind === 'macvlan') deleteLink(routes, standing.index);
    const parentIndex = parent.index;
    const added = addLink(routes, { kind: 'macvlan', name, hardwareAddress: mac, parentIndex, mode: 'private' });
    if (!added.ok) return added.error;
    if (!made.includes(name)) this.#made.set(owner, [...made, name]);
    this.#interfaces.listAnew();
    const index = this.#interfaces.link(name)?.index ?? 0;
    const quiet = setLink(routes, index, { linkLocal: 'none' });
    if (!quiet.ok) return quiet.error;
    this.#prepareArp(base, name);
    const up = setLink(routes, index, { state: 'up' });
    if (!up.ok) return up.error;
    if (family === 'ipv6') this.#lendLinkLocal(base, index);
    this.#interfaces.listAnew();
    return undefined;
  }

  #delete(name: string): void {
    const link = this.#interfaces.link(name);
    if (link !== undefined) deleteLink(this.#interfaces.routes, link.index);
  }

  /**
   * The base interface must not answer for addresses of the macvlan with its own hardware address, and the macvlan must
   * take packets from addresses that are also this host's.
   */
  #prepareArp(base: string, name: string): void {
    for (const setting of ['arp_ignore', 'arp_filter']) {
      const key = ['net', 'ipv4', 'conf', base, setting];
      const before = readSysctl(key);
      if (before.ok && !this.#before.has(key.join(' '))) this.#before.set(key.join(' '), before.value);
      writeSysctl(key, 1);
    }
    writeSysctl(['net', 'ipv4', 'conf', name, 'arp_ignore'], 1);
    writeSysctl(['net', 'ipv4', 'conf', name, 'accept_local'], 1);
    writeSysctl(['net', 'ipv4', 'conf', name, 'rp_filter'], 0);
  }

  /** Adverts over IPv6 come from the base's link-local address, which the macvlan needs too; deprecated: for them alone. */
  #lendLinkLocal(base: string, interfaceIndex: number): void {
    const address = this.#interfaces.sourceAddress(base, 'ipv6', new Set());
    if (address === undefined) return;
    const settings = { interfaceIndex, address, prefixLength: 64, preferredLifetimeS: 0 };
    replaceAddress(this.#interfaces.routes, { ...settings, flags: ['nodad'] });
  }
}

function macvlansOf({ virtualMac, addressMacs, interface: base, family }: InstanceConfiguration): AddressMac[] {
  if (virtualMac?.name === undefined || virtualMac.mac === undefined) return [...addressMacs];
  return [{ name: virtualMac.name, mac: virtualMac.mac, base, family }, ...addressMacs];
}
