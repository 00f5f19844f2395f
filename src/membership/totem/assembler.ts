// Puts the messages of each sender together again from packets that arrive in the total order.
//
// Each sender has two contexts: one for what it says while the services synchronise after a new ring, one for the rest. A
// large message begun before a membership change may go on after the synchronisation, undisturbed by it. That is what a
// Corosync member's does; a Haven member starts its own over with each new ring (`restartMessage`), so that among Haven
// members one context would look the same.
//
// Where Corosync drops a whole packet that goes on with a message it has not heard the beginning of, only the broken
// message is dropped here: every complete message of the packet is delivered, as it is at all who heard the beginning.
import { messageBytesMax } from './outbound.ts';
import type { Packet } from './packet.ts';

export type AssemblyContext = 'normal' | 'synchronising';

/** Room for the group header in front of the largest body. */
const assembledBytesMax = messageBytesMax + 64;

type Partial = {
  chunks: Uint8Array[];
  bytes: number;
  lastFragment: number;
  /** The message under way has lost its beginning, or is larger than any message may be. */
  broken: boolean;
};

type Sender = Record<AssemblyContext, Partial>;

export class Assembler {
  readonly #senders = new Map<number, Sender>();

  /** The messages that `packet` completes, in order. They are views into the packet where they lie in it whole. */
  receive(sender: number, context: AssemblyContext, packet: Packet): Uint8Array[] {
    const partial = this.#senderOf(sender)[context];
    const complete: Uint8Array[] = [];
    let next = 0;
    if (packet.continuation === 0 || packet.continuation !== partial.lastFragment) {
      clear(partial);
      partial.broken = packet.continuation !== 0;
    }
    partial.lastFragment = packet.fragmented;
    if (packet.continuation !== 0 && packet.parts.length > 0) {
      append(partial, packet.parts[next++]);
      if (packet.parts.length === 1 && packet.fragmented !== 0) return complete;
      const whole = finish(partial);
      if (whole !== undefined) complete.push(whole);
    }
    const last = packet.parts.length - (packet.fragmented === 0 ? 0 : 1);
    while (next < last) complete.push(packet.parts[next++] as Uint8Array);
    if (next < packet.parts.length) append(partial, packet.parts[next]);
    return complete;
  }

  forget(sender: number): void {
    this.#senders.delete(sender);
  }

  #senderOf(sender: number): Sender {
    const known = this.#senders.get(sender);
    if (known !== undefined) return known;
    const fresh: Sender = { normal: empty(), synchronising: empty() };
    this.#senders.set(sender, fresh);
    return fresh;
  }
}

function empty(): Partial {
  return { chunks: [], bytes: 0, lastFragment: 0, broken: false };
}

function clear(partial: Partial): void {
  partial.chunks = [];
  partial.bytes = 0;
}

function append(partial: Partial, part: Uint8Array | undefined): void {
  if (part === undefined || partial.broken) return;
  partial.bytes += part.length;
  if (partial.bytes <= assembledBytesMax) {
    partial.chunks.push(part);
    return;
  }
  clear(partial);
  partial.broken = true;
}

function finish(partial: Partial): Uint8Array | undefined {
  const whole = partial.broken ? undefined : new Uint8Array(partial.bytes);
  let at = 0;
  for (const chunk of whole === undefined ? [] : partial.chunks) {
    whole?.set(chunk, at);
    at += chunk.length;
  }
  clear(partial);
  partial.broken = false;
  return whole;
}

/** Groups one message may name; Corosync's always name one. */
const groupsMax = 16;

export type GroupMessage = { readonly groups: readonly string[]; readonly body: Uint8Array };

/** Splits a message into the groups it is for and its body; undefined when its header is damaged. */
export function splitGroups(message: Uint8Array): GroupMessage | undefined {
  const count = u16(message, 0);
  if (count > groupsMax) return undefined;
  const lengths: number[] = [];
  for (let index = 0; index < count; index++) lengths.push(u16(message, 2 + 2 * index));
  let at = 2 + 2 * count;
  const groups: string[] = [];
  for (const length of lengths) {
    if (at + length > message.length) return undefined;
    groups.push(String.fromCharCode(...message.subarray(at, at + length)));
    at += length;
  }
  return at > message.length ? undefined : { groups, body: message.subarray(at) };
}

function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
}
