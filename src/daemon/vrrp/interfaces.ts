// The interfaces of this host as VRRP sees them: which are up, what addresses they have, what changes.
import type { Result } from '../../kit/index.ts';
import {
  type InterfaceAddress,
  type KernelError,
  type Link,
  listAddresses,
  listLinks,
  type NetworkEvent,
  type NetworkWatch,
  openRouteSocket,
  orFail,
  type RouteSocket,
  watchNetwork,
} from '../../linux/index.ts';
import { type AddressFamily, isLinkLocal, parseAddress } from '../../vrrp/index.ts';

export type InterfacesListener = {
  /** An interface came, went, or changed its state. */
  readonly onLink: (name: string) => void;
  readonly onAddress: (name: string, address: string | undefined) => void;
  readonly onAddressGone: (name: string, address: string) => void;
  readonly onError: (error: KernelError) => void;
};

/** Follows the kernel from the moment it is made; reads are answered from what it was told. */
export class Interfaces {
  readonly routes: RouteSocket;
  readonly #watch: NetworkWatch;
  readonly #listener: InterfacesListener;
  #links = new Map<number, Link>();
  #addresses: InterfaceAddress[] = [];

  /** @throws CommandFailure when the kernel refuses a netlink socket. */
  constructor(listener: InterfacesListener) {
    this.#listener = listener;
    this.routes = orFail(openRouteSocket());
    this.#watch = orFail(
      watchNetwork({
        subjects: ['link', 'address'],
        onEvent: (event) => this.#follow(event),
        onError: listener.onError,
      }),
    );
    this.listAnew();
  }

  link(name: string): Link | undefined {
    for (const link of this.#links.values()) if (link.name === name) return link;
    return undefined;
  }

  /** Administratively up and with carrier; an interface that is not there is down. */
  isUp(name: string): boolean {
    const link = this.link(name);
    return link?.flags.includes('up') === true && link.flags.includes('running');
  }

  /** The address adverts come from when none is configured: the first of the family, link-local on IPv6, never a virtual one. */
  sourceAddress(name: string, family: AddressFamily, virtual: ReadonlySet<string>): string | undefined {
    const index = this.link(name)?.index;
    return this.#addresses.find(
      (candidate) =>
        candidate.interfaceIndex === index &&
        candidate.family === family &&
        (family === 'ipv4' || isLinkLocalText(candidate.address)) &&
        !virtual.has(candidate.address),
    )?.address;
  }

  /** Asks the kernel, since events may be about a change that was already undone. */
  hasAddress(name: string, address: string): boolean {
    const index = this.link(name)?.index;
    const listed: Result<InterfaceAddress[], KernelError> = listAddresses(this.routes);
    if (!listed.ok) return true;
    return listed.value.some((candidate) => candidate.interfaceIndex === index && candidate.address === address);
  }

  nameOf(index: number): string {
    return this.#links.get(index)?.name ?? `ifindex ${index}`;
  }

  /** Whether a hardware address is that of an interface of this host. */
  isOwn(hardwareAddress: string): boolean {
    for (const link of this.#links.values()) if (link.hardwareAddress === hardwareAddress) return true;
    return false;
  }

  /** Interfaces that have an address, but for the loopback: there it answers nobody's ARP. */
  carriersOf(address: string): string[] {
    return this.#carriersAmong(this.#addresses, address);
  }

  /** The same, asked of the kernel: events of our own changes may still be on their way. */
  carriersNow(address: string): string[] {
    const listed = listAddresses(this.routes);
    return listed.ok ? this.#carriersAmong(listed.value, address) : [];
  }

  close(): void {
    this.#watch.close();
    this.routes.close();
  }

  /** Asks the kernel for everything: after a change of ours that must be known now, or when events were lost. */
  listAnew(): void {
    this.#links = new Map(orFail(listLinks(this.routes)).map((link) => [link.index, link]));
    this.#addresses = orFail(listAddresses(this.routes));
  }

  #carriersAmong(addresses: readonly InterfaceAddress[], address: string): string[] {
    const carriers = addresses.filter((one) => one.address === address).map((one) => one.interfaceIndex);
    return [...new Set(carriers)]
      .filter((index) => this.#links.get(index)?.flags.includes('loopback') !== true)
      .map((index) => this.nameOf(index));
  }

  #follow(event: NetworkEvent): void {
    switch (event.kind) {
      case 'link':
        this.#links.set(event.link.index, event.link);
        this.#listener.onLink(event.link.name);
        return;
      case 'link-gone':
        this.#links.delete(event.link.index);
        this.#listener.onLink(event.link.name);
        return;
      case 'address':
        this.#addresses = [...this.#addresses.filter((known) => !isSame(known, event.address)), event.address];
        this.#listener.onAddress(this.nameOf(event.address.interfaceIndex), event.address.address);
        return;
      case 'address-gone':
        this.#addresses = this.#addresses.filter((known) => !isSame(known, event.address));
        this.#listener.onAddressGone(this.nameOf(event.address.interfaceIndex), event.address.address);
        return;
      case 'lost':
        this.listAnew();
        for (const link of this.#links.values()) {
          this.#listener.onLink(link.name);
          this.#listener.onAddress(link.name, undefined);
        }
        return;
    }
  }
}

function isSame(left: InterfaceAddress, right: InterfaceAddress): boolean {
  return (
    left.interfaceIndex === right.interfaceIndex &&
    left.address === right.address &&
    left.prefixLength === right.prefixLength
  );
}

function isLinkLocalText(address: string): boolean {
  const bytes = parseAddress(address);
  return bytes !== undefined && isLinkLocal(bytes);
}
