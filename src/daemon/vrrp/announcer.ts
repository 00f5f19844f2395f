// Gratuitous ARP and unsolicited neighbour advertisements: tell the network where an address now is.
import { readFileSync } from 'node:fs';
import {
  gratuitousArp,
  type KernelError,
  openPacketSocket,
  orFail,
  type PacketSocket,
  unsolicitedNeighbourAdvertisement,
} from '../../linux/index.ts';
import type { InstanceConfiguration, VirtualAddress } from '../../vrrp/index.ts';
import type { Interfaces } from './interfaces.ts';
import { addressesOf, interfaceOf } from './possession.ts';

type Frame = { readonly instance: string; readonly interfaceName: string; readonly address: VirtualAddress };

/** More frames than this wait only when a pacing interval is far too long for the number of addresses. */
const framesWaitingMax = 20_000;
const targetHardwareOffset = 32;

export class Announcer {
  readonly #interfaces: Interfaces;
  readonly #socket: PacketSocket;
  readonly #say: (line: string) => void;
  readonly #complain: (instance: string, error: KernelError) => void;
  /** Frames that wait for their turn, where `garp_interval` or `gna_interval` spaces them. */
  #waiting: { readonly frame: Frame; readonly intervalMs: number }[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @throws CommandFailure when the kernel refuses a packet socket. */
  constructor(
    interfaces: Interfaces,
    say: (line: string) => void,
    complain: (instance: string, error: KernelError) => void,
  ) {
    this.#interfaces = interfaces;
    this.#say = say;
    this.#complain = complain;
    this.#socket = orFail(openPacketSocket({ etherType: 'none' }));
  }

  /** `rounds` times each address of the instance, in configured order. */
  announce(instance: InstanceConfiguration, rounds: number, scope: 'all' | 'extra-interfaces'): void {
    const addresses = addressesOf(instance).filter((address) => scope === 'all' || isExtra(instance, address));
    for (let round = 0; round < rounds; round++) {
      for (const address of addresses) {
        const interfaceName = interfaceOf(instance, address);
        if (round === 0)
          this.#say(`(${instance.name}) Sending/queueing ${plural(address)} on ${onFor(interfaceName, address)}`);
        const { garpIntervalMs, gnaIntervalMs } = instance.announcement;
        const intervalMs = address.family === 'ipv4' ? garpIntervalMs : gnaIntervalMs;
        this.#sendOrQueue({ instance: instance.name, interfaceName, address }, intervalMs);
      }
    }
  }

  /** What has not been sent for this instance will not be. */
  drop(instance: string): void {
    this.#waiting = this.#waiting.filter(({ frame }) => frame.instance !== instance);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#waiting = [];
    this.#socket.close();
  }

  #sendOrQueue(frame: Frame, intervalMs: number): void {
    if (intervalMs === 0) {
      this.#send(frame);
      return;
    }
    if (this.#waiting.length >= framesWaitingMax) return;
    this.#waiting.push({ frame, intervalMs });
    if (this.#timer === undefined) this.#sendNext();
  }

  #sendNext(): void {
    const next = this.#waiting.shift();
    this.#timer = undefined;
    if (next === undefined) return;
    this.#send(next.frame);
    this.#timer = setTimeout(() => this.#sendNext(), next.intervalMs);
  }

  #send({ instance, interfaceName, address }: Frame): void {
    const link = this.#interfaces.link(interfaceName);
    if (link === undefined || link.hardwareAddress === '') return;
    const announcement = { address: address.address, hardwareAddress: link.hardwareAddress };
    const frame =
      address.family === 'ipv4'
        ? toEveryone(gratuitousArp(announcement))
        : unsolicitedNeighbourAdvertisement(announcement, forwards(interfaceName) ? 'router' : 'host');
    this.#say(`Sending ${singular(address)} on ${onFor(interfaceName, address)}`);
    const sent = this.#socket.send(frame, link.index);
    if (!sent.ok && sent.error.errno !== 'ENETDOWN') this.#complain(instance, sent.error);
  }
}

/** garp_extra_if: addresses on other interfaces than the instance's, and of those the macvlans alone unless `all` is said. */
function isExtra(instance: InstanceConfiguration, address: VirtualAddress): boolean {
  if (address.interface === undefined || address.interface === instance.interface) return false;
  return instance.announcement.extraInterfaceAll || instance.addressMacs.some(({ name }) => name === address.interface);
}

/** Keepalived writes the broadcast address as target hardware address of its requests; so do we. */
function toEveryone(frame: Buffer): Buffer {
  frame.fill(0xff, targetHardwareOffset, targetHardwareOffset + 6);
  return frame;
}

function plural(address: VirtualAddress): string {
  return address.family === 'ipv4' ? 'gratuitous ARPs' : 'Unsolicited Neighbour Adverts';
}

function singular(address: VirtualAddress): string {
  return address.family === 'ipv4' ? 'gratuitous ARP' : 'unsolicited Neighbour Advert';
}

function onFor(interfaceName: string, address: VirtualAddress): string {
  return `${interfaceName} for ${address.address}`;
}

/** RFC 4861 §7.2.6: the router flag says whether the host forwards on this interface. */
function forwards(interfaceName: string): boolean {
  try {
    return readFileSync(`/proc/sys/net/ipv6/conf/${interfaceName}/forwarding`, 'latin1').trim() === '1';
  } catch {
    return false;
  }
}
