// `npm run sim -- vrrp [--seed S] [--schedules N] [--from I] [--jobs N] [--keep I,J,…]`
//
// Schedule number i of seed S has the seed `S/i`; a failure prints the command that replays that one schedule, with only the
// faults it needs.
import { parseArgs } from 'node:util';
import { sweep, sweepOptions } from '../../sweep/driver/sweep.ts';
import type { Outcome } from '../../sweep/tally.ts';
import { drawSchedule, keepFaults, type Schedule } from '../schedule.ts';
import { simulate, type Verdict } from '../segment.ts';
import { replayCommand, shrink } from '../shrink.ts';

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: { ...sweepOptions, keep: { type: 'string' } },
});
const seed = values.seed ?? String(Date.now());
process.exitCode =
  values.keep === undefined
    ? await sweep({
        seed,
        values,
        schedulesDefault: 1000,
        program: import.meta.url,
        programArguments: [],
        run,
      })
    : replay(seed, values.keep);

function run(scheduleSeed: string): Outcome {
  const schedule = drawSchedule(scheduleSeed);
  const verdict = simulate(schedule);
  return {
    virtualMs: verdict.virtualMs,
    counts: { steps: verdict.steps, 'changes of holder': verdict.transitions },
    longestMs: {},
    faultKinds: schedule.faults.map(({ kind }) => kind),
    failure: verdict.violations.length === 0 ? undefined : describeFailure(schedule, verdict),
  };
}

function describeFailure(schedule: Schedule, failing: Verdict): string {
  const { kept, verdict } = shrink(schedule, failing);
  return [
    `schedule ${schedule.seed}, ${schedule.priorities.length} routers:`,
    ...verdict.violations.map((violation) => `  ${violation}`),
    `  replay: ${replayCommand(schedule.seed, kept)}`,
  ].join('\n');
}

function replay(name: string, keep: string): number {
  const schedule = keepFaults(drawSchedule(name), keep === 'none' ? [] : keep.split(',').map(Number));
  console.log(JSON.stringify(schedule, undefined, 2));
  const { violations } = simulate(schedule);
  for (const violation of violations) console.log(violation);
  console.log(violations.length === 0 ? 'no violation' : `${violations.length} violations`);
  return violations.length === 0 ? 0 : 1;
}
