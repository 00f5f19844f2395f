// The laws of one virtual router, judged from outside: who holds the address, who announces it, what the network believes.
import { skewMs } from '../../vrrp/index.ts';
import type { Schedule } from './schedule.ts';

/** Faults during which two masters may be seen, because they cannot hear each other in time. */
const deafening = ['loss', 'delay', 'partition', 'pause', 'freeze', 'unplug', 'crash'];
/** The longest way of an advert on a link without faults. */
export const hopMsMax = 1;

export class Checker {
  readonly violations: string[] = [];
  readonly #schedule: Schedule;
  readonly #holders = new Set<number>();
  readonly #boundMs: number;
  readonly #settledByMs: number;
  /** Since when there are two holders on a link that has nothing against it. */
  #doubledSinceMs: number | undefined;
  #cleanSinceMs = 0;
  /** Whose announcement the network heard last. */
  #believed: number | undefined;
  transitions = 0;

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
    const { version, advertIntervalMs } = schedule;
    const skewMax = skewMs(version, 1, advertIntervalMs);
    this.#boundMs = skewMax + advertIntervalMs + 2 * hopMsMax;
    this.#settledByMs = settlesWithinMs(schedule) + schedule.calmAfterMs;
  }

  acquired(router: number, nowMs: number): void {
    this.#judgeDouble(nowMs);
    this.#holders.add(router);
    this.#changed(nowMs, `router ${router} took the address`);
  }

  released(router: number, nowMs: number): void {
    this.#judgeDouble(nowMs);
    if (this.#holders.delete(router)) this.#changed(nowMs, `router ${router} gave the address up`);
  }

  announced(router: number, nowMs: number): void {
    if (!this.#holders.has(router)) this.#broken(nowMs, `router ${router} announces an address it does not hold`);
    this.#believed = router;
  }

  faultsChanged(active: readonly string[], nowMs: number): void {
    this.#judgeDouble(nowMs);
    this.#cleanSinceMs = active.some((kind) => deafening.includes(kind)) ? Number.POSITIVE_INFINITY : nowMs;
    this.#restartDouble(nowMs);
  }

  threw(router: number, error: unknown, nowMs: number): void {
    this.#broken(nowMs, `router ${router}: ${error instanceof Error ? error.message : String(error)}`);
  }

  /** At the end, long after the faults: one master, and the network knows which. */
  ended(nowMs: number, effectivePriorities: readonly number[]): void {
    this.#judgeDouble(nowMs);
    if (this.#holders.size !== 1)
      this.#broken(nowMs, `${this.#holders.size} masters: ${[...this.#holders].join(', ')}`);
    const [master] = this.#holders;
    if (master === undefined) return;
    const best = Math.max(...effectivePriorities);
    const own = effectivePriorities[master] ?? 0;
    if (this.#schedule.preempt && own < best)
      this.#broken(nowMs, `router ${master} with priority ${own} is master, although another has ${best}`);
    // What was lost may be an announcement or the loser's answer; one who left behind a partition answers nobody.
    const muting = ['loss', 'delay', 'crash', 'restart'];
    const audible = this.#schedule.faults.every((fault) => !muting.includes(fault.kind));
    if (audible && this.#believed !== undefined && this.#believed !== master)
      this.#broken(nowMs, `the network believes router ${this.#believed}, the master is router ${master}`);
  }

  #changed(nowMs: number, what: string): void {
    this.transitions++;
    if (nowMs > this.#settledByMs) this.#broken(nowMs, `${what}, long after the faults`);
    this.#restartDouble(nowMs);
  }

  #restartDouble(nowMs: number): void {
    if (this.#holders.size < 2) this.#doubledSinceMs = undefined;
    else this.#doubledSinceMs = Math.max(this.#doubledSinceMs ?? nowMs, this.#cleanSinceMs);
  }

  #judgeDouble(nowMs: number): void {
    if (this.#doubledSinceMs === undefined) return;
    const lastedMs = nowMs - this.#doubledSinceMs;
    if (lastedMs > this.#boundMs)
      this.#broken(nowMs, `two masters for ${Math.round(lastedMs)} ms on a link without faults: ${[...this.#holders]}`);
  }

  #broken(nowMs: number, what: string): void {
    if (this.violations.length < 5) this.violations.push(`at ${nowMs.toFixed(1)} ms: ${what}`);
  }
}

/**
 * From the end of the faults to the last change of master: a backup's late wait, its master-down time, one more of both
 * for the preemption that follows, and the delay before it.
 */
export function settlesWithinMs({ version, advertIntervalMs, preemptDelayMs }: Schedule): number {
  const skewMax = skewMs(version, 1, advertIntervalMs);
  const lateWaitMs = advertIntervalMs + skewMax;
  const masterDownMs = 3 * advertIntervalMs + skewMax;
  return 2 * (lateWaitMs + masterDownMs) + preemptDelayMs + advertIntervalMs + 400;
}
