// Virtual time: what is to happen, one thing after the other.
import { Agenda } from '../membership/agenda.ts';

export class VirtualTime {
  readonly #agenda = new Agenda<() => void>();
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
    this.nowMs = next.atMs;
    this.steps++;
    next.item();
    return true;
  }
}
