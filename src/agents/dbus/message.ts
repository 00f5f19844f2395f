// Messages of D-Bus (D-Bus Specification, "Message Protocol"): a header of fields, and a body of the type it names.
import { MalformedMessage, Reader, type Value, type Variant, Writer } from './marshalling.ts';

export const messageTypes = { call: 1, return: 2, error: 3, signal: 4 } as const;
export type MessageType = keyof typeof messageTypes;

export type Message = {
  readonly type: MessageType;
  readonly serial: number;
  readonly path?: string;
  readonly interface?: string;
  readonly member?: string;
  readonly errorName?: string;
  readonly replySerial?: number;
  readonly destination?: string;
  readonly sender?: string;
  readonly signature?: string;
  readonly body: readonly Value[];
};

/** Code and type of each header field. */
const fields = {
  path: [1, 'o'],
  interface: [2, 's'],
  member: [3, 's'],
  errorName: [4, 's'],
  replySerial: [5, 'u'],
  destination: [6, 's'],
  sender: [7, 's'],
  signature: [8, 'g'],
} as const;
const fieldNames = Object.keys(fields) as (keyof typeof fields)[];

const littleEndianMark = 0x6c;
const bigEndianMark = 0x42;
const protocolVersion = 1;
/** NO_AUTO_START: who is not running is not to be started by asking. */
const flags = 2;
const prefixBytes = 16;
/** The protocol allows 128 MiB; a manager's answers are short. */
export const messageBytesMax = 16 * 1024 * 1024;

export function encodeMessage(message: Message): Uint8Array {
  const body = new Writer();
  body.all(message.signature ?? '', message.body);
  const header: Value[] = fieldNames.flatMap((name) => {
    const value = message[name];
    const [code, signature] = fields[name];
    return value === undefined ? [] : [[code, { signature, value }]];
  });
  const writer = new Writer();
  const start = [littleEndianMark, messageTypes[message.type], flags, protocolVersion, body.length, message.serial];
  writer.all('yyyyuua(yv)', [...start, header]);
  writer.align(8);
  const whole = new Uint8Array(writer.length + body.length);
  whole.set(writer.finish());
  whole.set(body.finish(), writer.length);
  return whole;
}

/** How long the message is that begins here; undefined while too few bytes are there to tell. Throws `MalformedMessage`. */
export function messageLength(bytes: Uint8Array): number | undefined {
  if (bytes.length < prefixBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = isLittleEndian(bytes);
  const headerBytes = prefixBytes + view.getUint32(12, little);
  const length = Math.ceil(headerBytes / 8) * 8 + view.getUint32(4, little);
  if (length > messageBytesMax) throw new MalformedMessage(`a D-Bus message of ${length} bytes is too long`);
  return length;
}

/** Reads one whole message; undefined when it is of a type that a later protocol added. Throws `MalformedMessage`. */
export function decodeMessage(bytes: Uint8Array): Message | undefined {
  const reader = new Reader(bytes, isLittleEndian(bytes));
  const [, typeCode, , , , serial, pairs] = reader.all('yyyyuua(yv)');
  const type = (Object.keys(messageTypes) as MessageType[]).find((name) => messageTypes[name] === typeCode);
  if (type === undefined) return undefined;
  const header = Object.fromEntries(
    (pairs as [number, Variant][]).flatMap(([code, { value }]) => {
      const name = fieldNames.find((known) => fields[known][0] === code);
      return name === undefined ? [] : [[name, value]];
    }),
  ) as Omit<Message, 'type' | 'serial' | 'body'>;
  reader.align(8);
  return { type, serial: Number(serial), ...header, body: reader.all(header.signature ?? '') };
}

function isLittleEndian(bytes: Uint8Array): boolean {
  if (bytes[0] !== littleEndianMark && bytes[0] !== bigEndianMark) throw new MalformedMessage('this is not D-Bus');
  return bytes[0] === littleEndianMark;
}
