// A bad link: which frames are lost, doubled or late. Pure and seeded: the same seed and the same frames at the same times
// give the same fate.
import { Random } from '../../kit/index.ts';

export type ImpairmentOptions = {
  /** Added to each frame. */
  readonly delayMs?: number;
  /** Up to so much more, evenly spread; frames keep their order. */
  readonly jitterMs?: number;
  /** Shares of frames, 0 to 1. */
  readonly loss?: number;
  readonly duplicate?: number;
  /** This share of frames is held back by `reorderByMs` (default 5), and those behind them pass. */
  readonly reorder?: number;
  readonly reorderByMs?: number;
  readonly seed?: number;
};

export class Impairment {
  readonly #options: ImpairmentOptions;
  readonly #random: Random;
  #lastMs = 0;

  constructor(options: ImpairmentOptions, direction: string) {
    this.#options = options;
    this.#random = new Random(`${options.seed ?? 1}/${direction}`);
  }

  /** When a frame that arrives at `nowMs` is delivered: never, once or twice. */
  deliveries(nowMs: number): number[] {
    const { delayMs = 0, jitterMs = 0, loss = 0, duplicate = 0, reorder = 0, reorderByMs = 5 } = this.#options;
    // Each frame draws the same number of times, so that changing one share leaves the others' fates as they were.
    const [lost, doubled, held, late] = [
      this.#random.chance(loss),
      this.#random.chance(duplicate),
      this.#random.chance(reorder),
      this.#random.fraction(),
    ];
    if (lost) return [];
    const dueMs = nowMs + delayMs + late * jitterMs;
    const atMs = held ? dueMs + reorderByMs : Math.max(dueMs, this.#lastMs);
    if (!held) this.#lastMs = atMs;
    return doubled ? [atMs, atMs] : [atMs];
  }
}
