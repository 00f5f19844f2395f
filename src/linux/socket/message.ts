// recvmsg and sendmsg with the control messages of IP: hop limit, traffic class, destination and interface of what was
// received; source and interface of what is sent (man 2 recvmsg, man 7 ip, man 7 ipv6, RFC 3542).
import { assert, defined, ok } from '../../kit/index.ts';
import { addressBytes, addressText, type Family } from '../address.ts';
import { type KernelResult, kernelError } from '../error.ts';
import { addressOf, errno, recvmsg, sendmsg, sendto } from '../libc.ts';
import { decodeSockaddr, type Endpoint, encodeSockaddr, endpointText, sockaddrBytesMax } from './sockaddr.ts';

/** What the kernel tells about a received message besides its bytes. */
export type Arrival = {
  readonly source: Endpoint;
  readonly destination?: string;
  readonly interfaceIndex?: number;
  /** TTL or hop limit as it arrived. */
  readonly hopLimit?: number;
  /** TOS or traffic class. */
  readonly trafficClass?: number;
};

export type ReceivedMessage = Arrival & {
  /** A copy: the receiver may keep it. */
  readonly bytes: Buffer;
  /** True when the message was longer than `messageBytesMax`. */
  readonly truncated: boolean;
};

export type Departure = {
  readonly to: Endpoint;
  /** The source address; the kernel's choice when left out. */
  readonly source?: string;
  /** The interface to leave by; the kernel's choice when left out. */
  readonly interfaceIndex?: number;
};

/** No IP datagram is longer. */
export const messageBytesMax = 65_535;

const controlBytesMax = 256;
const [MSG_TRUNC, MSG_DONTWAIT, MSG_NOSIGNAL] = [0x20, 0x40, 0x4000];
const [IPPROTO_IP, IPPROTO_IPV6, SOL_UDP] = [0, 41, 17];
const UDP_GRO = 104;
const controlHeaderBytes = 16;
/** `struct sockaddr_in`. */
const ipv4NameBytes = 16;
const [IP_TOS, IP_TTL, IP_PKTINFO] = [1, 2, 8];
const [IPV6_PKTINFO, IPV6_HOPLIMIT, IPV6_TCLASS] = [50, 52, 67];
const [EINTR, EAGAIN] = [4, 11];
const nothing: KernelResult<undefined> = ok(undefined);

// One set of structures a thread: calls are synchronous and their results are copied out before the next.
const bytes = Buffer.alloc(messageBytesMax);
const name = Buffer.alloc(sockaddrBytesMax);
const control = Buffer.alloc(controlBytesMax);
const incoming = messageHeader({ name, bytes, control });
const outgoingBytes = Buffer.alloc(messageBytesMax);
const outgoingName = Buffer.alloc(sockaddrBytesMax);
const outgoingControl = Buffer.alloc(controlBytesMax);
const outgoing = messageHeader({ name: outgoingName, bytes: outgoingBytes, control: outgoingControl });
const sockaddrs = new WeakMap<Endpoint, Buffer>();
const sources = new Map<string | number, Endpoint>();
const sourcesMax = 1024;

/** A message as the kernel hands it over; `name` and `control` are valid until the next call. */
export type RawMessage = {
  readonly bytes: Buffer;
  readonly truncated: boolean;
  readonly name: Buffer;
  readonly control: Buffer;
};

/** The next message in the queue of a socket of any family; undefined when it is empty. */
export function receiveRawMessage(fd: number, attempted: string): KernelResult<RawMessage | undefined> {
  setLengths(incoming, name.length, control.length);
  const size = recvmsg(fd, incoming.header, MSG_DONTWAIT);
  if (size < 0) return nothingOrError(errno(), attempted);
  return ok({
    bytes: Buffer.from(bytes.subarray(0, size)),
    truncated: (incoming.header.readInt32LE(48) & MSG_TRUNC) !== 0,
    name: name.subarray(0, incoming.header.readUInt32LE(8)),
    control: control.subarray(0, incoming.header.readUInt32LE(40)),
  });
}

