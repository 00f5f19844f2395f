// Whether the cluster is at rest, or has written what it was asked to, as a member sees it.
import { setTimeout as pause } from 'node:timers/promises';
import { isSettled, type NodeState, nodeNamed, transientAttributesOf } from '../../controller/index.ts';
import { monotonicMs } from '../../linux/index.ts';
import { pendingOperations } from './reading.ts';

/** A follower sees that the cluster is at rest when nothing has changed for so long and nothing is under way. */
const quietMs = 300;
const pollMs = 25;
/** A coordinator writes within milliseconds; without one the attribute waits, and who asked for it need not. */
const writingMsMax = 2000;
const writingPollMs = 5;

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

/** Who sets an attribute may read it next: waits until it is in the document, for no longer than its writing takes where it can be written. */
export async function attributeWritten(
  wish: { readonly node: string; readonly name: string; readonly value: string | undefined },
  look: () => NodeState,
): Promise<void> {
  const deadlineMs = monotonicMs() + writingMsMax;
  const isWritten = () => {
    const { cib } = look().replica;
    const node = nodeNamed(cib, wish.node);
    return node !== undefined && transientAttributesOf(cib, node).get(wish.name) === wish.value;
  };
  while (!isWritten() && monotonicMs() < deadlineMs) await pause(writingPollMs);
}
