// Each number once: a window over the latest counters of one session (RFC 4303, 3.4.3, made wider). Datagrams may overtake
// each other within it, across links too; what is older than the window is refused.

/** A burst of this many datagrams may be overtaken by one. */
export const replayWindowCounters = 4096;

export class ReplayWindow {
  readonly #bits = new Uint32Array(replayWindowCounters / 32);
  #highest = -1;

  /** Not seen yet, and not too old to tell. */
  isFresh(counter: number): boolean {
    if (counter > this.#highest) return true;
    if (counter <= this.#highest - replayWindowCounters) return false;
    const slot = counter % replayWindowCounters;
    return ((this.#bits[slot >>> 5] ?? 0) & (1 << (slot & 31))) === 0;
  }

  /** Only for what has been verified: a forged counter must not move the window. */
  mark(counter: number): void {
    const first = Math.max(this.#highest + 1, counter - replayWindowCounters + 1);
    for (let passed = first; passed <= counter; passed++) {
      const slot = passed % replayWindowCounters;
      this.#bits[slot >>> 5] = (this.#bits[slot >>> 5] ?? 0) & ~(1 << (slot & 31));
    }
    if (counter > this.#highest) this.#highest = counter;
    const slot = counter % replayWindowCounters;
    this.#bits[slot >>> 5] = (this.#bits[slot >>> 5] ?? 0) | (1 << (slot & 31));
  }
}