/** A message where the kernel put it: valid until the next call of this thread that receives. */
export type MessageView = {
  readonly bytes: Uint8Array;
  readonly source: Endpoint;
  /** Where the socket merges (UDP_GRO): `bytes` are datagrams of this length one behind another, the last perhaps shorter. */
  readonly datagramBytes: number;
};

/**
 * The next message in the queue of an IP socket without a copy, and without more about it than its source; undefined when
 * the queue is empty. For sockets that receive thousands of messages a second.
 */
export function viewMessage(fd: number, attempted: string): KernelResult<MessageView | undefined> {
  setLengths(incoming, name.length, control.length);
  const size = recvmsg(fd, incoming.header, MSG_DONTWAIT);
  if (size < 0) return nothingOrError(errno(), attempted);
  const source = sourceOf(incoming.header.readUInt32LE(8));
  return ok({ bytes: bytes.subarray(0, size), source, datagramBytes: mergedBytes() ?? size });
}

/** Of what datagrams the message was merged; undefined: of one. */
function mergedBytes(): number | undefined {
  const end = incoming.header.readUInt32LE(40);
  for (let at = 0; at + controlHeaderBytes <= end; ) {
    const length = control.readUInt32LE(at);
    if (length < controlHeaderBytes) break;
    if (control.readInt32LE(at + 8) === SOL_UDP && control.readInt32LE(at + 12) === UDP_GRO)
      return control.readInt32LE(at + controlHeaderBytes);
    at += (length + 7) & ~7;
  }
  return undefined;
}

/** Decoded once for each sender. */
function sourceOf(nameBytes: number): Endpoint {
  const key = nameBytes === ipv4NameBytes ? ipv4Key() : name.toString('latin1', 0, nameBytes);
  const known = sources.get(key);
  if (known !== undefined) return known;
  const source = defined(decodeSockaddr(name.subarray(0, nameBytes)), 'an IP socket receives from IP addresses');
  if (sources.size >= sourcesMax) sources.clear();
  sources.set(key, source);
  return source;
}

/** Address and port as one number: to make text of the bytes costs more than to receive them. */
function ipv4Key(): number {
  return name.readUInt32LE(4) * 2 ** 16 + name.readUInt16LE(2);
}

/** The next message in the queue of an IP socket; undefined when it is empty. */
export function receiveMessage(fd: number, attempted: string): KernelResult<ReceivedMessage | undefined> {
  const received = receiveRawMessage(fd, attempted);
  if (!received.ok || received.value === undefined) return received as KernelResult<undefined>;
  return ok(decodeMessage(received.value));
}

/** The parts of a message of an IP socket, in words. */
export function decodeMessage({ bytes, truncated, name, control }: RawMessage): ReceivedMessage {
  const source = defined(decodeSockaddr(name), 'an IP socket receives from IP addresses');
  return { bytes, truncated, source, ...readControl(control) };
}

/** Sends without waiting: a full socket buffer is the error EAGAIN. */
export function sendMessage(fd: number, payload: Uint8Array, departure: Departure): KernelResult<void> {
  const { to } = departure;
  const address = sockaddrOf(to);
  const plain = departure.source === undefined && departure.interfaceIndex === undefined;
  const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
  const sent = plain
    ? sendto(fd, payload, payload.length, flags, address, address.length)
    : sendmsg(fd, outgoingHeader(address, payload, departure), flags);
  if (sent >= 0) return ok(undefined);
  return kernelError(plain ? 'sendto' : 'sendmsg', errno(), `send ${payload.length} bytes to ${endpointText(to)}`);
}

/** Encoded once for each endpoint object: senders keep theirs. */
export function sockaddrOf(endpoint: Endpoint): Buffer {
  const known = sockaddrs.get(endpoint);
  if (known !== undefined) return known;
  const encoded = encodeSockaddr(endpoint);
  sockaddrs.set(endpoint, encoded);
  return encoded;
}

