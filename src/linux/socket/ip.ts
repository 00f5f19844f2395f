// What raw and UDP sockets share: opening inside a namespace, options by meaning, multicast groups, sending, and being
// told of what arrives.
import { assert, ok } from '../../kit/index.ts';
import { addressBytes, type Family, familyNumber, familyOf } from '../address.ts';
import { type KernelError, type KernelResult, kernelError } from '../error.ts';
import { bind, close, errno, socket } from '../libc.ts';
import { inNamespace, type NamespacePath } from '../namespace/enter.ts';
import { type Watch, watchReadable } from '../readiness/watch.ts';
import { batchMessagesMax, MessageBatch } from './batch.ts';
import {
  type Departure,
  type MessageView,
  type ReceivedMessage,
  receiveMessage,
  sendMessage,
  viewMessage,
} from './message.ts';
import { nameValue, type OptionSettings, setOption, setOptions } from './option.ts';
import type { DatagramRun } from './run.ts';
import { type Endpoint, encodeSockaddr } from './sockaddr.ts';

export type IpSocketOptions = {
  readonly family: Family;
  /** Receives from and sends by this interface only (SO_BINDTODEVICE). */
  readonly interfaceName?: string;
  /** The network namespace to open it in; the calling thread's when left out. */
  readonly namespace?: NamespacePath;
  /** TTL or hop limit of what is sent, unicast and multicast, 1 to 255. */
  readonly hopLimit?: number;
  /** TOS or traffic class of what is sent, 0 to 255. */
  readonly trafficClass?: number;
  /** Socket priority for queueing on the interface (SO_PRIORITY), 0 to 7. */
  readonly priority?: number;
  /** Whether this host's own members receive what is sent to a group; 'own' when left out, as the kernel has it. */
  readonly multicastLoop?: 'own' | 'others-only';
  /** The interface by which multicast leaves. */
  readonly multicastInterfaceIndex?: number;
  /** Bytes queued at most each way; beyond the system's limit where the privilege allows it (SO_RCVBUFFORCE). */
  readonly receiveBufferBytes?: number;
  readonly sendBufferBytes?: number;
};

export type Group = { readonly address: string; readonly interfaceIndex: number };

export type MessageListener = {
  readonly onMessage: (message: ReceivedMessage) => void;
  /** The socket reported an error (ENETDOWN, ECONNREFUSED…); it stays open and goes on receiving. */
  readonly onError: (error: KernelError) => void;
};

export type BatchListener = {
  /** Called with the same batch each time: what it holds is gone when this returns. */
  readonly onBatch: (batch: MessageBatch) => void;
  readonly onError: (error: KernelError) => void;
};

/** At most so many messages are handed over before other work of the event loop has its turn. */
const messagesPerTurnMax = 64;
const SOCK_CLOEXEC_NONBLOCK = 0o2004000;
/** Of a kernel without UDP_SEGMENT, an interface without checksums, datagrams larger than the path's MTU. */
const runRefusals: ReadonlySet<string> = new Set(['EINVAL', 'EIO', 'EMSGSIZE', 'ENOPROTOOPT', 'EOPNOTSUPP']);

/** One a thread: what it holds is dealt with before anything else is received. */
const batch = new MessageBatch();

/** An open IP socket. Sending and receiving never wait. */
export class IpSocket {
  readonly fd: number;
  readonly name: string;
  readonly #receiving: string;
  #watch: Watch | undefined;
  #runs: 'by one call' | 'one by one' = 'by one call';
  #open = true;

  constructor(fd: number, name: string) {
    this.fd = fd;
    this.name = name;
    this.#receiving = `receive with ${name}`;
  }

  join(group: Group): KernelResult<void> {
    const option = familyOf(group.address) === 'ipv4' ? 'IP_ADD_MEMBERSHIP' : 'IPV6_ADD_MEMBERSHIP';
    return setOption(this.fd, option, membership(group), `join ${group.address} with ${this.name}`);
  }

  leave(group: Group): KernelResult<void> {
    const option = familyOf(group.address) === 'ipv4' ? 'IP_DROP_MEMBERSHIP' : 'IPV6_DROP_MEMBERSHIP';
    return setOption(this.fd, option, membership(group), `leave ${group.address} with ${this.name}`);
  }

