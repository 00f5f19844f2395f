// GATHER: agree with everyone in reach on who is here. Each says whom it hears (proc) and whom it has given up (failed);
// when all of proc - failed have said the same, the lowest of them forms the ring.
import { encodeMessage } from './codec.ts';
import { absorbRecovered } from './old-ring.ts';
import { headerOf, multicastAndHear } from './send.ts';
import { arm, disarm, log, type Ring, without } from './state.ts';

/** Corosync's reasons, by the number it logs. */
const gatherReasons = {
  0: 'consensus timeout',
  2: 'The token was lost in the OPERATIONAL state.',
  3: 'The consensus timeout expired.',
  4: 'The token was lost in the COMMIT state.',
  5: 'The token was lost in the RECOVERY state.',
  6: 'failed to receive',
  7: 'foreign message in operational state',
  8: 'foreign message in gather state',
  9: 'merge during operational state',
  10: 'merge during gather state',
  11: 'merge during join',
  12: 'join during operational state',
  13: 'join during commit state',
  14: 'join during recovery',
  15: 'interface change',
  16: 'a member was reported failed',
} as const;

export type GatherReason = keyof typeof gatherReasons;

/** Gather rounds without a ring before the administrator is told. */
const gatherTimeoutsWarned = 4;

export function enterGather(ring: Ring, reason: GatherReason): void {
  const { nodeId, timing } = ring.config;
  log(ring, 'debug', `entering GATHER state from ${reason}(${gatherReasons[reason]}).`);
  if (ring.phase === 'recovery') absorbRecovered(ring);
  if (reason === 3) warnOfEndlessGather(ring);
  ring.phase = 'gather';
  ring.discardTokens = true;
  ring.originatedToken = false;
  ring.commitAwaitingDisk = undefined;
  if (!ring.procList.includes(nodeId)) ring.procList.push(nodeId);
  ring.consensus = new Set([nodeId]);
  disarm(ring, 'token', 'warning', 'retransmit', 'hold');
  ring.mergeDueMs = Infinity;
  arm(ring, 'consensus', timing.consensusMs);
  sendJoin(ring);
}

export function sendJoin(ring: Ring): void {
  const { nodeId, timing } = ring.config;
  arm(ring, 'join', timing.joinMs);
  const { procList, failedList } = ring;
  const header = headerOf(nodeId, 0);
  multicastAndHear(
    ring,
    encodeMessage({ kind: 'join', header, systemFrom: nodeId, ringSeq: ring.ringId.seq, procList, failedList }),
  );
}

/** Those who are to form the next ring. */
export function candidates(ring: Ring): number[] {
  return without(ring.procList, ring.failedList);
}

export function consensusAgreed(ring: Ring): boolean {
  return candidates(ring).every((nodeId) => ring.consensus.has(nodeId));
}

/** Time is up: whoever has not agreed with us is failed. If all have, only the commit token is missing: give it a while. */
export function consensusExpired(ring: Ring): void {
  if (consensusAgreed(ring)) {
    ring.consensus = new Set([ring.config.nodeId]);
    arm(ring, 'token', ring.config.timing.tokenMs);
    return;
  }
  ring.failedList.push(...candidates(ring).filter((nodeId) => !ring.consensus.has(nodeId)));
  enterGather(ring, 0);
}

function warnOfEndlessGather(ring: Ring): void {
  ring.gatherTimeouts++;
  if (ring.gatherTimeouts !== gatherTimeoutsWarned) return;
  log(
    ring,
    'warning',
    'Totem is unable to form a cluster because of an operating system or network fault (reason: totem is continuously in ' +
      'gather state). The most common cause of this message is that the local firewall is configured improperly.',
  );
}
