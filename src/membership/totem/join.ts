// Joins and commit tokens: the talk from which a new ring comes.
import { createRingAndCommit, enterCommit } from './commit.ts';
import { candidates, consensusAgreed, enterGather } from './gather.ts';
import { type CommitTokenMessage, isLeave, type JoinMessage, membersMax } from './message.ts';
import { enterRecovery, originateToken } from './recovery.ts';
import { ringSeqMax, sameRing } from './ring-id.ts';
import { log, type Ring } from './state.ts';
import { noteAnswer } from './unanswered.ts';

/** A damaged join must not use up the numbers: half of them are left whatever it says. */
const trustedRingSeqMax = ringSeqMax / 2;

export function receiveJoin(ring: Ring, join: JoinMessage): void {
  if (join.ringSeq > trustedRingSeqMax) return;
  ring.maxRingSeq = Math.max(ring.maxRingSeq, join.ringSeq);
  if (join.systemFrom === 0 || join.procList.includes(0) || join.failedList.includes(0)) return;
  noteAnswer(ring, join.systemFrom);
  switch (ring.phase) {
    case 'operational':
      if (isIgnoredByMember(ring, join)) return;
      considerJoin(ring, join);
      // The join may have started a gather, or (alone in the ring) a commit already.
      if (isOperational(ring)) enterGather(ring, 12);
      return;
    case 'gather':
      considerJoin(ring, join);
      return;
    case 'commit':
    case 'recovery':
      if (ring.newMembers.includes(join.systemFrom) && isOfThisFormation(ring, join))
        considerDuringFormation(ring, join);
      return;
    case 'idle':
    case 'stopped':
      return;
  }
}

function isOperational(ring: Ring): boolean {
  return ring.phase === 'operational';
}

/**
 * A stranger has to wait until the ring is installed by all: those who have not done so yet would go on holding him failed
 * as when it was agreed on, and two rings that meet could keep each other from being installed for seconds.
 */
function isIgnoredByMember(ring: Ring, join: JoinMessage): boolean {
  if (join.failedList.includes(ring.config.nodeId)) return true;
  return ring.members.includes(join.systemFrom) ? join.ringSeq < ring.ringId.seq : !ring.installedByAll;
}

/**
 * An old join is none of it, but for one that has given us up: its sender will not pass our commit token on. A node that
 * hears nobody agrees until then, and the ring would wait for its token as long as for a lost one.
 */
function isOfThisFormation(ring: Ring, join: JoinMessage): boolean {
  return join.ringSeq >= ring.ringId.seq || (ring.phase === 'commit' && join.failedList.includes(ring.config.nodeId));
}

/** A member of the ring being formed has given it up: so do we, whatever its lists say. */
function considerDuringFormation(ring: Ring, join: JoinMessage): void {
  const reason = ring.phase === 'commit' ? 13 : 14;
  considerJoin(ring, join);
  enterGather(ring, reason);
}

function considerJoin(ring: Ring, join: JoinMessage): void {
  const leaver = isLeave(join) ? join.failedList.at(-1) : undefined;
  if (leaver !== undefined && ring.leaveSeen.size < membersMax) ring.leaveSeen.add(leaver);
  if (sameMembers(join.procList, ring.procList) && sameMembers(join.failedList, ring.failedList)) {
    noteAgreement(ring, join);
    return;
  }
  const nothingNew = isSubset(join.procList, ring.procList) && isSubset(join.failedList, ring.failedList);
  if (nothingNew || ring.failedList.includes(join.systemFrom)) return;
  mergeLists(ring, join);
}

function noteAgreement(ring: Ring, join: JoinMessage): void {
  if (!isLeave(join) && ring.procList.includes(join.systemFrom)) ring.consensus.add(join.systemFrom);
  if (ring.phase !== 'gather' || !consensusAgreed(ring)) return;
  if (ring.failedToReceive) {
    ring.procList = [ring.config.nodeId];
    ring.failedList = [];
    createRingAndCommit(ring);
    ring.failedToReceive = false;
  } else if (Math.min(...candidates(ring)) === ring.config.nodeId) createRingAndCommit(ring);
}

/**
 * Learns what the join has that we have not. Corosync starts over even when that is nothing (a list of failed nodes from a
 * stranger is not taken over) and two such nodes then answer each other's joins as fast as the network carries them; here
 * only news starts over, and what stays in dispute is left to the consensus timer.
 */
function mergeLists(ring: Ring, join: JoinMessage): void {
  const { nodeId } = ring.config;
  const known = ring.procList.length + ring.failedList.length;
  const procList = union(ring.procList, join.procList);
  if (procList.length > membersMax) return;
  ring.procList = procList;
  if (join.failedList.includes(nodeId)) addFailed(ring, [join.systemFrom]);
  else if (ring.members.includes(join.systemFrom)) addFailed(ring, join.failedList);
  if (ring.procList.length + ring.failedList.length > known) enterGather(ring, 11);
}

/** Only candidates fail: a list that went beyond them would grow past what a join can carry, and nobody reads such a join. */
function addFailed(ring: Ring, nodeIds: readonly number[]): void {
  ring.failedList = union(
    ring.failedList,
    nodeIds.filter((nodeId) => ring.procList.includes(nodeId)),
  );
}

/** A failure hint: do not wait for the token to get lost on it. */
export function reportFailed(ring: Ring, nodeId: number): void {
  if (nodeId === ring.config.nodeId || ring.failedList.includes(nodeId)) return;
  const concerned = ring.phase === 'commit' || ring.phase === 'recovery' ? ring.newMembers : ring.procList;
  if (ring.phase === 'idle' || !concerned.includes(nodeId)) return;
  log(ring, 'notice', `Node ${nodeId} is reported failed, forming new configuration.`);
  if (!ring.procList.includes(nodeId)) ring.procList.push(nodeId);
  addFailed(ring, [nodeId]);
  enterGather(ring, 16);
}

export function receiveCommitToken(ring: Ring, token: CommitTokenMessage): void {
  switch (ring.phase) {
    case 'gather':
      if (isForUs(ring, token)) enterCommit(ring, token);
      return;
    case 'commit':
      if (sameRing(token.ringId, ring.ringId) && token.memberIndex === token.members.length) enterRecovery(ring, token);
      return;
    case 'recovery':
      // The first return carries hop number n, the second 2n; a repetition of the first must not start the ring early.
      if (!sameRing(token.ringId, ring.ringId) || token.tokenSeq <= token.members.length) return;
      if (token.ringId.representative === ring.config.nodeId && !ring.originatedToken) originateToken(ring);
      return;
    case 'operational':
    case 'idle':
    case 'stopped':
      return;
  }
}

function isForUs(ring: Ring, token: CommitTokenMessage): boolean {
  return (
    token.ringId.seq > ring.ringId.seq &&
    token.members[token.memberIndex] === ring.config.nodeId &&
    token.members.length === candidates(ring).length &&
    sameMembers(token.members, candidates(ring))
  );
}

/** In the order learned, each once: a peer's list may name a node twice. */
function union(known: readonly number[], heard: readonly number[]): number[] {
  return [...new Set([...known, ...heard])];
}

function isSubset(nodeIds: readonly number[], of: readonly number[]): boolean {
  return nodeIds.every((nodeId) => of.includes(nodeId));
}

function sameMembers(left: readonly number[], right: readonly number[]): boolean {
  return isSubset(left, right) && isSubset(right, left);
}
