// RECOVERY: the new ring first carries the old rings' messages, so that all who come from the same old ring hold the same.
// Only when every member is known to hold everything is the new ring installed.
import { assert, defined } from '../../kit/index.ts';
import { encodeMessage, encodeToken } from './codec.ts';
import { advanceAru, deliverContiguous, deliverRemaining, emitOrdered } from './delivery.ts';
import type { CommitEntry, CommitTokenMessage, McastMessage, TokenMessage } from './message.ts';
import { absorbRecovered, obligeRecovered } from './old-ring.ts';
import { formatRingId, sameRing } from './ring-id.ts';
import { headerOf, leaveMessage, sendToken } from './send.ts';
import { beforeFirst, earlierSeq, laterSeq, nextSeq, seqAtOrBefore } from './sequence.ts';
import { arm, log, type Ring, without } from './state.ts';
import { judgeAnswers } from './unanswered.ts';

/** The commit token has come back filled in by everyone. */
export function enterRecovery(ring: Ring, token: CommitTokenMessage): void {
  assert(ring.phase === 'commit', 'RECOVERY follows COMMIT');
  const { nodeId, timing } = ring.config;
  ring.phase = 'recovery';
  ring.discardTokens = false;
  ring.recoveryStore.clear();
  ring.repeated.clear();
  ring.lastTokenSeq = beforeFirst;
  ring.aru = 0;
  ring.highSeq = 0;
  ring.installSeq = 0;
  ring.lastReleased = 0;
  ring.lastAru = 0;
  ring.aruVisits = 0;
  ring.seqUnchangedVisits = 0;
  ring.lastSeq = 0;
  ring.retransCount = 0;
  ring.rotationCount = 0;
  ring.setRetrans = false;
  ring.tokenHeld = false;
  planRecovery(ring, token);
  arm(ring, 'token', timing.tokenMs);
  sendToken(ring, encodeMessage({ ...token, header: headerOf(nodeId, 0), tokenSeq: token.tokenSeq + 1 }));
}

/** The representative has seen the commit token go round twice: everyone is in RECOVERY, and the ring may turn. */
export function originateToken(ring: Ring): void {
  const { nodeId } = ring.config;
  ring.originatedToken = true;
  ring.setRetrans = ring.recoveryQueue.length > 0;
  sendToken(
    ring,
    encodeToken({
      kind: 'token',
      header: headerOf(nodeId, 0),
      seq: 0,
      tokenSeq: 0,
      aru: beforeFirst,
      aruNodeId: nodeId,
      ringId: ring.ringId,
      backlog: 0,
      flowCount: 0,
      retransFlag: ring.setRetrans ? 1 : 0,
      requests: [],
    }),
  );
  arm(ring, 'token', ring.config.timing.tokenMs);
}

/** Who comes along from our old ring, and which of its messages someone of them may lack. */
function planRecovery(ring: Ring, token: CommitTokenMessage): void {
  const saved = defined(ring.saved, 'RECOVERY follows COMMIT, which saves the old ring');
  const companions = token.members.flatMap((nodeId, index) => {
    const entry = defined(token.entries[index], 'every member has an entry');
    return ring.members.includes(nodeId) && sameRing(entry.ringId, ring.oldRingId) ? [{ nodeId, entry }] : [];
  });
  ring.transMembers = companions.map(({ nodeId }) => nodeId);
  const entries = companions.map(({ entry }) => entry);
  ring.highestDelivered = entries.reduce((high, entry) => laterSeq(high, entry.highDelivered), ring.highDelivered);
  ring.recoveryQueue = entries.every((entry) => entry.receivedFlag === 1) ? [] : messagesToRepeat(ring, entries, saved);
}

function messagesToRepeat(ring: Ring, entries: readonly CommitEntry[], saved: { highSeq: number }): Uint8Array[] {
  const low = entries.reduce((lowest, entry) => earlierSeq(lowest, entry.aru), saved.highSeq);
  const queue: Uint8Array[] = [];
  for (
    let seq = laterSeq(nextSeq(low), ring.regularStore.head);
    seqAtOrBefore(seq, saved.highSeq);
    seq = nextSeq(seq)
  ) {
    const stored = ring.regularStore.get(seq);
    if (stored !== undefined) queue.push(encodeMessage(wrapped(ring, stored.bytes, stored.obliged ? 1 : 0)));
  }
  return queue;
}

/** Numbered when it is sent. `guarantee` 1 marks a message that some member owes; Corosync does not look at it. */
function wrapped(ring: Ring, payload: Uint8Array, guarantee: number): McastMessage {
  const { nodeId } = ring.config;
  return {
    kind: 'mcast',
    header: headerOf(nodeId, 1),
    systemFrom: nodeId,
    seq: 0,
    thisSeqno: 0,
    ringId: ring.ringId,
    unusedNodeId: 0,
    guarantee,
    payload,
  };
}

