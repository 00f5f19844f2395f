import { replayCommand as replayOf, type Shrunk, shrinkFaults } from '../sweep/shrink.ts';
import { keepFaults, type Schedule } from './schedule.ts';
import { simulate, type Verdict } from './segment.ts';

export function shrink(schedule: Schedule, failing: Verdict): Shrunk<Verdict> {
  return shrinkFaults(schedule.faults.length, failing, (kept) => simulate(keepFaults(schedule, kept)));
}

export const replayCommand = (seed: string, kept: readonly number[]): string => replayOf('vrrp', seed, kept);
