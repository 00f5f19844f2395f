// Carries out a pledge: addresses off, frames and datagrams out, rules, routes and links away, commands run. Each part goes on whatever
// became of the part before.
import { spawn } from 'node:child_process';
import {
  deleteAddress,
  deleteRoute,
  deleteRule,
  familyOf,
  type KernelError,
  type KernelResult,
  linkByName,
  openPacketSocket,
  openRawSocket,
  openRouteSocket,
  openUdpSocket,
  type PacketSocket,
  type RouteSocket,
} from '../../linux/index.ts';
import type { FarewellDatagram, FarewellFrame, FarewellPacket, HeldAddress, Pledge } from '../protocol.ts';

/** What may be gone already when it is to be removed. */
const alreadyGone = ['EADDRNOTAVAIL', 'ENODEV', 'ENOENT', 'ESRCH'];

/** Opened beforehand: in the moment of need nothing is left to fail but the kernel. */
export class Undoer {
  readonly #route: RouteSocket;
  readonly #packets: PacketSocket;
  readonly #complain: (text: string) => void;

  constructor(route: RouteSocket, packets: PacketSocket, complain: (text: string) => void) {
    this.#route = route;
    this.#packets = packets;
    this.#complain = complain;
  }

  /** Addresses first: the peers must hear of it when the address is free, not before. */
  async carryOut(pledge: Pledge): Promise<void> {
    for (const held of pledge.addresses) this.#removeAddress(held);
    for (const farewell of pledge.frames) this.#sendFrame(farewell);
    for (const farewell of pledge.packets) this.#sendPacket(farewell);
    for (const farewell of pledge.datagrams) this.#sendDatagram(farewell);
    for (const rule of pledge.rules) this.#judge(deleteRule(this.#route, rule));
    for (const route of pledge.routes) this.#judge(deleteRoute(this.#route, route));
    await Promise.all(pledge.links.map((name) => this.#run(['/sbin/ip', 'link', 'delete', name], 1000)));
    for (const { argv, timeoutMs } of pledge.commands) await this.#run(argv, timeoutMs);
  }

  close(): void {
    this.#route.close();
    this.#packets.close();
  }

  #removeAddress({ interfaceName, address, prefixLength }: HeldAddress): void {
    const interfaceIndex = this.#indexOf(interfaceName);
    if (interfaceIndex === undefined) return;
    this.#judge(deleteAddress(this.#route, { interfaceIndex, address, prefixLength }));
  }

  #judge(removed: KernelResult<void>): void {
    if (!removed.ok && !alreadyGone.includes(removed.error.errno)) this.#complainOf(removed.error);
  }

  #sendFrame({ interfaceName, frame }: FarewellFrame): void {
    const index = this.#indexOf(interfaceName);
    if (index === undefined) return;
    const sent = this.#packets.send(Buffer.from(frame, 'hex'), index);
    if (!sent.ok) this.#complainOf(sent.error);
  }

  #sendPacket({ family, protocol, interfaceName, source, destination, packet }: FarewellPacket): void {
    const scopeId = this.#indexOf(interfaceName);
    const opened = openRawSocket({ family, protocol, interfaceName, ipHeader: 'sender', hopLimit: 255 });
    if (!opened.ok) return this.#complainOf(opened.error);
    const to = { address: destination, port: 0 };
    const departure = family === 'ipv4' ? { to } : { to: scopeId === undefined ? to : { ...to, scopeId }, source };
    const sent = opened.value.send(Buffer.from(packet, 'hex'), departure);
    opened.value.close();
    if (!sent.ok) this.#complainOf(sent.error);
  }

  #sendDatagram({ address, port, payload }: FarewellDatagram): void {
    const opened = openUdpSocket({ family: familyOf(address) ?? 'ipv4', port: 0 });
    if (!opened.ok) return this.#complainOf(opened.error);
    const sent = opened.value.send(Buffer.from(payload, 'hex'), { to: { address, port } });
    opened.value.close();
    if (!sent.ok) this.#complainOf(sent.error);
  }

  #indexOf(interfaceName: string): number | undefined {
    const link = linkByName(this.#route, interfaceName);
    if (link.ok) return link.value?.index;
    if (!alreadyGone.includes(link.error.errno)) this.#complainOf(link.error);
    return undefined;
  }

  #run(argv: readonly string[], timeoutMs: number): Promise<void> {
    const [program = '', ...args] = argv;
    return new Promise((resolve) => {
      const child = spawn(program, args, { stdio: 'ignore', timeout: timeoutMs, killSignal: 'SIGKILL' });
      child.once('error', (thrown) => {
        this.#complain(`cannot run ${argv.join(' ')}: ${thrown.message}`);
        resolve();
      });
      child.once('exit', () => resolve());
    });
  }

  #complainOf(error: KernelError): void {
    this.#complain(`cannot ${error.attempted}: ${error.errno}`);
  }
}

/** An undoer with its sockets open, or what the kernel refused. */
export function openUndoer(complain: (text: string) => void): Undoer | KernelError {
  const route = openRouteSocket();
  if (!route.ok) return route.error;
  const packets = openPacketSocket({ etherType: 'none' });
  return packets.ok ? new Undoer(route.value, packets.value, complain) : packets.error;
}
