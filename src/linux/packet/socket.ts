// Packet sockets (man 7 packet): whole Ethernet frames of one interface or all, before and beside the IP stack.
import { ok } from '../../kit/index.ts';
import { hardwareAddressText } from '../address.ts';
import { type KernelError, type KernelResult, kernelError } from '../error.ts';
import { addressOf, bind, close, errno, sendto, socket } from '../libc.ts';
import { inNamespace, type NamespacePath } from '../namespace/enter.ts';
import { type Watch, watchReadable } from '../readiness/watch.ts';
import { receiveRawMessage } from '../socket/message.ts';
import { setOptions } from '../socket/option.ts';
import type { PacketFilter } from './filter.ts';

export type PacketSocketOptions = {
  /** The EtherType to receive, such as 0x0806 (ARP), 'all', or 'none' for a socket that only sends. */
  readonly etherType: number | 'all' | 'none';
  /** The interface to receive from; every one when left out. */
  readonly interfaceIndex?: number;
  readonly namespace?: NamespacePath;
  readonly filter?: PacketFilter;
  /** Whether frames that this host itself sends are received too. */
  readonly outgoing?: 'receive' | 'ignore';
  /** Receives frames for foreign hardware addresses too; needs `interfaceIndex`. */
  readonly promiscuous?: 'yes' | 'no';
};

export type PacketType = 'host' | 'broadcast' | 'multicast' | 'other-host' | 'outgoing';

export type Frame = {
  /** The frame from its Ethernet header on, without the checksum. */
  readonly bytes: Buffer;
  readonly interfaceIndex: number;
  readonly packetType: PacketType;
  /** The hardware address of the sender. */
  readonly source: string;
};

export type FrameListener = {
  readonly onFrame: (frame: Frame) => void;
  readonly onError: (error: KernelError) => void;
};

const AF_PACKET = 17;
const SOCK_RAW_CLOEXEC_NONBLOCK = 0o2004003;
const ETH_P_ALL = 3;
const PACKET_MR_PROMISC = 1;
const [MSG_DONTWAIT, MSG_NOSIGNAL] = [0x40, 0x4000];
const packetTypes: readonly PacketType[] = ['host', 'broadcast', 'multicast', 'other-host', 'outgoing'];
const framesPerTurnMax = 64;

export class PacketSocket {
  readonly fd: number;
  readonly name: string;
  #watch: Watch | undefined;
  #open = true;

  constructor(fd: number, name: string) {
    this.fd = fd;
    this.name = name;
  }

  /** Sends a frame with its Ethernet header as it is. */
  send(frame: Uint8Array, interfaceIndex: number): KernelResult<void> {
    const to = linkAddress(0, interfaceIndex);
    const sent = sendto(this.fd, frame, frame.length, MSG_DONTWAIT | MSG_NOSIGNAL, to, to.length);
    if (sent >= 0) return ok(undefined);
    return kernelError('sendto', errno(), `send a frame by interface ${interfaceIndex}`);
  }

  /** The next frame, undefined when none waits. */
  receive(): KernelResult<Frame | undefined> {
    const received = receiveRawMessage(this.fd, `receive with ${this.name}`);
    if (!received.ok || received.value === undefined) return received as KernelResult<undefined>;
    const { bytes, name } = received.value;
    return ok({
      bytes,
      interfaceIndex: name.readInt32LE(4),
      packetType: packetTypes[name.readUInt8(10)] ?? 'other-host',
      source: hardwareAddressText(name.subarray(12, 12 + Math.min(8, name.readUInt8(11)))),
    });
  }

  /** Hands over every frame that arrives, until `close`. */
  listen(listener: FrameListener): KernelResult<void> {
    const watch = watchReadable(this.fd, this.name, () => this.#drain(listener));
    if (!watch.ok) return watch;
    this.#watch = watch.value;
    return ok(undefined);
  }

  unref(): void {
    this.#watch?.unref();
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#watch?.close();
    close(this.fd);
  }

  #drain(listener: FrameListener): void {
    for (let count = 0; count < framesPerTurnMax && this.#open; count++) {
      const received = this.receive();
      if (!received.ok) {
        listener.onError(received.error);
        return;
      }
      if (received.value === undefined) return;
      listener.onFrame(received.value);
    }
  }
}

/** Opens a packet socket; it receives nothing that its filter does not pass. Needs CAP_NET_RAW. */
export function openPacketSocket(options: PacketSocketOptions): KernelResult<PacketSocket> {
  const name = `a packet socket for ${etherTypeText(options.etherType)}`;
  return inNamespace(options.namespace, () => {
    // Protocol 0 until bind: nothing arrives before the filter is in place.
    const fd = socket(AF_PACKET, SOCK_RAW_CLOEXEC_NONBLOCK, 0);
    if (fd < 0) return kernelError('socket', errno(), `open ${name}`);
    const prepared = prepare(fd, options, `open ${name}`);
    if (prepared.ok) return ok(new PacketSocket(fd, name));
    close(fd);
    return prepared;
  });
}

function prepare(fd: number, options: PacketSocketOptions, attempted: string): KernelResult<void> {
  const { filter, etherType, interfaceIndex = 0 } = options;
  const set = setOptions(
    fd,
    [
      ['SO_ATTACH_FILTER', filter === undefined ? undefined : programOf(filter)],
      ['PACKET_IGNORE_OUTGOING', options.outgoing === 'ignore' ? 1 : undefined],
      ['PACKET_ADD_MEMBERSHIP', options.promiscuous === 'yes' ? promiscuousRequest(interfaceIndex) : undefined],
    ],
    attempted,
  );
  if (!set.ok || etherType === 'none') return set;
  const local = linkAddress(etherType === 'all' ? ETH_P_ALL : etherType, interfaceIndex);
  return bind(fd, local, local.length) === 0 ? ok(undefined) : kernelError('bind', errno(), attempted);
}

/** `struct sockaddr_ll` */
function linkAddress(protocol: number, interfaceIndex: number): Buffer {
  const address = Buffer.alloc(20);
  address.writeUInt16LE(AF_PACKET, 0);
  address.writeUInt16BE(protocol, 2);
  address.writeInt32LE(interfaceIndex, 4);
  return address;
}

/** `struct sock_fprog`, with the program it points to behind it in the same memory, so that both live as long. */
function programOf(filter: PacketFilter): Buffer {
  const memory = Buffer.alloc(16 + filter.length);
  filter.copy(memory, 16);
  memory.writeUInt16LE(filter.length / 8, 0);
  memory.writeBigUInt64LE(addressOf(memory) + 16n, 8);
  return memory.subarray(0, 16);
}

/** `struct packet_mreq` */
function promiscuousRequest(interfaceIndex: number): Buffer {
  const request = Buffer.alloc(16);
  request.writeInt32LE(interfaceIndex, 0);
  request.writeUInt16LE(PACKET_MR_PROMISC, 4);
  return request;
}

function etherTypeText(etherType: PacketSocketOptions['etherType']): string {
  if (typeof etherType === 'string') return etherType === 'all' ? 'all frames' : 'sending';
  return `EtherType 0x${etherType.toString(16).padStart(4, '0')}`;
}
