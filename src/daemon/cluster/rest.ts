// Whether the cluster is at rest, as a member sees it.
import { setTimeout as pause } from 'node:timers/promises';
import { isSettled, type NodeState } from '../../controller/index.ts';
import { monotonicMs } from '../../linux/index.ts';
import { pendingOperations } from './reading.ts';

/** A follower sees that the cluster is at rest when nothing has changed for so long and nothing is under way. */
const quietMs = 300;
const pollMs = 25;

/** False when it is not within `withinMs`. `look`: the state now, and when (monotonic) it last changed. */
export async function atRestWithin(
  withinMs: number,
  look: () => { readonly state: NodeState; readonly changedAtMs: number },
): Promise<boolean> {
  const deadlineMs = monotonicMs() + withinMs;
  while (monotonicMs() < deadlineMs) {
    const { state, changedAtMs } = look();
    const { phase, cib } = state.replica;
    const isQuiet = monotonicMs() - changedAtMs > quietMs && pendingOperations(cib).length === 0;
    if (phase === 'together' && isQuiet && isSettled(state)) return true;
    await pause(pollMs);
  }
  return false;
}
