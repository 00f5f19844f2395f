// What is left of the old ring while a new one is formed: its messages, and what was recovered of them so far.
import { decodeMessage } from './codec.ts';
import type { McastMessage } from './message.ts';
import { sameRing } from './ring-id.ts';
import { laterSeq, nextSeq, seqAtOrBefore, seqBefore } from './sequence.ts';
import type { Ring } from './state.ts';

/**
 * Takes the old ring's messages out of their recovery wrappings. Corosync does so only when the new ring is installed and
 * forgets them when the attempt fails; but they are the old ring's messages all the same, a companion of the failed attempt
 * may have delivered them, and the next attempt must not lose them.
 */
export function absorbRecovered(ring: Ring): void {
  const { saved, recoveryStore, regularStore } = ring;
  if (saved === undefined) return;
  for (let seq = recoveryStore.head; seqAtOrBefore(seq, recoveryStore.highest); seq = nextSeq(seq)) {
    const wrapped = recoveryStore.get(seq);
    if (wrapped === undefined) continue;
    const bytes = wrapped.message.payload;
    const inner = decodeMessage(bytes);
    if (inner.kind !== 'mcast' || !sameRing(inner.ringId, ring.oldRingId)) continue;
    if (!ring.members.includes(inner.systemFrom)) continue;
    const obliged = wrapped.message.guarantee === 1;
    regularStore.put(inner.seq, { bytes, message: inner, obliged });
    const stored = regularStore.get(inner.seq);
    if (stored === undefined) continue;
    if (obliged) stored.obliged = true;
    saved.highSeq = laterSeq(saved.highSeq, inner.seq);
  }
  while (seqBefore(saved.aru, saved.highSeq) && regularStore.get(nextSeq(saved.aru)) !== undefined) {
    saved.aru = nextSeq(saved.aru);
  }
}

/**
 * Every member repeats all it has, for it cannot know who lacks what. Once a message has been on the new ring, the ring
 * itself sees that everyone gets it: saying it again would only cost time. (Corosync does say it again.)
 */
export function noteRepeated(ring: Ring, wrapped: McastMessage): void {
  const inner = decodeMessage(wrapped.payload);
  if (inner.kind !== 'mcast' || !sameRing(inner.ringId, ring.oldRingId)) return;
  if (wrapped.guarantee === 1) ring.repeated.set(inner.seq, 'obliged');
  else if (!ring.repeated.has(inner.seq)) ring.repeated.set(inner.seq, 'plain');
}

/** Whether someone has said the old message in `wrapped` with at least our mark. */
export function isRepeated(ring: Ring, wrapped: Uint8Array): boolean {
  const outer = decodeMessage(wrapped);
  const inner = outer.kind === 'mcast' ? decodeMessage(outer.payload) : outer;
  if (outer.kind !== 'mcast' || inner.kind !== 'mcast') return false;
  const mark = ring.repeated.get(inner.seq);
  return mark === 'obliged' || (mark === 'plain' && outer.guarantee !== 1);
}

/**
 * From here on a companion may install the new ring and deliver what we both hold. Should we fail to follow, we still owe
 * the same messages: mark those that lie behind a gap, where who delivers them depends on who came along.
 */
export function obligeRecovered(ring: Ring): void {
  const { saved } = ring;
  if (saved === undefined) return;
  absorbRecovered(ring);
  for (let seq = nextSeq(saved.aru); seqAtOrBefore(seq, saved.highSeq); seq = nextSeq(seq)) {
    const stored = ring.regularStore.get(seq);
    if (stored !== undefined && ring.transMembers.includes(stored.message.systemFrom)) stored.obliged = true;
  }
}
