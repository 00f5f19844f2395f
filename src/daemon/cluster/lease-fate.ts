// Whether an address that the guardian took off for a lapse of the quorum lease may come back: as long as the members have
// stayed the same, nobody else was given it. When they changed, that is for the cluster to decide.
import type { Fate, LapseEnd } from '../../agents/index.ts';
import { bootMs } from '../../linux/index.ts';

/** The kernel's word of what the guardian did comes well within this after the lease runs again. */
const afterwardsMs = 1000;

/** Why what is being started when the lease is over is given up. */
export const lapsedReason = 'the quorum lease was over meanwhile: others may have been given the resource';

export class LeaseFate {
  readonly #leaseMs: number;
  #resumed: { readonly atBootMs: number; readonly end: LapseEnd } | undefined;
  #changedAtBootMs = -Infinity;

  constructor(leaseMs: number) {
    this.#leaseMs = leaseMs;
  }

  /** Of an address that is gone. `quorateAtBootMs`: the last proof, 0 for none. */
  ofTaken(quorateAtBootMs: number): Fate {
    const nowMs = bootMs();
    if (this.#resumed !== undefined && nowMs - this.#resumed.atBootMs < afterwardsMs) return this.#resumed.end;
    if (quorateAtBootMs === 0 || nowMs < quorateAtBootMs + this.#leaseMs) return 'lost';
    return this.#changedAtBootMs > quorateAtBootMs ? 'given-up' : 'undecided';
  }

  /** Of what is undecided, now that the lease runs again that was over since the proof at `provenBeforeBootMs`. */
  resumed(provenBeforeBootMs: number): LapseEnd {
    const end = this.#changedAtBootMs > provenBeforeBootMs ? 'given-up' : 'returns';
    this.#resumed = { atBootMs: bootMs(), end };
    return end;
  }

  /** What came back before may be another's now. */
  membersChanged(): void {
    this.#changedAtBootMs = bootMs();
    this.#resumed = undefined;
  }
}
