// The ring machine: one event in, effects out, in order. Every entry of Totem's table of states and events is a case here;
// what a case does lives in the file of its state.
import { assert } from '../../kit/index.ts';
import { decodeMessage } from './codec.ts';
import { requestDurableRingSeq, sendCommitOnceDurable } from './commit.ts';
import type { OutboundMessage, TotemEffect, TotemEvent } from './event.ts';
import { consensusExpired, enterGather, sendJoin } from './gather.ts';
import { receiveCommitToken, receiveJoin, reportFailed } from './join.ts';
import { receiveMcast, receiveMergeDetect } from './mcast.ts';
import type { TotemMessage } from './message.ts';
import { passAtRest } from './rest.ts';
import { sameRing } from './ring-id.ts';
import { cancelHold, leaveMessage, multicast, releaseToken, repeatToken } from './send.ts';
import {
  currentQueue,
  disarm,
  isRepresentative,
  log,
  nextDeadline,
  type Ring,
  type TimerName,
  timerNames,
} from './state.ts';
import { receiveToken } from './token.ts';

/** Lateness beyond which what has piled up in the sockets is no picture of the present any more: part of tokenMs. */
const pauseShareOfToken = 0.5;

/**
 * Advances `ring` by one event. Deterministic: the same events give the same effects. The ring is changed in place and the
 * list of effects is the caller's.
 */
export function step(ring: Ring, event: TotemEvent): TotemEffect[] {
  // Two numbers as text would be a tenth of what a token costs.
  assert(event.nowMs >= ring.nowMs, 'time does not go back');
  ring.nowMs = event.nowMs;
  ring.out = [];
  if (ring.phase === 'stopped') return ring.out;
  notePause(ring);
  handle(ring, event);
  hearOurselves(ring);
  ring.wakeDueMs = nextDeadline(ring);
  return ring.out;
}

function handle(ring: Ring, event: TotemEvent): void {
  switch (event.kind) {
    case 'start':
      start(ring, event.storedRingSeq);
      return;
    case 'datagram':
      receive(ring, event.bytes);
      return;
    case 'deadline':
      fireTimers(ring);
      return;
    case 'multicast':
      for (const message of event.messages) submit(ring, message);
      return;
    case 'sync-complete':
      completeSync(ring);
      return;
    case 'persisted':
      ring.durableRingSeq = Math.max(ring.durableRingSeq, event.ringSeq);
      sendCommitOnceDurable(ring);
      return;
    case 'member-failed':
      reportFailed(ring, event.nodeId);
      return;
    case 'leave':
      leave(ring);
      return;
  }
}

/** Queues one message; it goes out at a coming visit of the token. May be called from `onOrdered`. */
export function submit(ring: Ring, message: OutboundMessage): void {
  const synchronises = ring.waitingForSync && message.lane === 'synchronisation';
  const queue = synchronises ? ring.transitionQueue : ring.normalQueue;
  const reason = queue.push(message);
  if (reason !== undefined) ring.out.push({ kind: 'refused', message, reason });
  else if (synchronises || !ring.waitingForSync) cancelHold(ring);
}

/** The services agree on the new ring's state: ordinary messages flow again. May be called from `onOrdered`. */
export function completeSync(ring: Ring): void {
  ring.waitingForSync = false;
  ring.context = 'normal';
  ring.transitionQueue.restartMessage();
  if (!currentQueue(ring).isEmpty) cancelHold(ring);
}

function start(ring: Ring, storedRingSeq: number): void {
  assert(ring.phase === 'idle', 'a ring starts once');
  ring.ringId = { representative: ring.config.nodeId, seq: storedRingSeq + 1 };
  ring.oldRingId = ring.ringId;
  ring.maxRingSeq = ring.ringId.seq;
  ring.durableRingSeq = storedRingSeq;
  ring.requestedRingSeq = storedRingSeq;
  if (ring.config.ringSeqReserve > 0) requestDurableRingSeq(ring);
  enterGather(ring, 15);
}

