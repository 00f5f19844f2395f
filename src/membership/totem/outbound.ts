// Messages waiting for the token. They are packed into packets only at the visit that sends them, so that everything
// queued since the last visit travels together; a message larger than a packet runs on through several.
import { assert, defined, Slab } from '../../kit/index.ts';
import { mcastHeaderBytes } from './codec.ts';
import type { OutboundMessage } from './event.ts';
import type { Guarantee } from './message.ts';
import { packetHeaderBytes, writePacketHeader } from './packet.ts';

/** The largest body that Corosync's assembler takes. */
export const messageBytesMax = 1024 * 1024;
/** Bytes that may wait in one queue (Corosync's limit: 4 MiB / net_mtu packets). */
export const outboundBytesMax = 4 * 1024 * 1024;

const fragmentNumberMax = 255;
const partLengthBytes = 2;
/** Stands for "forget what you hold of me": one part that names no group. Corosync needs it, Haven does not mind it. */
const resetPart = Uint8Array.of(0, 0);

export type OutboundPacket = {
  /** 45 free bytes for the mcast header, then the packet. */
  readonly bytes: Uint8Array;
  readonly guarantee: Guarantee;
};

type Waiting = { readonly head: Uint8Array; readonly body: Uint8Array; readonly guarantee: Guarantee };

export class OutboundQueue {
  /** Bytes of lengths and data that one packet holds. */
  readonly #roomBytes: number;
  readonly #groupHeads = new Map<string, Uint8Array>();
  readonly #slab = new Slab();
  #waiting: Waiting[] = [];
  #first = 0;
  #bytes = 0;
  /** How much of the first message has been sent. */
  #sentOfFirst = 0;
  /** The number our last packet left off with; 0 when it ended a message. */
  #fragment = 0;
  #mustReset = false;

  constructor(netMtu: number) {
    assert(netMtu > packetHeaderBytes + 16, `net mtu ${netMtu} leaves no room for data`);
    this.#roomBytes = netMtu - packetHeaderBytes;
  }

  /** Packets that the waiting messages will fill: what flow control counts as backlog. */
  get packetCount(): number {
    return Math.ceil(this.#bytes / this.#roomBytes);
  }

  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  push(message: OutboundMessage): 'full' | 'too-large' | undefined {
    if (message.body.length > messageBytesMax) return 'too-large';
    const head = this.#groupHead(message.group);
    const size = head.length + message.body.length + partLengthBytes;
    if (this.#bytes + size > outboundBytesMax) return 'full';
    this.#waiting.push({ head, body: message.body, guarantee: message.guarantee });
    this.#bytes += size;
    return undefined;
  }

  /** Starts a half-sent message over: those who joined in its middle shall have it whole, like everyone else. */
  restartMessage(): void {
    if (this.#sentOfFirst === 0) return;
    this.#bytes += this.#sentOfFirst;
    this.#sentOfFirst = 0;
    this.#fragment = 0;
    this.#mustReset = true;
  }

  /** The next packet, as full as it gets, or undefined when nothing waits. */
  nextPacket(): OutboundPacket | undefined {
    if (this.isEmpty) return undefined;
    if (this.#mustReset) return this.#resetPacket();
    const plan = this.#planParts();
    const dataAt = mcastHeaderBytes + packetHeaderBytes + partLengthBytes * plan.lengths.length;
    const bytes = this.#slab.take(dataAt + plan.dataBytes);
    const continuation = this.#fragment;
    this.#copyParts(bytes, dataAt, plan.lengths);
    this.#fragment = this.#sentOfFirst === 0 ? 0 : (continuation % fragmentNumberMax) + 1;
    writePacketHeader(bytes.subarray(mcastHeaderBytes), plan.lengths.length, {
      fragmented: this.#fragment,
      continuation,
    });
    return { bytes, guarantee: plan.guarantee };
  }

  /** How many bytes of each waiting message go into the next packet. A packet carries messages of one guarantee. */
  #planParts(): { lengths: number[]; dataBytes: number; guarantee: Guarantee } {
    const guarantee = defined(this.#waiting[this.#first], 'bytes wait, so a message does').guarantee;
    const lengths: number[] = [];
    let room = this.#roomBytes;
    let dataBytes = 0;
    for (let index = this.#first; index < this.#waiting.length && room > partLengthBytes; index++) {
      const { head, body, guarantee: wanted } = defined(this.#waiting[index], 'index is within the queue');
      if (wanted !== guarantee) break;
      const left = head.length + body.length - (index === this.#first ? this.#sentOfFirst : 0);
      const length = Math.min(left, room - partLengthBytes);
      lengths.push(length);
      dataBytes += length;
      room -= length + partLengthBytes;
    }
    return { lengths, dataBytes, guarantee };
  }

  #copyParts(bytes: Uint8Array, dataAt: number, lengths: readonly number[]): void {
    let lengthAt = mcastHeaderBytes + packetHeaderBytes;
    let at = dataAt;
    for (const length of lengths) {
      const message = defined(this.#waiting[this.#first], 'a planned part has its message');
      bytes[lengthAt] = length & 0xff;
      bytes[lengthAt + 1] = length >>> 8;
      lengthAt += partLengthBytes;
      copySlice(bytes, at, message, this.#sentOfFirst, length);
      at += length;
      this.#sentOfFirst += length;
      this.#bytes -= length;
      if (this.#sentOfFirst === message.head.length + message.body.length) this.#dropFirst();
    }
  }

  #dropFirst(): void {
    this.#first++;
    this.#sentOfFirst = 0;
    this.#bytes -= partLengthBytes;
    if (this.#first < 1024 && this.#first < this.#waiting.length) return;
    this.#waiting = this.#waiting.slice(this.#first);
    this.#first = 0;
  }

  #resetPacket(): OutboundPacket {
    this.#mustReset = false;
    const bytes = new Uint8Array(mcastHeaderBytes + packetHeaderBytes + partLengthBytes + resetPart.length);
    writePacketHeader(bytes.subarray(mcastHeaderBytes), 1, { fragmented: 0, continuation: 0 });
    bytes[mcastHeaderBytes + packetHeaderBytes] = resetPart.length;
    return { bytes, guarantee: 'agreed' };
  }

  #groupHead(group: string): Uint8Array {
    const known = this.#groupHeads.get(group);
    if (known !== undefined) return known;
    const name = new TextEncoder().encode(group);
    const head = Uint8Array.of(1, 0, name.length & 0xff, name.length >>> 8, ...name);
    this.#groupHeads.set(group, head);
    return head;
  }
}

/** Copies `length` bytes of head and body, taken as one text, from `from` on. */
function copySlice(target: Uint8Array, at: number, message: Waiting, from: number, length: number): void {
  const { head, body } = message;
  const ofHead = Math.min(length, Math.max(0, head.length - from));
  if (ofHead > 0) target.set(head.subarray(from, from + ofHead), at);
  const bodyFrom = from + ofHead - head.length;
  if (length > ofHead) target.set(body.subarray(bodyFrom, bodyFrom + length - ofHead), at + ofHead);
}
