// What goes wrong on a link of VRRP routers, and when: a fault schedule, drawn from one seed.
import { Random } from '../../kit/index.ts';

export type Fault = { readonly fromMs: number; readonly untilMs: number } & (
  | { readonly kind: 'loss'; readonly probability: number }
  /** Up to so much more for each advert on its own: later ones overtake. */
  | { readonly kind: 'delay'; readonly extraMsMax: number }
  /** Routers of different sides do not hear each other. */
  | { readonly kind: 'partition'; readonly sides: readonly (readonly number[])[] }
  /** The process gets no processor; what arrives waits in its socket. */
  | { readonly kind: 'pause'; readonly router: number }
  /** The whole machine stands still; what arrives is lost. */
  | { readonly kind: 'freeze'; readonly router: number }
  /** The interface has no carrier, and the daemon is told. */
  | { readonly kind: 'unplug'; readonly router: number }
  /** A tracked file holds this value. */
  | { readonly kind: 'priority'; readonly router: number; readonly value: number }
  /** The daemon is stopped in order, and started again. */
  | { readonly kind: 'restart'; readonly router: number }
  /** The machine loses power, and comes back. */
  | { readonly kind: 'crash'; readonly router: number }
);

export type Schedule = {
  readonly seed: string;
  readonly version: 2 | 3;
  readonly advertIntervalMs: number;
  readonly preempt: boolean;
  readonly preemptDelayMs: number;
  readonly priorities: readonly number[];
  readonly faults: readonly Fault[];
  /** No fault lasts beyond this. */
  readonly calmAfterMs: number;
};

const routersMin = 2;
const routersMax = 5;
const faultsMax = 8;
const faultyIntervalsMax = 40;

export function drawSchedule(seed: string): Schedule {
  const random = new Random(`vrrp/${seed}`);
  const version = random.chance(0.5) ? 2 : 3;
  const advertIntervalMs = version === 2 ? 1000 : (random.pick([10, 100, 1000]) ?? 100);
  const routers = random.between(routersMin, routersMax);
  const calmAfterMs = random.between(5, faultyIntervalsMax) * advertIntervalMs;
  const preempt = random.chance(0.8);
  const faults = Array.from({ length: random.between(1, faultsMax) }, () => drawFault(random, routers, calmAfterMs));
  return {
    seed,
    version,
    advertIntervalMs,
    preempt,
    preemptDelayMs: preempt && random.chance(0.2) ? random.between(1, 10) * advertIntervalMs : 0,
    priorities: Array.from({ length: routers }, () => random.pick([1, 50, 100, 100, 200, 243, 244, 254]) ?? 100),
    faults: faults.sort((left, right) => left.fromMs - right.fromMs),
    calmAfterMs,
  };
}

/** Only the faults at these places: what the shrinker tries, and what a replay command names. */
export function keepFaults(schedule: Schedule, kept: readonly number[]): Schedule {
  return { ...schedule, faults: schedule.faults.filter((_, index) => kept.includes(index)) };
}

function drawFault(random: Random, routers: number, calmAfterMs: number): Fault {
  const fromMs = random.below(calmAfterMs);
  const untilMs = Math.min(calmAfterMs, fromMs + random.between(1, calmAfterMs));
  const span = { fromMs, untilMs };
  const router = random.below(routers);
  switch (random.below(10)) {
    case 0:
      return { ...span, kind: 'loss', probability: random.pick([0.05, 0.3, 0.8]) ?? 0.3 };
    case 1:
      return { ...span, kind: 'delay', extraMsMax: random.pick([1, 20, 300]) ?? 1 };
    case 2:
    case 3:
      return { ...span, kind: 'partition', sides: drawSides(random, routers) };
    case 4:
      return { ...span, kind: 'pause', router };
    case 5:
      return { ...span, kind: 'freeze', router };
    case 6:
      return { ...span, kind: 'unplug', router };
    case 7:
      return { ...span, kind: 'restart', router };
    case 8:
      return { ...span, kind: 'crash', router };
    default:
      return { ...span, kind: 'priority', router, value: random.between(-260, 260) };
  }
}

function drawSides(random: Random, routers: number): number[][] {
  const sides: number[][] = [[], []];
  for (let router = 0; router < routers; router++) random.pick(sides)?.push(router);
  return sides;
}
