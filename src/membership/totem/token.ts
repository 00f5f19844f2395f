// The token's visit: repeat what others missed, ask for what we missed, say what we have to say, hand it on.
// Source: the Totem single-ring paper (Amir, Moser, Melliar-Smith, Agarwal, Ciarfella 1995) as Corosync 3.1.7 runs it.
import { assert } from '../../kit/index.ts';
import { encodeToken, mcastHeaderBytes, writeMcastHeader } from './codec.ts';
import { advanceAru, deliverContiguous } from './delivery.ts';
import { enterGather } from './gather.ts';
import { encodeMergeDetect } from './mcast.ts';
import { type McastMessage, type RetransmitRequest, retransmitRequestsMax, type TokenMessage } from './message.ts';
import { isRepeated } from './old-ring.ts';
import { advanceRecovery } from './recovery.ts';
import { sameRing } from './ring-id.ts';
import { headerOf, multicast, sendToken } from './send.ts';
import { earlierSeq, nextSeq, seqAtOrBefore, seqBefore, seqDistance } from './sequence.ts';
import { arm, currentQueue, disarm, isRepresentative, log, type Ring } from './state.ts';
import { type MessageStore, storeSlots } from './store.ts';

/** About a second of Haven's ring. */
const keepsPerTurn = 20;

export function receiveToken(ring: Ring, token: TokenMessage): void {
  if (ring.discardTokens || (ring.phase !== 'operational' && ring.phase !== 'recovery')) return;
  noteIdleness(ring, token);
  if (!sameRing(token.ringId, ring.ringId) || seqAtOrBefore(token.tokenSeq, ring.lastTokenSeq)) return;
  if (isPlausible(ring, token)) visit(ring, token);
}

/**
 * A new token knows of every number in use, and of none beyond the window that all members keep. One that does not is damage:
 * the sender repeats the token, or the ring forms anew.
 */
function isPlausible(ring: Ring, token: TokenMessage): boolean {
  return !seqBefore(token.seq, ring.highSeq) && seqDistance(ring.lastReleased, token.seq) <= storeSlots;
}

type Numbers = Pick<TokenMessage, 'seq' | 'tokenSeq'>;

/** Counts how long nothing was said. Repeated and foreign tokens count too, as they do in Corosync. */
export function noteIdleness(ring: Ring, token: Numbers): void {
  const { idleVisits } = ring.config.timing;
  if (token.seq === ring.lastSeq) {
    ring.seqUnchangedVisits++;
    lookForOthers(ring);
  } else {
    ring.seqUnchangedVisits = 0;
    ring.mergeDueMs = Infinity;
    disarm(ring, 'hold');
  }
  ring.lastSeq = token.seq;
  ring.tokenHeld = isKeeper(ring, token) ? ring.seqUnchangedVisits > idleVisits : ring.seqUnchangedVisits >= idleVisits;
}

/** Every `mergeMs` of idleness the representative asks whether there are other rings. */
function lookForOthers(ring: Ring): void {
  if (!isRepresentative(ring)) return;
  const { mergeMs } = ring.config.timing;
  if (ring.nowMs >= ring.mergeDueMs && ring.phase === 'operational') {
    multicast(ring, encodeMergeDetect(ring));
    ring.mergeDueMs = ring.nowMs + mergeMs;
  } else if (ring.mergeDueMs === Infinity) ring.mergeDueMs = ring.nowMs + mergeMs;
}

/**
 * In turn: whoever keeps the token has it again after one rotation, and keeps it `keepsPerTurn` times; the next one follows
 * a step later. So between two visits nobody waits for more than one keeper, and all can tell by the token's number.
 */
function isKeeper(ring: Ring, { tokenSeq }: Numbers): boolean {
  if (ring.config.tokenKeeper === 'representative') return isRepresentative(ring);
  const visits = keepsPerTurn * ring.members.length;
  const visit = tokenSeq % (visits + 1);
  return visit < visits && visit % ring.members.length === 0;
}