/** What a visit of the token means for the recovery's progress. Answers the flag that goes on with the token. */
export function advanceRecovery(ring: Ring, token: Pick<TokenMessage, 'seq' | 'aru' | 'retransFlag'>): number {
  assert(ring.phase === 'recovery', 'only RECOVERY counts rotations');
  let flag = token.retransFlag;
  if (ring.recoveryQueue.length > 0) {
    if (flag === 0) {
      flag = 1;
      ring.setRetrans = true;
    }
  } else if (flag === 1 && ring.setRetrans) {
    flag = 0;
    ring.setRetrans = false;
  }
  ring.retransCount = flag === 0 ? ring.retransCount + 1 : 0;
  if (ring.retransCount === 2) ring.installSeq = token.seq;
  const complete = ring.retransCount >= 2 && seqAtOrBefore(ring.installSeq, ring.aru);
  if (complete) obligeRecovered(ring);
  const everyoneComplete = ring.retransCount >= 3 && seqAtOrBefore(ring.installSeq, token.aru);
  ring.rotationCount = everyoneComplete ? ring.rotationCount + 1 : 0;
  if (ring.rotationCount === 2) installRing(ring);
  return flag;
}

/** The new ring stands: finish the old one, announce the new one. */
function installRing(ring: Ring): void {
  const saved = defined(ring.saved, 'RECOVERY follows COMMIT, which saves the old ring');
  absorbRecovered(ring);
  const left = without(ring.members, ring.transMembers);
  const joined = without(ring.newMembers, ring.transMembers);
  // What someone delivered as safe in the old configuration, every companion delivers there too.
  deliverContiguous(ring, saved.highSeq, ring.highestDelivered);
  ring.members = [...ring.newMembers];
  emitOrdered(ring, {
    kind: 'configuration',
    type: 'transitional',
    ringId: ring.ringId,
    members: ring.transMembers,
    joined: [],
    left,
    goodbyes: [],
  });
  ring.waitingForSync = true;
  deliverRemaining(ring, saved.highSeq);
  startNewRing(ring, left);
  emitOrdered(ring, {
    kind: 'configuration',
    type: 'regular',
    ringId: ring.ringId,
    members: [...ring.members],
    joined,
    left,
    goodbyes: [...ring.leaveSeen],
  });
  announce(ring, joined, left);
}

function startNewRing(ring: Ring, left: readonly number[]): void {
  for (const nodeId of left) ring.assembler.forget(nodeId);
  ring.context = 'synchronising';
  ring.normalQueue.restartMessage();
  ring.transitionQueue.restartMessage();
  const emptied = ring.regularStore;
  ring.regularStore = ring.recoveryStore;
  ring.recoveryStore = emptied;
  ring.recoveryStore.clear();
  const highest = ring.regularStore.highest;
  ring.regularStore.release(highest);
  ring.highDelivered = highest;
  ring.lastReleased = highest;
  ring.stableSeq = highest;
  ring.highSeq = laterSeq(ring.highSeq, highest);
  advanceAru(ring, ring.regularStore);
  ring.lastAru = 0;
  ring.procList = [...ring.members];
  judgeAnswers(ring, left);
  ring.failedList = [];
  ring.consensus.clear();
  ring.saved = undefined;
  ring.oldRingId = ring.ringId;
  ring.originatedToken = false;
  ring.rotationCount = 0;
  ring.retransCount = 0;
  ring.gatherTimeouts = 0;
  ring.failedToReceive = false;
  ring.installedByAll = false;
  ring.phase = 'operational';
}

/** The lines an administrator knows from Corosync's log. */
function announce(ring: Ring, joined: readonly number[], left: readonly number[]): void {
  const parts = [
    ...(joined.length > 0 ? [` joined: ${joined.join(' ')}`] : []),
    ...(left.length > 0 ? [` left: ${left.join(' ')}`] : []),
  ];
  const changes = parts.length === 0 ? '' : `. Members${parts.join('')}`;
  log(ring, 'notice', `A new membership (${formatRingId(ring.ringId)}) was formed${changes}`);
  const silent = left.filter((nodeId) => !ring.leaveSeen.has(nodeId));
  if (silent.length > 0) log(ring, 'notice', `Failed to receive the leave message. failed: ${silent.join(' ')}`);
  ring.leaveSeen.clear();
  ring.out.push({ kind: 'crash-notice', bytes: leaveMessage(ring) });
}
