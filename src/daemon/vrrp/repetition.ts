// The same complaint at every advertisement helps nobody: it is told the first time, then once a minute with its count.

const quietMs = 60_000;
const messagesMax = 1000;

export class Repetition {
  readonly #told = new Map<string, { toldMs: number; times: number }>();

  /** How often it came since it was last told, when it is to be told now; undefined otherwise. */
  isNews(message: string, nowMs: number): number | undefined {
    const known = this.#told.get(message);
    if (known === undefined) {
      if (this.#told.size >= messagesMax) this.#told.clear();
      this.#told.set(message, { toldMs: nowMs, times: 0 });
      return 1;
    }
    known.times++;
    if (nowMs - known.toldMs < quietMs) return undefined;
    const { times } = known;
    known.toldMs = nowMs;
    known.times = 0;
    return times;
  }
}
