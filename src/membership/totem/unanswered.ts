// A node that is heard and hears nobody. It stands alone on a ring of its own and looks for others, as it must; each time
// the others gather for it, it does not answer, and they have given up a ring that worked for nothing. So whoever did not
// answer is not gathered for again for a while, a longer one each time. That costs no merge: when it hears again it hears
// our own search for other rings, and its join counts at once. Nothing of this shows on the wire.
import { membersMax } from './message.ts';
import { type Ring, without } from './state.ts';

/** In mergeMs, the pace at which an idle ring looks for others: the first pause, and what doubling leads up to. */
const firstPauseMerges = 5;
const pauseMergesMax = 20;

/** `nodeId` has sent a join. */
export function noteAnswer(ring: Ring, nodeId: number): void {
  if (ring.answered.size < membersMax) ring.answered.add(nodeId);
}

/** It did not answer lately; what it says on another ring is no reason to give up ours. */
export function isPassedOver(ring: Ring, nodeId: number): boolean {
  return ring.nowMs < (ring.unanswering.get(nodeId)?.untilMs ?? -Infinity);
}

/**
 * A new ring stands. Those who were agreed to have failed, and had been on another ring before if on any (`left` were on
 * ours), had been gathered for.
 */
export function judgeAnswers(ring: Ring, left: readonly number[]): void {
  const { mergeMs } = ring.config.timing;
  for (const nodeId of ring.members) ring.unanswering.delete(nodeId);
  for (const nodeId of without(ring.failedList, left)) {
    const before = ring.unanswering.get(nodeId)?.pauseMs;
    if (ring.answered.has(nodeId) || (before === undefined && ring.unanswering.size >= membersMax)) continue;
    const pauseMs = Math.min(before === undefined ? firstPauseMerges * mergeMs : 2 * before, pauseMergesMax * mergeMs);
    ring.unanswering.set(nodeId, { pauseMs, untilMs: ring.nowMs + pauseMs });
  }
  ring.answered.clear();
}
