// The laws, seen from outside of the nodes: what runs where, what was promised, what the documents say.
import { isAddress, isFenceDevice } from './document.ts';
import type { Machine } from './machine.ts';
import type { Schedule } from './schedule.ts';

/** A fault's after-effects: an operation that hangs, and the fencing that follows from it. */
const convalescenceMs = 45_000;
const violationsMax = 5;

export class Checker {
  readonly violations: string[] = [];
  readonly acknowledged = new Set<string>();
  readonly #schedule: Schedule;
  readonly #machines: readonly Machine[];
  readonly #documents = new Map<string, { readonly says: number; readonly node: string }>();

  constructor(schedule: Schedule, machines: readonly Machine[]) {
    this.#schedule = schedule;
    this.#machines = machines;
  }

  violated(nowMs: number, text: string): void {
    if (this.violations.length < violationsMax) this.violations.push(`${nowMs.toFixed(1)} ms: ${text}`);
  }

  /** To be called whenever a resource begins to run somewhere, or a machine comes back to life. */
  exclusive(nowMs: number, resource: string): void {
    if (isFenceDevice(resource) || (!isAddress(resource) && this.#schedule.fencing === 'none')) return;
    const where = this.#machines.filter((machine) => machine.isLive(nowMs) && machine.running.has(resource));
    if (where.length < 2) return;
    const names = where.map(({ name }) => name).join(' and ');
    this.violated(nowMs, `double ownership: ${resource} runs on ${names}`);
  }

  /** After so many messages of a ring every member has the same document; `says`: its fingerprint. */
  document(nowMs: number, { place, says, node }: { place: string; says: number; node: string }): void {
    const known = this.#documents.get(place);
    if (known === undefined) this.#documents.set(place, { says, node });
    else if (known.says !== says)
      this.violated(nowMs, `agreement: at ${place} ${node} and ${known.node} have different documents`);
  }

  deservesFencing(nowMs: number, target: Machine): boolean {
    return nowMs - target.troubledAtMs < convalescenceMs;
  }

  fenced(nowMs: number, target: Machine, by: string): void {
    if (this.deservesFencing(nowMs, target)) return;
    this.violated(nowMs, `a healthy node was fenced: ${target.name} by ${by}`);
  }

  /** Every change that was acknowledged is in the document at the end. */
  kept(nowMs: number, marks: ReadonlySet<string>): void {
    for (const mark of this.acknowledged) {
      if (!marks.has(mark))
        this.violated(nowMs, `lost: the change ${mark} was acknowledged and is not in the document`);
    }
  }
}
