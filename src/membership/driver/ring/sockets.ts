// The sockets of one link. `udpu`: one, bound to our address. `udp`: Corosync's three; everything leaves from port - 1,
// tokens come to our address, multicasts to the group.

import { CommandFailure, defined } from '../../../kit/index.ts';
import {
  type DatagramRun,
  type Endpoint,
  familyOf,
  type IpSocket,
  isMulticast,
  type KernelResult,
  listAddresses,
  listLinks,
  type MessageView,
  openRouteSocket,
  openUdpSocket,
  orFail,
  type ReceivedMessage,
  type Watch,
  watchReadable,
} from '../../../linux/index.ts';
import type { RingLink } from './settings.ts';

export type LinkListener = {
  /** `bytes` is the listener's until it returns. */
  readonly onDatagram: (bytes: Uint8Array, source: string) => void;
  /** All that waited has been handed over. */
  readonly onDrained: () => void;
  readonly onError: (what: string) => void;
};

/** Twice what Corosync asks for: a burst of a whole window from every member fits. */
const bufferBytes = 4 << 20;
/** The queue of interactive traffic (TC_PRIO_INTERACTIVE, man 7 socket). */
const interactivePriority = 6;
const datagramsPerTurnMax = 128;

export class LinkSockets {
  readonly link: RingLink;
  readonly interfaceIndex: number;
  readonly #listener: LinkListener;
  readonly #unicast: IpSocket;
  readonly #group: IpSocket | undefined;
  readonly #sender: IpSocket;
  readonly #groupEndpoint: Endpoint | undefined;
  readonly #watches: Watch[];
  #closed = false;
  #silence: NodeJS.Timeout | undefined;

  /** @throws CommandFailure when the address is not ours, or is taken. */
  constructor(link: RingLink, listener: LinkListener) {
    this.link = link;
    this.#listener = listener;
    const family = defined(familyOf(link.address), `${link.address} was checked to be an address`);
    const { index, name: interfaceName } = interfaceOf(link.address);
    this.interfaceIndex = index;
    const buffers = { family, receiveBufferBytes: bufferBytes, sendBufferBytes: bufferBytes } as const;
    const common = { ...buffers, priority: interactivePriority };
    this.#unicast = orFail(openUdpSocket({ ...common, address: link.address, port: link.port }));
    if (link.group === undefined) {
      this.#sender = this.#unicast;
      this.#unicast.mergeReceived();
    } else {
      const { address, ttl } = link.group;
      const leave = { multicastInterfaceIndex: index, multicastLoop: 'others-only', broadcast: 'allowed' } as const;
      const hops = ttl === 1 ? {} : { hopLimit: ttl };
      this.#sender = orFail(
        openUdpSocket({ ...common, ...leave, ...hops, address: link.address, port: link.port - 1 }),
      );
      // Two links may share a group: each hears its own interface only.
      this.#group = orFail(openUdpSocket({ ...common, address, port: link.port, sharing: 'shared', interfaceName }));
      if (isMulticast(address)) orFail(this.#group.join({ address, interfaceIndex: index }));
      this.#groupEndpoint = { address, port: link.port };
    }
    const sockets = [this.#unicast, this.#group].filter((socket) => socket !== undefined);
    this.#watches = sockets.map(({ fd, name }) => orFail(watchReadable(fd, name, () => this.drain())));
  }

  /** Whether one datagram reaches everybody on the link. */
  get hasGroup(): boolean {
    return this.#groupEndpoint !== undefined;
  }

  send(bytes: Uint8Array, to: Endpoint): void {
    if (this.#speaks) this.#noteFailure(this.#sender.send(bytes, { to }));
  }

  sendRun(run: DatagramRun, to: Endpoint): void {
    if (this.#speaks) this.#noteFailure(this.#sender.sendRun(run, to));
  }

  sendToGroup(bytes: Uint8Array): void {
    if (this.#groupEndpoint !== undefined) this.send(bytes, this.#groupEndpoint);
  }

  /** Hands over what has arrived, which happens by itself in every turn. */
  drain(): void {
    if (this.#closed) return;
    if (this.#group === undefined) this.#drainUnicast();
    else this.#drainBoth(this.#group);
    this.#listener.onDrained();
  }

  /** For so long nothing leaves, and what arrives is lost: as if somebody had pulled the cable. */
  silence(forMs: number): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.#silence = undefined;
    }, forMs);
  }

  get #speaks(): boolean {
    return !this.#closed && this.#silence === undefined;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#silence);
    for (const watch of this.#watches) watch.close();
    for (const socket of new Set([this.#unicast, this.#group, this.#sender])) socket?.close();
  }

  /** A full buffer or a missing route is a loss like any other: the ring repeats what matters. */
  #noteFailure(sent: KernelResult<void>): void {
    if (!sent.ok && sent.error.errno !== 'EAGAIN') this.#listener.onError(sent.error.errno);
  }

  #drainUnicast(): void {
    for (let count = 0; count < datagramsPerTurnMax && !this.#closed; count++) {
      const viewed = this.#unicast.view();
      if (!viewed.ok) this.#listener.onError(viewed.error.errno);
      if (!viewed.ok || viewed.value === undefined) return;
      this.#handMerged(viewed.value);
    }
  }

  #handMerged({ bytes, source, datagramBytes }: MessageView): void {
    for (let at = 0; at < bytes.length && this.#speaks; at += datagramBytes)
      this.#listener.onDatagram(bytes.subarray(at, at + datagramBytes), source.address);
  }

  /** What was sent to the group before a token was sent to us is handed over before it. */
  #drainBoth(group: IpSocket): void {
    const toUs = this.#read(this.#unicast);
    this.#hand(this.#read(group));
    this.#hand(toUs);
  }

  #read(socket: IpSocket): ReceivedMessage[] {
    const messages: ReceivedMessage[] = [];
    while (messages.length < datagramsPerTurnMax) {
      const received = socket.receive();
      if (!received.ok) this.#listener.onError(received.error.errno);
      if (!received.ok || received.value === undefined) break;
      messages.push(received.value);
    }
    return messages;
  }

  #hand(messages: readonly ReceivedMessage[]): void {
    for (const { bytes, source } of messages) {
      if (!this.#speaks) return;
      // What is broadcast comes back to its sender.
      if (source.address !== this.link.address) this.#listener.onDatagram(bytes, source.address);
    }
  }
}

function interfaceOf(address: string): { readonly index: number; readonly name: string } {
  const routes = orFail(openRouteSocket());
  try {
    const found = orFail(listAddresses(routes)).find(
      (one) => one.address === address || isLoopback(one.address, address),
    );
    const on = orFail(listLinks(routes)).find(({ index }) => index === found?.interfaceIndex);
    if (on !== undefined) return on;
    throw new CommandFailure({
      kind: 'unavailable',
      what: `no interface of this machine has the ring's address ${address}`,
      why: 'the ring binds to it, so that peers see where datagrams come from',
      fix: 'Configure the address on an interface, or correct the address of this node',
    });
  } finally {
    routes.close();
  }
}

/** All of 127.0.0.0/8 is ours as soon as 127.0.0.1 is. */
function isLoopback(ours: string, wanted: string): boolean {
  return ours === '127.0.0.1' && wanted.startsWith('127.');
}