function outgoingHeader(address: Buffer, payload: Uint8Array, { source, interfaceIndex }: Departure): Buffer {
  assert(payload.length <= messageBytesMax, `no datagram holds ${payload.length} bytes`);
  address.copy(outgoingName);
  outgoingBytes.set(payload);
  const info = packetInfo(address.length === 16 ? 'ipv4' : 'ipv6', source, interfaceIndex);
  info.copy(outgoingControl);
  outgoing.vector.writeUInt32LE(payload.length, 8);
  setLengths(outgoing, address.length, info.length);
  return outgoing.header;
}

type MessageHeader = { readonly header: Buffer; readonly vector: Buffer };
type MessageParts = { readonly name: Buffer; readonly bytes: Buffer; readonly control: Buffer };

/** `struct msghdr` with one `struct iovec`; the parts must be kept alive with it. */
function messageHeader(parts: MessageParts): MessageHeader {
  const vector = Buffer.alloc(16);
  const header = Buffer.alloc(56);
  vector.writeBigUInt64LE(addressOf(parts.bytes), 0);
  vector.writeBigUInt64LE(BigInt(parts.bytes.length), 8);
  header.writeBigUInt64LE(addressOf(parts.name), 0);
  header.writeBigUInt64LE(addressOf(vector), 16);
  header.writeBigUInt64LE(1n, 24);
  header.writeBigUInt64LE(addressOf(parts.control), 32);
  return { header, vector };
}

/** Lengths are size_t, but the upper halves are never written: 32-bit access spares a BigInt each. */
function setLengths({ header }: MessageHeader, nameBytes: number, controlBytes: number): void {
  header.writeUInt32LE(nameBytes, 8);
  header.writeUInt32LE(controlBytes, 40);
}

function nothingOrError(number: number, attempted: string): KernelResult<undefined> {
  return number === EAGAIN || number === EINTR ? nothing : kernelError('recvmsg', number, attempted);
}

/** Walks `struct cmsghdr`: length (8 bytes), level, type, data, padded to 8. */
function readControl(messages: Buffer): Omit<Arrival, 'source'> {
  const found: { destination?: string; interfaceIndex?: number; hopLimit?: number; trafficClass?: number } = {};
  for (let at = 0; at + 16 <= messages.length; ) {
    const length = messages.readUInt32LE(at);
    if (length < 16) break;
    const [level, type] = [messages.readInt32LE(at + 8), messages.readInt32LE(at + 12)];
    const data = messages.subarray(at + 16, at + length);
    if (level === IPPROTO_IP && type === IP_TTL) found.hopLimit = data.readInt32LE(0);
    else if (level === IPPROTO_IPV6 && type === IPV6_HOPLIMIT) found.hopLimit = data.readInt32LE(0);
    else if (level === IPPROTO_IP && type === IP_TOS) found.trafficClass = data.readUInt8(0);
    else if (level === IPPROTO_IPV6 && type === IPV6_TCLASS) found.trafficClass = data.readInt32LE(0);
    else if (level === IPPROTO_IP && type === IP_PKTINFO) {
      found.interfaceIndex = data.readInt32LE(0);
      found.destination = addressText(data.subarray(8, 12));
    } else if (level === IPPROTO_IPV6 && type === IPV6_PKTINFO) {
      found.interfaceIndex = data.readInt32LE(16);
      found.destination = addressText(data.subarray(0, 16));
    }
    at += (length + 7) & ~7;
  }
  return found;
}

/** The control message that names source and interface of what is sent. */
function packetInfo(family: Family, source: string | undefined, interfaceIndex: number | undefined): Buffer {
  const info = Buffer.alloc(family === 'ipv4' ? 32 : 40);
  info.writeBigUInt64LE(family === 'ipv4' ? 28n : 36n, 0);
  info.writeInt32LE(family === 'ipv4' ? IPPROTO_IP : IPPROTO_IPV6, 8);
  info.writeInt32LE(family === 'ipv4' ? IP_PKTINFO : IPV6_PKTINFO, 12);
  // IPv4: interface, source, unused. IPv6: source, interface.
  info.writeInt32LE(interfaceIndex ?? 0, family === 'ipv4' ? 16 : 32);
  if (source !== undefined) addressBytes(source).copy(info, family === 'ipv4' ? 20 : 16);
  return info;
}
