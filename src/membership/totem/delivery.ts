// From stored packets to messages in the one order.
//
// Agreed messages go up as soon as all before them are here. A safe message waits, and all behind it with it, until two
// tokens in a row have shown that every member of the ring holds it.
import { type AssemblyContext, splitGroups } from './assembler.ts';
import { decodePacket } from './packet.ts';
import { nextSeq, seqAtOrBefore, seqBefore } from './sequence.ts';
import { log, type OrderedEffect, type Ring } from './state.ts';
import type { MessageStore, StoredMessage } from './store.ts';

/** Moves aru over the contiguous part of `store`. */
export function advanceAru(ring: Ring, store: MessageStore): void {
  while (seqBefore(ring.aru, ring.highSeq) && store.get(nextSeq(ring.aru)) !== undefined) ring.aru = nextSeq(ring.aru);
}

/** Delivers what is contiguous up to `upTo`; stops before a safe message above `stableSeq`. */
export function deliverContiguous(ring: Ring, upTo: number, stableSeq: number): void {
  for (let seq = nextSeq(ring.highDelivered); seqAtOrBefore(seq, upTo); seq = nextSeq(seq)) {
    const stored = ring.regularStore.get(seq);
    if (stored === undefined || (isSafe(stored) && seqBefore(stableSeq, seq))) return;
    ring.highDelivered = seq;
    deliverStored(ring, stored);
  }
}

/**
 * Delivers the rest of an old ring after its transitional configuration: everything up to the first gap; behind it only what
 * comes from a transitional member (its causes are known) or what a former companion may have delivered already.
 */
export function deliverRemaining(ring: Ring, upTo: number): void {
  let gap = false;
  for (let seq = nextSeq(ring.highDelivered); seqAtOrBefore(seq, upTo); seq = nextSeq(seq)) {
    const stored = ring.regularStore.get(seq);
    if (stored === undefined) gap = true;
    else if (!gap || stored.obliged || ring.transMembers.includes(stored.message.systemFrom))
      deliverStored(ring, stored);
    ring.highDelivered = seq;
  }
}

export function emitOrdered(ring: Ring, effect: OrderedEffect): void {
  ring.out.push(effect);
  ring.config.onOrdered?.(effect);
}

function isSafe(stored: StoredMessage): boolean {
  return stored.message.guarantee === 1;
}

function deliverStored(ring: Ring, stored: StoredMessage): void {
  const { message } = stored;
  const packet = decodePacket(message.payload, message.header.byteOrder);
  if (packet === undefined) {
    log(
      ring,
      'warning',
      `Message ${message.seq.toString(16)} of node ${message.systemFrom} has lengths that do not fit`,
    );
    return;
  }
  // The context may change between two messages of one packet, but a packet is all of one: it came from one queue.
  const context: AssemblyContext = ring.context;
  for (const whole of ring.assembler.receive(message.systemFrom, context, packet)) {
    const split = splitGroups(whole);
    if (split === undefined) continue;
    for (const group of split.groups) {
      emitOrdered(ring, {
        kind: 'deliver',
        from: message.systemFrom,
        group,
        body: split.body,
        guarantee: isSafe(stored) ? 'safe' : 'agreed',
        ringId: message.ringId,
        seq: message.seq,
      });
    }
  }
}
