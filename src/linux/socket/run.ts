// Many datagrams with one call: a run of equal ones, the last perhaps shorter, passes the kernel's layers as one and is cut
// apart at the end (UDP_SEGMENT, man 7 udp). On the wire they are what they would have been one by one.
import { assert, ok } from '../../kit/index.ts';
import { type KernelResult, kernelError } from '../error.ts';
import { addressOf, errno, sendmsg } from '../libc.ts';
import { sendMessage, sockaddrOf } from './message.ts';
import { type Endpoint, endpointText, sockaddrBytesMax } from './sockaddr.ts';

/** The longest payload that one call takes, of a single datagram too. */
export const runBytesMax = 65_507;
/** UDP_MAX_SEGMENTS of the kernels before 6.7. */
export const runDatagramsMax = 64;

const [SOL_UDP, UDP_SEGMENT] = [17, 103];
const [MSG_DONTWAIT, MSG_NOSIGNAL] = [0x40, 0x4000];
const segmentControlBytes = 24;

export class DatagramRun {
  readonly #bytes = Buffer.alloc(runBytesMax);
  readonly #name = Buffer.alloc(sockaddrBytesMax);
  readonly #vector = Buffer.alloc(16);
  readonly #control = Buffer.alloc(segmentControlBytes);
  readonly #header = Buffer.alloc(56);
  #length = 0;
  #datagramBytes = 0;
  #count = 0;

  constructor() {
    this.#vector.writeBigUInt64LE(addressOf(this.#bytes), 0);
    this.#control.writeBigUInt64LE(18n, 0);
    this.#control.writeInt32LE(SOL_UDP, 8);
    this.#control.writeInt32LE(UDP_SEGMENT, 12);
    this.#header.writeBigUInt64LE(addressOf(this.#name), 0);
    this.#header.writeBigUInt64LE(addressOf(this.#vector), 16);
    this.#header.writeBigUInt64LE(1n, 24);
    this.#header.writeBigUInt64LE(addressOf(this.#control), 32);
    this.#header.writeBigUInt64LE(BigInt(segmentControlBytes), 40);
  }

  /** Datagrams in it. */
  get count(): number {
    return this.#count;
  }

  /** Bytes of all datagrams together. */
  get size(): number {
    return this.#length;
  }

  /** Copies a datagram to the end; false when it cannot be part of this run, which has to be sent and cleared first. */
  add(datagram: Uint8Array): boolean {
    assert(datagram.length > 0 && datagram.length <= runBytesMax, `a datagram has no ${datagram.length} bytes`);
    // A shorter one has ended the run.
    const ended = this.#length < this.#count * this.#datagramBytes;
    if (this.#count === 0) this.#datagramBytes = datagram.length;
    else if (ended || this.#count === runDatagramsMax || datagram.length > this.#datagramBytes) return false;
    if (this.#length + datagram.length > runBytesMax) return false;
    this.#bytes.set(datagram, this.#length);
    this.#length += datagram.length;
    this.#count++;
    return true;
  }

  clear(): void {
    this.#length = 0;
    this.#count = 0;
  }

  /** As one, without waiting. Errors beyond those of any datagram: the kernel, the interface or the path cannot do it. */
  send(fd: number, to: Endpoint): KernelResult<void> {
    const address = sockaddrOf(to);
    address.copy(this.#name);
    this.#header.writeUInt32LE(address.length, 8);
    this.#vector.writeUInt32LE(this.#length, 8);
    this.#control.writeUInt16LE(this.#datagramBytes, 16);
    if (sendmsg(fd, this.#header, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return ok(undefined);
    return kernelError('sendmsg', errno(), `send ${this.#count} datagrams to ${endpointText(to)}`);
  }

  /** One by one; the last error, if any. */
  sendEach(fd: number, to: Endpoint): KernelResult<void> {
    let result: KernelResult<void> = ok(undefined);
    for (let at = 0; at < this.#length; at += this.#datagramBytes) {
      const datagram = this.#bytes.subarray(at, Math.min(this.#length, at + this.#datagramBytes));
      const sent = sendMessage(fd, datagram, { to });
      if (!sent.ok) result = sent;
    }
    return result;
  }
}
