// `use_vmac`: a macvlan with the virtual router's own hardware address (RFC 9568 §7.3) that carries adverts and addresses.
import {
  addLink,
  deleteLink,
  type KernelError,
  readSysctl,
  replaceAddress,
  setLink,
  writeSysctl,
} from '../../linux/index.ts';
import type { InstanceConfiguration, VrrpConfiguration } from '../../vrrp/index.ts';
import type { Interfaces } from './interfaces.ts';

/** The same configuration with every virtual MAC's name and address filled in. */
export function withVirtualMacs(configuration: VrrpConfiguration): VrrpConfiguration {
  const { vmacPrefix } = configuration.global;
  const instances = configuration.instances.map((instance) => {
    const { virtualMac, virtualRouterId, family } = instance;
    if (virtualMac === undefined) return instance;
    const name = virtualMac.name ?? `${vmacPrefix}.${virtualRouterId}`;
    const mac = virtualMac.mac ?? `00:00:5e:00:0${family === 'ipv4' ? 1 : 2}:${hexByte(virtualRouterId)}`;
    return { ...instance, virtualMac: { ...virtualMac, name, mac } };
  });
  return { ...configuration, instances };
}

/** The interface that adverts leave by and arrive at. */
export function advertInterface({ virtualMac, interface: base }: InstanceConfiguration): string {
  return virtualMac === undefined || virtualMac.transmitOnBase ? base : (virtualMac.name ?? base);
}

export class VirtualMacs {
  readonly #interfaces: Interfaces;
  readonly #made = new Map<string, string>();
  /** What ARP settings of the base interfaces were before. */
  readonly #before = new Map<string, string>();

  constructor(interfaces: Interfaces) {
    this.#interfaces = interfaces;
  }

  get names(): string[] {
    return [...this.#made.values()];
  }

  /** Makes the macvlan of an instance anew, unless this process made it already. */
  make(instance: InstanceConfiguration): KernelError | undefined {
    const { virtualMac, interface: base, name: owner } = instance;
    const parent = this.#interfaces.link(base);
    if (virtualMac?.name === undefined || virtualMac.mac === undefined || parent === undefined) return undefined;
    if (this.#made.get(owner) === virtualMac.name && this.#interfaces.link(virtualMac.name) !== undefined)
      return undefined;
    const { routes } = this.#interfaces;
    const leftOver = this.#interfaces.link(virtualMac.name);
    if (leftOver?.kind === 'macvlan') deleteLink(routes, leftOver.index);
    const { name, mac } = virtualMac;
    const made = addLink(routes, {
      kind: 'macvlan',
      name,
      hardwareAddress: mac,
      parentIndex: parent.index,
      mode: 'private',
    });
    if (!made.ok) return made.error;
    this.#made.set(owner, name);
    this.#interfaces.listAnew();
    const index = this.#interfaces.link(name)?.index ?? 0;
    const quiet = setLink(routes, index, { linkLocal: 'none' });
    if (!quiet.ok) return quiet.error;
    this.#prepareArp(base, name);
    const up = setLink(routes, index, { state: 'up' });
    if (!up.ok) return up.error;
    if (instance.family === 'ipv6') this.#lendLinkLocal(base, index);
    this.#interfaces.listAnew();
    return undefined;
  }

  remove(owner: string): string | undefined {
    const name = this.#made.get(owner);
    const link = name === undefined ? undefined : this.#interfaces.link(name);
    this.#made.delete(owner);
    if (link !== undefined) deleteLink(this.#interfaces.routes, link.index);
    return name;
  }

  /** Removes all, and gives the base interfaces their ARP settings back. */
  close(): void {
    for (const owner of [...this.#made.keys()]) this.remove(owner);
    for (const [key, value] of this.#before) writeSysctl(key.split(' '), value);
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

function hexByte(value: number): string {
  return value.toString(16).padStart(2, '0');
}
