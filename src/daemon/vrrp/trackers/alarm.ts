// One timer for a machine that says when it wants to be woken.
import { monotonicMs } from '../../../linux/index.ts';

/** Longest delay that setTimeout takes; a later deadline is asked for again. */
const delayMsMax = 2_147_483_647;

export class Alarm {
  readonly #ring: () => void;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(ring: () => void) {
    this.#ring = ring;
  }

  /** Rings once at `atMs` of the monotonic clock, or a moment later; a later call replaces an earlier one. */
  set(atMs: number): void {
    clearTimeout(this.#timer);
    if (this.#closed || !Number.isFinite(atMs)) return;
    this.#timer = setTimeout(() => this.#ring(), Math.min(delayMsMax, Math.max(0, Math.ceil(atMs - monotonicMs()))));
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }
}
