// `npm run sim -- membership [--seed S] [--schedules N] [--from I] [--jobs N] [--stop-at LAW] [--emphasis E] [--keep I,J,…]`
//
// Schedule number i of seed S has the seed `S/i`; a failure prints the command that replays that one schedule, with only the
// faults it needs. `--stop-at` ends the run at the first schedule that breaks the law of that name, for bugs planted on
// purpose (`--planted BUG`, see tools/planted.mjs).
import { parseArgs } from 'node:util';
import { sweep, sweepOptions } from '../../sweep/driver/sweep.ts';
import type { Outcome } from '../../sweep/tally.ts';
import { simulate } from '../cluster.ts';
import { drawSchedule, emphases, keepFaults, type Schedule } from '../schedule.ts';
import { replayCommand, shrink } from '../shrink.ts';
import type { Verdict } from '../verdict.ts';

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    ...sweepOptions,
    'stop-at': { type: 'string' },
    emphasis: { type: 'string' },
    keep: { type: 'string' },
  },
});
const emphasis = emphases.find((known) => known === (values.emphasis ?? 'everything'));
if (emphasis === undefined) throw new Error(`--emphasis ${values.emphasis}: one of ${emphases.join(', ')}`);
const seed = values.seed ?? String(Date.now());
const stopAt = values['stop-at'] === undefined ? [] : ['--stop-at', values['stop-at']];
process.exitCode =
  values.keep === undefined
    ? await sweep({
        seed,
        values,
        schedulesDefault: 500,
        program: import.meta.url,
        programArguments: ['--emphasis', emphasis, ...stopAt],
        run,
      })
    : replay(seed, values.keep);

function run(scheduleSeed: string, number: number): Outcome {
  const schedule = drawSchedule(scheduleSeed, emphasis);
  const verdict = simulate(schedule);
  const broken = verdict.violations.find((violation) => violation.startsWith(values['stop-at'] ?? '\0'));
  const text = `schedule ${scheduleSeed} (number ${number + 1}) breaks the law: ${broken}`;
  return {
    virtualMs: verdict.virtualMs,
    counts: { steps: verdict.steps, rings: verdict.rings, deliveries: verdict.delivered },
    longestMs: verdict.settledAfterMs === undefined ? {} : { 'slowest settling': verdict.settledAfterMs },
    faultKinds: schedule.faults.map(({ kind }) => kind),
    failure: verdict.violations.length === 0 || broken !== undefined ? undefined : describeFailure(schedule, verdict),
    found: broken === undefined ? undefined : { text, exitCode: 1 },
  };
}

function describeFailure(schedule: Schedule, failing: Verdict): string {
  const { kept, verdict } = shrink(schedule, failing);
  return [
    `schedule ${schedule.seed}, ${schedule.nodeCount} nodes:`,
    ...verdict.violations.map((violation) => `  ${violation}`),
    `  replay: ${replayCommand(schedule.seed, kept, emphasis)}`,
  ].join('\n');
}

function replay(name: string, keep: string): number {
  const whole = drawSchedule(name, emphasis);
  const kept = keep === 'none' ? [] : keep.split(',').map(Number);
  const schedule = keepFaults(whole, kept);
  console.log(JSON.stringify(schedule, undefined, 2));
  const verdict = simulate(schedule);
  for (const violation of verdict.violations) console.log(violation);
  console.log(verdict.violations.length === 0 ? 'no violation' : `${verdict.violations.length} violations`);
  return verdict.violations.length === 0 ? 0 : 1;
}
