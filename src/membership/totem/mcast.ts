// Messages of our ring are stored and delivered; a sign of another ring starts a merge.
import { encodeMessage } from './codec.ts';
import { advanceAru, deliverContiguous } from './delivery.ts';
import { enterGather } from './gather.ts';
import { type McastMessage, type MergeDetectMessage, membersMax } from './message.ts';
import { noteRepeated } from './old-ring.ts';
import { type RingId, sameRing } from './ring-id.ts';
import { headerOf } from './send.ts';
import { laterSeq } from './sequence.ts';
import type { Ring } from './state.ts';
import { isPassedOver } from './unanswered.ts';

/** `bytes` is kept, to be repeated for those who missed it. */
export function receiveMcast(ring: Ring, message: McastMessage, bytes: Uint8Array): void {
  if (!sameRing(message.ringId, ring.ringId)) {
    hearOtherRing(ring, { from: message.header.nodeId, ringId: message.ringId, operational: 7, gather: 8 });
    return;
  }
  // An uninstalled ring carries recovery messages only, an installed one ordinary ones only. Anything else is a straggler.
  const wanted = ring.phase === 'recovery' ? 1 : 2;
  if (message.header.encapsulated !== wanted || ring.phase === 'commit') return;
  if (ring.phase === 'gather' && ring.saved !== undefined) return;
  const speakers = ring.phase === 'recovery' ? ring.newMembers : ring.members;
  if (!speakers.includes(message.systemFrom)) return;
  const store = ring.phase === 'recovery' ? ring.recoveryStore : ring.regularStore;
  if (!store.inWindow(message.seq) || store.get(message.seq) !== undefined) return;
  store.put(message.seq, { bytes, message, obliged: false });
  if (ring.phase === 'recovery') noteRepeated(ring, message);
  ring.highSeq = laterSeq(ring.highSeq, message.seq);
  advanceAru(ring, store);
  if (ring.phase === 'operational') deliverContiguous(ring, ring.highSeq, ring.stableSeq);
}

export function receiveMergeDetect(ring: Ring, message: MergeDetectMessage): void {
  if (sameRing(message.ringId, ring.ringId)) return;
  hearOtherRing(ring, { from: message.systemFrom, ringId: message.ringId, operational: 9, gather: 10 });
}

export function encodeMergeDetect(ring: Ring): Uint8Array {
  const { nodeId } = ring.config;
  return encodeMessage({ kind: 'merge-detect', header: headerOf(nodeId, 0), systemFrom: nodeId, ringId: ring.ringId });
}

/** Someone speaks on another ring: bring both together. */
function hearOtherRing(ring: Ring, heard: { from: number; ringId: RingId; operational: 7 | 9; gather: 8 | 10 }): void {
  const { from } = heard;
  if (from === 0 || from === ring.config.nodeId || isStraggler(ring, from, heard.ringId)) return;
  if (!ring.procList.includes(from) && ring.procList.length >= membersMax) return;
  if (isPassedOver(ring, from)) return;
  if (ring.phase === 'operational') {
    // As with a stranger's join: he will be heard again.
    if (!ring.installedByAll) return;
    if (!ring.procList.includes(from)) ring.procList.push(from);
    enterGather(ring, heard.operational);
  } else if (ring.phase === 'gather' && !ring.procList.includes(from)) {
    ring.procList.push(from);
    enterGather(ring, heard.gather);
  }
}

/** A delayed packet: ring numbers only grow, and a member of our ring has used ours. */
function isStraggler(ring: Ring, from: number, other: RingId): boolean {
  return ring.phase === 'operational' && ring.members.includes(from) && other.seq < ring.ringId.seq;
}
