// Many messages with one call (man 2 recvmmsg), and without a new object for any of them: for sockets that receive the
// same few datagrams thousands of times a second. What is new is copied out and decoded as by `receiveMessage`.
import { type KernelResult, kernelError } from '../error.ts';
import { addressOf, errno, recvmmsg } from '../libc.ts';
import { decodeMessage, type ReceivedMessage } from './message.ts';
import { sockaddrBytesMax } from './sockaddr.ts';

/** Messages taken by one call. */
export const batchMessagesMax = 32;
/** Longer messages arrive truncated, and say so. */
const batchMessageBytesMax = 5120;
const controlBytesMax = 256;
const headerBytes = 64;
const MSG_DONTWAIT = 0x40;

/** A message as it came, to know the same one again. */
export type RememberedMessage = { readonly bytes: Uint8Array; readonly name: Uint8Array; readonly control: Uint8Array };

/** `struct mmsghdr` for each place: msghdr (56 bytes), the length received (4), padding. */
export class MessageBatch {
  count = 0;
  readonly #bytes = Buffer.alloc(batchMessagesMax * batchMessageBytesMax);
  readonly #names = Buffer.alloc(batchMessagesMax * sockaddrBytesMax);
  readonly #controls = Buffer.alloc(batchMessagesMax * controlBytesMax);
  readonly #vectors = Buffer.alloc(batchMessagesMax * 16);
  readonly #headers = Buffer.alloc(batchMessagesMax * headerBytes);
  readonly #words = new Uint32Array(this.#headers.buffer, this.#headers.byteOffset, this.#headers.length / 4);

  constructor() {
    const [bytes, names, controls, vectors] = [this.#bytes, this.#names, this.#controls, this.#vectors].map(addressOf);
    for (let place = 0; place < batchMessagesMax; place++) {
      const at = BigInt(place);
      this.#vectors.writeBigUInt64LE((bytes ?? 0n) + at * BigInt(batchMessageBytesMax), place * 16);
      this.#vectors.writeBigUInt64LE(BigInt(batchMessageBytesMax), place * 16 + 8);
      const header = place * headerBytes;
      this.#headers.writeBigUInt64LE((names ?? 0n) + at * BigInt(sockaddrBytesMax), header);
      this.#headers.writeBigUInt64LE((vectors ?? 0n) + at * 16n, header + 16);
      this.#headers.writeBigUInt64LE(1n, header + 24);
      this.#headers.writeBigUInt64LE((controls ?? 0n) + at * BigInt(controlBytesMax), header + 32);
    }
  }

  /** Takes what waits, at most `batchMessagesMax`: then `count` of them are here until the next call. */
  receive(fd: number, attempted: string): KernelResult<void> | undefined {
    for (let place = 0; place < batchMessagesMax; place++) {
      this.#words[place * 16 + 2] = sockaddrBytesMax;
      this.#words[place * 16 + 10] = controlBytesMax;
    }
    this.count = Math.max(0, recvmmsg(fd, this.#headers, batchMessagesMax, MSG_DONTWAIT, null));
    if (this.count > 0) return undefined;
    const failed = kernelError('recvmmsg', errno(), attempted);
    return ['EAGAIN', 'EINTR'].includes(failed.error.errno) ? undefined : failed;
  }

  length(place: number): number {
    return this.#words[place * 16 + 14] ?? 0;
  }

  /** The byte at `offset` of a message; undefined behind its end. */
  byteAt(place: number, offset: number): number | undefined {
    return offset < this.length(place) ? this.#bytes[place * batchMessageBytesMax + offset] : undefined;
  }

  /** A copy, decoded. */
  message(place: number): ReceivedMessage {
    const { bytes, name, control } = this.remember(place);
    const truncated = ((this.#words[place * 16 + 12] ?? 0) & MSG_TRUNC) !== 0;
    return decodeMessage({ bytes, name, control, truncated });
  }

  remember(place: number): RememberedMessage & { readonly [Part in keyof RememberedMessage]: Buffer } {
    const part = (memory: Buffer, stride: number, length: number) =>
      Buffer.from(memory.subarray(place * stride, place * stride + length));
    return {
      bytes: part(this.#bytes, batchMessageBytesMax, this.length(place)),
      name: part(this.#names, sockaddrBytesMax, this.#words[place * 16 + 2] ?? 0),
      control: part(this.#controls, controlBytesMax, this.#words[place * 16 + 10] ?? 0),
    };
  }

  /** The same sender, control data and bytes, those at the offsets `varying` aside. */
  isRepeat(place: number, before: RememberedMessage, varying: ReadonlySet<number>): boolean {
    const length = this.length(place);
    if (length !== before.bytes.length) return false;
    const start = place * batchMessageBytesMax;
    for (let at = 0; at < length; at++)
      if (this.#bytes[start + at] !== before.bytes[at] && !varying.has(at)) return false;
    return (
      begins(this.#names, place * sockaddrBytesMax, before.name) &&
      begins(this.#controls, place * controlBytesMax, before.control)
    );
  }
}

const MSG_TRUNC = 0x20;

function begins(memory: Buffer, start: number, wanted: Uint8Array): boolean {
  for (let at = 0; at < wanted.length; at++) if (memory[start + at] !== wanted[at]) return false;
  return true;
}
