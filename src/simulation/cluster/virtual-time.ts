// Virtual time: what is to happen, one thing after the other.
import { assert } from '../../kit/index.ts';
import { Agenda } from '../membership/agenda.ts';

/** So many things never happen at one moment: somebody waits, busily, for one that has passed. */
const atOnceMax = 100_000;

export class VirtualTime {
  readonly #agenda = new Agenda<() => void>();
  #atOnce = 0;
  nowMs = 0;
  /** Things that happened. */
  steps = 0;

  later(afterMs: number, act: () => void): void {
    this.#agenda.put(this.nowMs + Math.max(0, afterMs), act);
  }

  /** Does the next thing; false when there is none. */
  advance(): boolean {
    const next = this.#agenda.take();
    if (next === undefined) return false;
    this.#atOnce = next.atMs > this.nowMs ? 0 : this.#atOnce + 1;
    assert(this.#atOnce < atOnceMax, `time goes on after ${next.atMs} ms`);
    this.nowMs = next.atMs;
    this.steps++;
    next.item();
    return true;
  }
}