function visit(ring: Ring, token: TokenMessage): void {
  const { timing, nodeId } = ring.config;
  ring.stableSeq = earlierSeq(token.aru, ring.lastAru);
  if (ring.phase === 'operational') {
    ring.installedByAll = true;
    releaseStable(ring);
  }
  const lastAruBefore = ring.lastAru;
  ring.lastAru = token.aru;
  const allowed = allowedMessages(ring, token);
  const repeated = repeatRequested(ring, token.requests, allowed);
  const requests = requestMissing(ring, repeated.left, token.seq);
  if (ring.config.cancelTokenHoldOnRetransmit === 'yes' && (requests.length > 0 || repeated.count > 0)) {
    ring.tokenHeld = false;
  }
  const seq = sendNew(ring, token.seq, roomFor(ring, token.seq, allowed - repeated.count));
  const sent = repeated.count + ((seq - token.seq) >>> 0);
  const flowCount = (token.flowCount + sent - ring.sentLastVisit) >>> 0;
  const backlogNow = backlog(ring);
  const backlogSum = (token.backlog + backlogNow - ring.backlogLastVisit) >>> 0;
  ring.sentLastVisit = sent;
  ring.backlogLastVisit = backlogNow;
  const { aru, aruNodeId } = nextAru(ring, token, seq);
  if (excludedOurselves(ring, { aru, aruNodeId, lastAruBefore })) return;
  ring.lastTokenSeq = token.tokenSeq;
  const retransFlag = ring.phase === 'recovery' ? advanceRecovery(ring, { ...token, seq, aru }) : token.retransFlag;
  const onward = encodeToken({
    ...token,
    header: headerOf(nodeId, 0),
    seq,
    tokenSeq: nextSeq(token.tokenSeq),
    aru,
    aruNodeId,
    backlog: backlogSum,
    flowCount,
    retransFlag,
    requests,
  });
  arm(ring, 'token', timing.tokenMs);
  if (ring.phase === 'operational') arm(ring, 'warning', timing.tokenWarningMs);
  handOn(ring, token, onward);
  if (ring.phase === 'operational') deliverContiguous(ring, ring.highSeq, ring.stableSeq);
}

/** The keeper of an idle ring's token has it for a while; everyone else passes it on at once. */
export function handOn(ring: Ring, token: Numbers, onward: Uint8Array): void {
  const { timing } = ring.config;
  if (!(ring.tokenHeld && isKeeper(ring, token) && ring.phase === 'operational')) {
    sendToken(ring, onward);
    return;
  }
  ring.lastToken = onward;
  arm(ring, 'retransmit', timing.tokenRetransmitMs);
  arm(ring, 'hold', timing.holdMs);
}

/** Messages that everyone had one rotation ago will not be asked for again. */
function releaseStable(ring: Ring): void {
  const upTo = earlierSeq(ring.stableSeq, ring.highDelivered);
  if (!seqBefore(ring.lastReleased, upTo)) return;
  ring.regularStore.release(upTo);
  ring.lastReleased = upTo;
}

/** Flow control: our share of what the ring may say in one rotation. */
function allowedMessages(ring: Ring, token: TokenMessage): number {
  const { windowMessages, visitMessagesMax } = ring.config.timing;
  const allowed = Math.min(visitMessagesMax, (windowMessages - token.flowCount) >>> 0);
  const others = (token.backlog + backlog(ring) - ring.backlogLastVisit) >>> 0;
  if (others === 0) return allowed;
  const share = Math.floor((windowMessages * ring.backlogLastVisit) / others);
  return share > 0 ? Math.min(allowed, share) : allowed;
}

function backlog(ring: Ring): number {
  return ring.phase === 'recovery' ? ring.recoveryQueue.length : currentQueue(ring).packetCount;
}

function activeStore(ring: Ring): MessageStore {
  return ring.phase === 'recovery' ? ring.recoveryStore : ring.regularStore;
}

function repeatRequested(ring: Ring, requests: readonly RetransmitRequest[], allowed: number) {
  if (requests.length === 0) return { left: requests, count: 0 };
  log(ring, 'notice', `Retransmit List: ${requests.map((request) => request.seq.toString(16)).join(' ')} `);
  const left: RetransmitRequest[] = [];
  let count = 0;
  for (const request of requests) {
    const ours = count < allowed && sameRing(request.ringId, ring.ringId);
    const stored = ours ? activeStore(ring).get(request.seq) : undefined;
    if (stored === undefined) {
      left.push(request);
      continue;
    }
    multicast(ring, stored.bytes);
    count++;
  }
  return { left, count };
}