  send(payload: Uint8Array, departure: Departure): KernelResult<void> {
    assert(this.#open, `${this.name} is open when something is sent`);
    return sendMessage(this.fd, payload, departure);
  }

  /** A run of datagrams to one place, by one call where the kernel and the path allow it. */
  sendRun(run: DatagramRun, to: Endpoint): KernelResult<void> {
    assert(this.#open, `${this.name} is open when something is sent`);
    if (run.count === 1 || this.#runs === 'one by one') return run.sendEach(this.fd, to);
    const sent = run.send(this.fd, to);
    if (sent.ok || !runRefusals.has(sent.error.errno)) return sent;
    this.#runs = 'one by one';
    return run.sendEach(this.fd, to);
  }

  /** From now on, `view` may hand over several datagrams of one sender as one; where the kernel cannot, it does not. */
  mergeReceived(): void {
    setOption(this.fd, 'UDP_GRO', 1, `merge what ${this.name} receives`);
  }

  /** The next message, undefined when none waits. */
  receive(): KernelResult<ReceivedMessage | undefined> {
    assert(this.#open, `${this.name} is open when something is received`);
    return receiveMessage(this.fd, this.#receiving);
  }

  /** The same as a view, valid until this thread receives again. */
  view(): KernelResult<MessageView | undefined> {
    assert(this.#open, `${this.name} is open when something is received`);
    return viewMessage(this.fd, this.#receiving);
  }

  /** Hands over every message that arrives, until `close`. */
  listen(listener: MessageListener): KernelResult<void> {
    assert(this.#watch === undefined, `${this.name} has one listener`);
    const watch = watchReadable(this.fd, this.name, () => this.#drain(listener));
    if (!watch.ok) return watch;
    this.#watch = watch.value;
    return ok(undefined);
  }

  /** Like `listen`, for many messages that are mostly alike. */
  listenInBatches(listener: BatchListener): KernelResult<void> {
    assert(this.#watch === undefined, `${this.name} has one listener`);
    const watch = watchReadable(this.fd, this.name, () => this.drainInBatches(listener));
    if (!watch.ok) return watch;
    this.#watch = watch.value;
    return ok(undefined);
  }

  /** Hands over what has arrived, now. */
  drainInBatches(listener: BatchListener): void {
    for (let taken = 0; taken < messagesPerTurnMax && this.#open; taken += batchMessagesMax) {
      const failed = batch.receive(this.fd, this.#receiving);
      if (failed?.ok === false) listener.onError(failed.error);
      if (batch.count === 0) return;
      listener.onBatch(batch);
      if (batch.count < batchMessagesMax) return;
    }
  }

  /** Lets the process end although the socket listens. */
  unref(): void {
    this.#watch?.unref();
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#watch?.close();
    close(this.fd);
  }

  #drain(listener: MessageListener): void {
    for (let count = 0; count < messagesPerTurnMax && this.#open; count++) {
      const received = this.receive();
      if (!received.ok) {
        listener.onError(received.error);
        return;
      }
      if (received.value === undefined) return;
      listener.onMessage(received.value);
    }
  }
}

export type SocketKind = {
  readonly type: 'raw' | 'datagram';
  readonly protocol: number;
  readonly name: string;
  readonly settings: OptionSettings;
  readonly local?: Endpoint;
};

/** Opens, sets and binds; nothing is left open after a failure. */
export function openIpSocket(options: IpSocketOptions, kind: SocketKind): KernelResult<IpSocket> {
  const attempted = `open ${kind.name}`;
  return inNamespace(options.namespace, () => {
    const type = (kind.type === 'raw' ? 3 : 2) | SOCK_CLOEXEC_NONBLOCK;
    const fd = socket(familyNumber[options.family], type, kind.protocol);
    if (fd < 0) return kernelError('socket', errno(), attempted);
    const prepared = prepare(fd, options, kind, attempted);
    if (prepared.ok) return ok(new IpSocket(fd, kind.name));
    close(fd);
    return prepared;
  });
}

function prepare(fd: number, options: IpSocketOptions, kind: SocketKind, attempted: string): KernelResult<void> {
  const set = setOptions(fd, [...settingsOf(options), ...kind.settings], attempted);
  if (!set.ok) return set;
  for (const [direction, sizeBytes] of [
    ['RCV', options.receiveBufferBytes],
    ['SND', options.sendBufferBytes],
  ] as const) {
    if (sizeBytes === undefined) continue;
    const forced = setOption(fd, `SO_${direction}BUFFORCE`, sizeBytes, attempted);
    const sized = forced.ok ? forced : setOption(fd, `SO_${direction}BUF`, sizeBytes, attempted);
    if (!sized.ok) return sized;
  }
  if (kind.local === undefined) return ok(undefined);
  const local = encodeSockaddr(kind.local);
  return bind(fd, local, local.length) === 0 ? ok(undefined) : kernelError('bind', errno(), attempted);
}

function settingsOf(options: IpSocketOptions): OptionSettings {
  const loop = options.multicastLoop === 'others-only' ? 0 : undefined;
  const device = options.interfaceName === undefined ? undefined : nameValue(options.interfaceName);
  const both: OptionSettings = [
    ['SO_BINDTODEVICE', device],
    ['SO_PRIORITY', options.priority],
  ];
  if (options.family === 'ipv4') {
    return [
      ...both,
      ['IP_TTL', options.hopLimit],
      ['IP_MULTICAST_TTL', options.hopLimit],
      ['IP_TOS', options.trafficClass],
      ['IP_MULTICAST_LOOP', loop],
      ['IP_MULTICAST_IF', interfaceRequest(options.multicastInterfaceIndex)],
      // Only the groups that this very socket joined, not those of every process on the host.
      ['IP_MULTICAST_ALL', 0],
      ['IP_PKTINFO', 1],
      ['IP_RECVTTL', 1],
      ['IP_RECVTOS', 1],
    ];
  }
  return [
    ...both,
    ['IPV6_UNICAST_HOPS', options.hopLimit],
    ['IPV6_MULTICAST_HOPS', options.hopLimit],
    ['IPV6_TCLASS', options.trafficClass],
    ['IPV6_MULTICAST_LOOP', loop],
    ['IPV6_MULTICAST_IF', options.multicastInterfaceIndex],
    ['IPV6_MULTICAST_ALL', 0],
    ['IPV6_RECVPKTINFO', 1],
    ['IPV6_RECVHOPLIMIT', 1],
    ['IPV6_RECVTCLASS', 1],
  ];
}

/** `struct ip_mreqn` that names an interface only. */
function interfaceRequest(interfaceIndex: number | undefined): Buffer | undefined {
  if (interfaceIndex === undefined) return undefined;
  const request = Buffer.alloc(12);
  request.writeInt32LE(interfaceIndex, 8);
  return request;
}

/** `struct ip_mreqn` or `struct ipv6_mreq`. */
function membership({ address, interfaceIndex }: Group): Buffer {
  const group = addressBytes(address);
  const request = Buffer.alloc(group.length === 4 ? 12 : 20);
  group.copy(request, 0);
  request.writeInt32LE(interfaceIndex, group.length === 4 ? 8 : 16);
  return request;
}
