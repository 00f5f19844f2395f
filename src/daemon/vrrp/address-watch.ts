// Listens for other hosts that speak for our virtual addresses, and asks whether there are any: ARP for IPv4, neighbour
// discovery for IPv6.
import {
  addressBytes,
  arpRequest,
  choicesMax,
  decodeArp,
  decodeNeighbourAdvertisement,
  etherTypeArp,
  etherTypeIpv6,
  type FieldChoice,
  type FieldMatch,
  type Frame,
  type KernelError,
  listNeighbours,
  matchFields,
  monotonicMs,
  neighbourProbe,
  openPacketSocket,
  orFail,
  type PacketSocket,
} from '../../linux/index.ts';
import type { AddressClaim, AddressFamily, InstanceConfiguration } from '../../vrrp/index.ts';
import type { Interfaces } from './interfaces.ts';
import { addressesOf, interfaceOf } from './possession.ts';

export type AddressWatchListener = {
  readonly onClaim: (instance: string, claim: AddressClaim) => void;
  readonly onError: (instance: string, error: KernelError) => void;
};

/** Where an address is set when its instance is MASTER. */
type Post = { readonly instance: string; readonly interfaceName: string; readonly base: string };

const claimEveryMs = 500;
const claimsMax = 1000;
const senderOffset = 28;
const isNeighbourAdvertisement: readonly FieldMatch[] = [
  { offset: 20, bytes: 1, equals: 58 },
  { offset: 54, bytes: 1, equals: 136 },
];
/** The last four bytes of the target: the rest is compared here. */
const targetOffset = 74;

export class AddressWatch {
  readonly #interfaces: Interfaces;
  readonly #listener: AddressWatchListener;
  /** By address; several instances may list the same one on different interfaces. */
  #posts = new Map<string, readonly Post[]>();
  readonly #heardMs = new Map<string, number>();
  readonly #sockets = new Map<AddressFamily, { readonly key: string; readonly socket: PacketSocket }>();

  constructor(interfaces: Interfaces, listener: AddressWatchListener) {
    this.#interfaces = interfaces;
    this.#listener = listener;
  }

  /** Listens for the addresses of these instances from now on. @throws CommandFailure when the kernel refuses a socket. */
  follow(instances: readonly InstanceConfiguration[]): void {
    const posts = instances.flatMap((instance) =>
      addressesOf(instance).map((address) => ({
        address: address.address,
        family: address.family,
        instance: instance.name,
        interfaceName: interfaceOf(instance, address),
        base: instance.addressMacs.find(({ name }) => name === address.interface)?.base ?? instance.interface,
      })),
    );
    this.#posts = new Map();
    for (const post of posts) this.#posts.set(post.address, [...(this.#posts.get(post.address) ?? []), post]);
    for (const family of ['ipv4', 'ipv6'] as const)
      this.#listen(family, [...new Set(posts.filter((post) => post.family === family).map(({ address }) => address))]);
  }

  /** Asks the network who else has the addresses of an instance: whoever has one says so. */
  probe(instance: InstanceConfiguration): void {
    for (const { address, family, ...rest } of addressesOf(instance)) {
      const link = this.#interfaces.link(interfaceOf(instance, { address, family, ...rest }));
      const socket = this.#sockets.get(family)?.socket;
      if (link === undefined || link.hardwareAddress === '' || socket === undefined) continue;
      const { hardwareAddress } = link;
      const frame =
        family === 'ipv4'
          ? arpRequest({ hardwareAddress, senderAddress: '0.0.0.0', targetAddress: address })
          : neighbourProbe({ address, hardwareAddress });
      const sent = socket.send(frame, link.index);
      if (!sent.ok && sent.error.errno !== 'ENETDOWN') this.#listener.onError(instance.name, sent.error);
    }
  }

  close(): void {
    for (const { socket } of this.#sockets.values()) socket.close();
    this.#sockets.clear();
  }

  #listen(family: AddressFamily, addresses: readonly string[]): void {
    const standing = this.#sockets.get(family);
    const key = addresses.toSorted().join();
    if (standing?.key === key) return;
    standing?.socket.close();
    this.#sockets.delete(family);
    if (addresses.length === 0) return;
    const choice = choiceOf(family === 'ipv4' ? senderOffset : targetOffset, addresses);
    const filter = matchFields(family === 'ipv4' ? [] : isNeighbourAdvertisement, choice);
    const etherType = family === 'ipv4' ? etherTypeArp : etherTypeIpv6;
    const socket = orFail(openPacketSocket({ etherType, filter, outgoing: 'ignore' }));
    this.#sockets.set(family, { key, socket });
    orFail(
      socket.listen({
        onFrame: (frame) => this.#hear(family, frame),
        onError: (error) => this.#listener.onError('addresses', error),
      }),
    );
  }

  #hear(family: AddressFamily, frame: Frame): void {
    const heard = family === 'ipv4' ? senderOf(frame.bytes) : decodeNeighbourAdvertisement(frame.bytes);
    if (heard === undefined || this.#interfaces.isOwn(heard.hardwareAddress)) return;
    if (!this.#isNews(`${heard.address} ${heard.hardwareAddress} ${frame.interfaceIndex}`)) return;
    const at = this.#interfaces.nameOf(frame.interfaceIndex);
    for (const { instance, interfaceName, base } of this.#posts.get(heard.address) ?? []) {
      if (at !== interfaceName && at !== base) continue;
      const ownHardwareAddress = this.#interfaces.link(interfaceName)?.hardwareAddress ?? 'not there';
      const knownAs = this.#knownAs(heard.hardwareAddress, heard.address);
      this.#listener.onClaim(instance, { ...heard, interface: interfaceName, ownHardwareAddress, knownAs });
    }
  }

  /** A flood of claims must not hold up adverts. */
  #isNews(claim: string): boolean {
    const nowMs = monotonicMs();
    if (nowMs - (this.#heardMs.get(claim) ?? Number.NEGATIVE_INFINITY) < claimEveryMs) return false;
    if (this.#heardMs.size >= claimsMax) this.#heardMs.clear();
    this.#heardMs.set(claim, nowMs);
    return true;
  }

  #knownAs(hardwareAddress: string, but: string): string | undefined {
    const listed = listNeighbours(this.#interfaces.routes);
    if (!listed.ok) return undefined;
    return listed.value.find((one) => one.hardwareAddress === hardwareAddress && one.address !== but)?.address;
  }
}

function senderOf(frame: Buffer): { readonly address: string; readonly hardwareAddress: string } | undefined {
  const message = decodeArp(frame);
  return message && { address: message.senderAddress, hardwareAddress: message.senderHardwareAddress };
}

/** More addresses than a filter can tell apart all pass it. */
function choiceOf(offset: number, addresses: readonly string[]): FieldChoice | undefined {
  if (addresses.length > choicesMax) return undefined;
  const oneOf = addresses.map((address) => addressBytes(address).subarray(-4).readUInt32BE());
  return { offset, bytes: 4, oneOf: [...new Set(oneOf)] };
}
