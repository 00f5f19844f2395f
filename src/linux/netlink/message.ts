// Netlink messages and their attributes (man 7 netlink): `struct nlmsghdr` (length, type, flags, sequence, port), a body
// that starts with a fixed structure, and attributes of (length, type, value) padded to 4 bytes.
import { addressText } from '../address.ts';

export type NetlinkMessage = {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly body: Buffer;
};

/** Values by attribute type; of a repeated attribute the last counts. */
export type Attributes = ReadonlyMap<number, Buffer>;

const headerBytes = 16;
const attributeTypeMask = 0x3fff; // without NLA_F_NESTED and NLA_F_NET_BYTEORDER
const NLA_F_NESTED = 0x8000;

export function encodeMessage({ type, flags, sequence, body }: NetlinkMessage): Buffer {
  const message = Buffer.alloc(headerBytes + body.length);
  message.writeUInt32LE(message.length, 0);
  message.writeUInt16LE(type, 4);
  message.writeUInt16LE(flags, 6);
  message.writeUInt32LE(sequence, 8);
  body.copy(message, headerBytes);
  return message;
}

/** The messages of one datagram; bodies are views into it. */
export function decodeMessages(datagram: Buffer): NetlinkMessage[] {
  const messages: NetlinkMessage[] = [];
  for (let at = 0; at + headerBytes <= datagram.length; ) {
    const length = datagram.readUInt32LE(at);
    if (length < headerBytes || at + length > datagram.length) break;
    messages.push({
      type: datagram.readUInt16LE(at + 4),
      flags: datagram.readUInt16LE(at + 6),
      sequence: datagram.readUInt32LE(at + 8),
      body: datagram.subarray(at + headerBytes, at + length),
    });
    at += align(length);
  }
  return messages;
}

export function decodeAttributes(bytes: Buffer): Attributes {
  const attributes = new Map<number, Buffer>();
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = bytes.readUInt16LE(at);
    if (length < 4 || at + length > bytes.length) break;
    attributes.set(bytes.readUInt16LE(at + 2) & attributeTypeMask, bytes.subarray(at + 4, at + length));
    at += align(length);
  }
  return attributes;
}

/** The nested attributes of one attribute; none when it is not there. */
export function nestedAttributes(attributes: Attributes, type: number): Attributes {
  return decodeAttributes(attributes.get(type) ?? Buffer.alloc(0));
}

/** One attribute; an undefined value encodes to nothing. */
export function attribute(type: number, value: Uint8Array | undefined): Buffer {
  if (value === undefined) return Buffer.alloc(0);
  const bytes = Buffer.alloc(align(4 + value.length));
  bytes.writeUInt16LE(4 + value.length, 0);
  bytes.writeUInt16LE(type, 2);
  bytes.set(value, 4);
  return bytes;
}

export function nested(type: number, ...parts: readonly Buffer[]): Buffer {
  return attribute(type | NLA_F_NESTED, Buffer.concat(parts));
}

export function uint32(value: number | undefined): Buffer | undefined {
  if (value === undefined) return undefined;
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

export function uint16(value: number | undefined): Buffer | undefined {
  return value === undefined ? undefined : Buffer.from([value & 0xff, value >> 8]);
}

export function zeroTerminated(text: string | undefined): Buffer | undefined {
  return text === undefined ? undefined : Buffer.from(`${text}\0`);
}

export function readUint32(value: Buffer | undefined): number | undefined {
  return value === undefined || value.length < 4 ? undefined : value.readUInt32LE(0);
}

export function readText(value: Buffer | undefined): string | undefined {
  return value === undefined ? undefined : value.toString('utf8').replace(/\0.*$/s, '');
}

export function readAddress(value: Buffer | undefined): string | undefined {
  return value === undefined || (value.length !== 4 && value.length !== 16) ? undefined : addressText(value);
}

function align(length: number): number {
  return (length + 3) & ~3;
}
