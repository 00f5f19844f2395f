import { replayCommand as replayOf, type Shrunk, shrinkFaults } from '../sweep/shrink.ts';
import { simulate } from './cluster.ts';
import { type Emphasis, keepFaults, type Schedule } from './schedule.ts';
import type { Verdict } from './verdict.ts';

export function shrink(schedule: Schedule, failing: Verdict): Shrunk<Verdict> {
  return shrinkFaults(schedule.faults.length, failing, (kept) => simulate(keepFaults(schedule, kept)));
}

export const replayCommand = (seed: string, kept: readonly number[], emphasis: Emphasis = 'everything'): string =>
  replayOf('membership', seed, kept, emphasis === 'everything' ? '' : ` --emphasis ${emphasis}`);