function leave(ring: Ring): void {
  if (ring.phase !== 'idle') multicast(ring, leaveMessage(ring));
  ring.phase = 'stopped';
  disarm(ring, ...timerNames);
  ring.out.push({ kind: 'stopped' });
}

function receive(ring: Ring, bytes: Uint8Array): void {
  if (passAtRest(ring, bytes)) return;
  const message = decodeMessage(bytes);
  if (message.kind === 'malformed' || ring.phase === 'idle') return;
  if (message.kind === 'join' && (message.systemFrom === ring.config.nodeId || ring.nowMs < ring.joinsIgnoredUntilMs))
    return;
  dispatch(ring, message, bytes);
}

/** Our own joins and hold-cancels, after what caused them is done, as if the network had brought them back. */
function hearOurselves(ring: Ring): void {
  for (let bytes = ring.ownMulticasts.shift(); bytes !== undefined; bytes = ring.ownMulticasts.shift()) {
    const message = decodeMessage(bytes);
    if (message.kind !== 'malformed' && ring.phase !== 'stopped') dispatch(ring, message, bytes);
  }
}

function dispatch(ring: Ring, message: TotemMessage, bytes: Uint8Array): void {
  switch (message.kind) {
    case 'token':
      receiveToken(ring, message);
      return;
    case 'mcast':
      receiveMcast(ring, message, bytes);
      return;
    case 'merge-detect':
      receiveMergeDetect(ring, message);
      return;
    case 'join':
      receiveJoin(ring, message);
      return;
    case 'commit-token':
      receiveCommitToken(ring, message);
      return;
    case 'hold-cancel':
      if (!sameRing(message.ringId, ring.ringId)) return;
      ring.seqUnchangedVisits = 0;
      if (keepsNow(ring)) {
        disarm(ring, 'hold');
        releaseToken(ring);
      }
  }
}

/** The representative of Corosync sends the token again although it may be on its way. */
function keepsNow(ring: Ring): boolean {
  if (ring.config.tokenKeeper === 'in-turn') return ring.timers.hold < Infinity;
  return isRepresentative(ring) && ring.phase !== 'gather';
}

function fireTimers(ring: Ring): void {
  for (const timer of timerNames) {
    if (ring.timers[timer] > ring.nowMs) continue;
    disarm(ring, timer);
    fire(ring, timer);
  }
}

function fire(ring: Ring, timer: TimerName): void {
  switch (timer) {
    case 'hold':
      releaseToken(ring);
      return;
    case 'retransmit':
      repeatToken(ring);
      return;
    case 'join':
      sendJoin(ring);
      return;
    case 'consensus':
      consensusExpired(ring);
      return;
    case 'warning':
      log(ring, 'notice', `Token has not been received in ${ring.config.timing.tokenWarningMs} ms`);
      return;
    case 'token':
      tokenLost(ring);
      return;
  }
}

function tokenLost(ring: Ring): void {
  const { tokenMs, consensusMs } = ring.config.timing;
  if (ring.phase === 'operational') {
    const waited = `token timed out (${tokenMs}ms), waiting ${consensusMs}ms for consensus.`;
    log(ring, 'notice', `A processor failed, forming new configuration: ${waited}`);
    enterGather(ring, 2);
  } else if (ring.phase === 'gather') {
    consensusExpired(ring);
    enterGather(ring, 3);
  } else if (ring.phase === 'commit') enterGather(ring, 4);
  else if (ring.phase === 'recovery') enterGather(ring, 5);
}

/**
 * We were woken much later than we asked: what the sockets hold is old. Joins that wait there would tear down a ring that
 * stands; whoever still means his repeats it.
 */
function notePause(ring: Ring): void {
  const { tokenMs, joinMs } = ring.config.timing;
  const lateMs = ring.nowMs - ring.wakeDueMs;
  if (lateMs <= tokenMs * pauseShareOfToken || ring.nowMs < ring.joinsIgnoredUntilMs) return;
  ring.joinsIgnoredUntilMs = ring.nowMs + joinMs;
  log(ring, 'warning', `Process pause detected for ${Math.round(lateMs)} ms, flushing membership messages.`);
}