function requestMissing(ring: Ring, requests: readonly RetransmitRequest[], tokenSeq: number) {
  const store = activeStore(ring);
  const wanted = [...requests];
  for (let seq = nextSeq(ring.aru); seqAtOrBefore(seq, tokenSeq); seq = nextSeq(seq)) {
    if (wanted.length >= retransmitRequestsMax || !store.inWindow(seq)) break;
    if (store.get(seq) !== undefined || store.miss(seq) < ring.config.timing.missVisits) continue;
    const listed = wanted.some((request) => request.seq === seq && sameRing(request.ringId, ring.ringId));
    if (!listed) wanted.push({ ringId: ring.ringId, seq });
  }
  return wanted;
}

/** None may be sent while the slowest member is a whole window behind. */
function roomFor(ring: Ring, tokenSeq: number, allowed: number): number {
  const window = storeSlots - ring.config.timing.visitMessagesMax - ring.config.timing.windowMessages;
  return seqBefore((ring.lastReleased + window) >>> 0, tokenSeq) ? 0 : Math.max(0, allowed);
}

/** Multicasts up to `allowed` packets, numbered on from `tokenSeq`; answers the last number used. */
function sendNew(ring: Ring, tokenSeq: number, allowed: number): number {
  let seq = tokenSeq;
  for (let count = 0; count < allowed; count++) {
    const next = nextSeq(seq);
    const numbered = ring.phase === 'recovery' ? nextRecovery(ring, next) : nextOrdinary(ring, next);
    if (numbered === undefined) break;
    seq = next;
    ring.highSeq = seq;
    const stored = activeStore(ring).put(seq, { ...numbered, obliged: false });
    assert(stored, `number ${seq} was free on the ring`);
    multicast(ring, numbered.bytes);
  }
  advanceAru(ring, activeStore(ring));
  return seq;
}

function nextOrdinary(ring: Ring, seq: number): { bytes: Uint8Array; message: McastMessage } | undefined {
  const packet = currentQueue(ring).nextPacket();
  if (packet === undefined) return undefined;
  return numberedMcast(ring, {
    bytes: packet.bytes,
    encapsulated: 2,
    seq,
    guarantee: packet.guarantee === 'safe' ? 1 : 0,
  });
}

function nextRecovery(ring: Ring, seq: number): { bytes: Uint8Array; message: McastMessage } | undefined {
  let bytes = ring.recoveryQueue.shift();
  while (bytes !== undefined && isRepeated(ring, bytes)) bytes = ring.recoveryQueue.shift();
  if (bytes === undefined) return undefined;
  return numberedMcast(ring, { bytes, encapsulated: 1, seq, guarantee: bytes[mcastHeaderBytes - 4] ?? 0 });
}

function numberedMcast(
  ring: Ring,
  mcast: { bytes: Uint8Array; encapsulated: number; seq: number; guarantee: number },
): { bytes: Uint8Array; message: McastMessage } {
  const { nodeId } = ring.config;
  ring.thisSeqno = (ring.thisSeqno + 1) | 0;
  const head = {
    header: headerOf(nodeId, mcast.encapsulated),
    systemFrom: nodeId,
    seq: mcast.seq,
    thisSeqno: ring.thisSeqno,
    ringId: ring.ringId,
    unusedNodeId: 0,
    guarantee: mcast.guarantee,
  };
  writeMcastHeader(mcast.bytes, head);
  return { bytes: mcast.bytes, message: { kind: 'mcast', ...head, payload: mcast.bytes.subarray(mcastHeaderBytes) } };
}

/** Lower aru if we are behind; raise it if it was we who lowered it, or nobody did. */
function nextAru(ring: Ring, token: TokenMessage, seq: number): { aru: number; aruNodeId: number } {
  const { nodeId } = ring.config;
  if (!seqBefore(ring.aru, token.aru) && token.aruNodeId !== nodeId && token.aruNodeId !== 0) return token;
  return { aru: ring.aru, aruNodeId: ring.aru === seq ? 0 : nodeId };
}

/** A member that cannot catch up for very long takes itself out, rather than hold up the ring for ever. */
function excludedOurselves(ring: Ring, visited: { aru: number; aruNodeId: number; lastAruBefore: number }): boolean {
  const { timing, nodeId } = ring.config;
  ring.aruVisits = visited.aru === visited.lastAruBefore && visited.aruNodeId !== 0 ? ring.aruVisits + 1 : 0;
  if (ring.aruVisits <= timing.failToReceiveVisitsMax || visited.aruNodeId !== nodeId) return false;
  log(ring, 'error', 'FAILED TO RECEIVE');
  ring.failedToReceive = true;
  ring.failedList.push(nodeId);
  enterGather(ring, 6);
  return true;
}
