// COMMIT: a token travels the ring to be twice. On the first round each member writes down what it has of its old ring, on
// the second each learns what the others have.
import { assert, defined } from '../../kit/index.ts';
import { encodeMessage } from './codec.ts';
import { candidates } from './gather.ts';
import type { CommitEntry, CommitTokenMessage } from './message.ts';
import { sameRing } from './ring-id.ts';
import { headerOf, releaseToken } from './send.ts';
import { laterSeq, seqBefore } from './sequence.ts';
import { arm, ascending, disarm, type Ring } from './state.ts';

/** Ring numbers grow by four, as they always have in Totem: room for other users of the same counter. */
const ringSeqStep = 4;
const emptyEntry: CommitEntry = { ringId: { representative: 0, seq: 0 }, aru: 0, highDelivered: 0, receivedFlag: 0 };

/** The representative starts the ring that its candidates agreed on. */
export function createRingAndCommit(ring: Ring): void {
  const { nodeId } = ring.config;
  const members = ascending(candidates(ring));
  assert(members[0] === nodeId || ring.failedToReceive, 'only the lowest candidate forms a ring');
  enterCommit(ring, {
    kind: 'commit-token',
    header: headerOf(nodeId, 0),
    tokenSeq: 0,
    ringId: { representative: nodeId, seq: ring.maxRingSeq + ringSeqStep },
    retransFlag: 0,
    memberIndex: 0,
    members,
    entries: members.map(() => emptyEntry),
  });
}

/** Adopts the ring that `token` proposes: fills our entry and hands the token on. */
export function enterCommit(ring: Ring, token: CommitTokenMessage): void {
  const { nodeId, timing } = ring.config;
  assert(token.members[token.memberIndex] === nodeId, 'a commit token is filled in by the member whose turn it is');
  if (ring.saved === undefined) {
    ring.saved = { aru: ring.aru, highSeq: ring.highSeq };
    ring.oldRingId = ring.ringId;
  }
  ring.phase = 'commit';
  ring.newMembers = [...token.members];
  const memberIndex = token.memberIndex + 1;
  ring.successor = defined(token.members[memberIndex % token.members.length], 'the successor is a member');
  ring.ringId = token.ringId;
  ring.maxRingSeq = Math.max(ring.maxRingSeq, token.ringId.seq);
  ring.sentLastVisit = 0;
  ring.backlogLastVisit = 0;
  disarm(ring, 'join', 'consensus', 'hold', 'retransmit');
  ring.mergeDueMs = Infinity;
  arm(ring, 'token', timing.tokenMs);
  const entries = filledEntries(ring, token);
  const header = headerOf(nodeId, 0);
  const bytes = encodeMessage({ ...token, header, memberIndex, entries, tokenSeq: token.tokenSeq + 1 });
  ring.commitAwaitingDisk = { bytes, ringSeq: token.ringId.seq };
  requestDurableRingSeq(ring);
  sendCommitOnceDurable(ring);
}

/** A ring number is said to others only when we cannot forget it: a node that could would one day use it again. */
export function sendCommitOnceDurable(ring: Ring): void {
  const waiting = ring.commitAwaitingDisk;
  if (waiting === undefined || waiting.ringSeq > ring.durableRingSeq) return;
  ring.commitAwaitingDisk = undefined;
  ring.lastToken = waiting.bytes;
  releaseToken(ring);
}

/** Asks the disk for the number in use, and ahead of need for the next ones. */
export function requestDurableRingSeq(ring: Ring): void {
  const { ringSeqReserve } = ring.config;
  if (ring.ringId.seq + ringSeqReserve / 2 <= ring.requestedRingSeq) return;
  ring.requestedRingSeq = ring.ringId.seq + ringSeqReserve;
  ring.out.push({ kind: 'persist', ringSeq: ring.requestedRingSeq });
}

function filledEntries(ring: Ring, token: CommitTokenMessage): CommitEntry[] {
  const saved = defined(ring.saved, 'entering COMMIT saves the old ring');
  const own: CommitEntry = {
    ringId: ring.oldRingId,
    aru: saved.aru,
    highDelivered: ring.highDelivered,
    receivedFlag: saved.aru === saved.highSeq ? 1 : 0,
  };
  const entries = token.entries.map((entry, index) => (index === token.memberIndex ? own : entry));
  const companions = entries.slice(0, token.memberIndex + 1).filter((entry) => sameRing(entry.ringId, ring.oldRingId));
  const highestAru = companions.reduce((highest, entry) => laterSeq(highest, entry.aru), saved.aru);
  return entries.map((entry) =>
    companions.includes(entry) && seqBefore(entry.aru, highestAru) ? { ...entry, receivedFlag: 0 } : entry,
  );
}
