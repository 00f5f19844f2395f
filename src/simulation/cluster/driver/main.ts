// `npm run sim -- cluster [--seed S] [--schedules N] [--from I] [--jobs N] [--keep I,J,…] [--trace]`
//
// Schedule number i of seed S has the seed `S/i`; a failure prints the command that replays that one schedule, with only the
// faults it needs. `--planted BUG [--expect WORDS]` shows that a checker sees its bug, in a violation with these words.
// `--large NODESxRESOURCES` strikes a large cluster with single faults (large.ts).
import { parseArgs } from 'node:util';
import { sweep, sweepOptions } from '../../sweep/driver/sweep.ts';
import type { Outcome } from '../../sweep/tally.ts';
import { simulate, type Verdict } from '../cluster.ts';
import { plantedBugs } from '../planted.ts';
import { describeKind, drawSchedule, keepFaults, type Schedule } from '../schedule.ts';
import { replayCommand, shrink } from '../shrink.ts';
import { runLarge } from './large.ts';

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    ...sweepOptions,
    keep: { type: 'string' },
    planted: { type: 'string' },
    expect: { type: 'string' },
    trace: { type: 'boolean' },
    large: { type: 'string' },
  },
});
const seed = values.seed ?? String(Date.now());
const planted = plantedBugs.find((bug) => bug === values.planted);
const plantedArguments = planted === undefined ? [] : ['--planted', planted, '--expect', values.expect ?? ''];
process.exitCode = await main();

async function main(): Promise<number> {
  if (values.large !== undefined) return runLarge(values.large, { seed, keep: values.keep });
  if (values.keep !== undefined) return replay(seed, values.keep);
  return await sweep({
    seed,
    values,
    schedulesDefault: 100,
    program: import.meta.url,
    programArguments: plantedArguments,
    run,
  });
}

function run(scheduleSeed: string, number: number): Outcome {
  const schedule = drawSchedule(scheduleSeed);
  const verdict = simulate(schedule, { planted });
  const { violations, restedAfterMs } = verdict;
  const outcome = {
    virtualMs: verdict.virtualMs,
    counts: { steps: verdict.steps, 'changes acknowledged': verdict.acknowledged, 'nodes fenced': verdict.fenced },
    longestMs: restedAfterMs === undefined ? {} : { 'slowest rest': restedAfterMs },
    faultKinds: schedule.faults.map(describeKind),
  };
  if (violations.length === 0) return outcome;
  if (planted === undefined) return { ...outcome, failure: describeFailure(schedule, verdict) };
  if (!violations.some((text) => text.includes(values.expect ?? ''))) {
    return { ...outcome, failure: `schedule ${scheduleSeed}: ${violations[0]}` };
  }
  return {
    ...outcome,
    found: { text: `'${planted}' was caught in schedule ${number}: ${violations[0]}`, exitCode: 0 },
  };
}

function describeFailure(schedule: Schedule, failing: Verdict): string {
  const { kept, verdict } = shrink(schedule, failing);
  return [
    `schedule ${schedule.seed}, ${schedule.nodeCount} nodes, fencing ${schedule.fencing}:`,
    ...verdict.violations.map((violation) => `  ${violation}`),
    `  replay: ${replayCommand(schedule.seed, kept)}`,
  ].join('\n');
}

function replay(name: string, keep: string): number {
  const whole = drawSchedule(name);
  const kept =
    keep === 'none' ? [] : keep === 'all' ? whole.faults.map((_, index) => index) : keep.split(',').map(Number);
  const schedule = keepFaults(whole, kept);
  console.log(JSON.stringify(schedule, undefined, 2));
  const trace = values.trace === true ? (line: string) => console.log(line) : undefined;
  const verdict = simulate(schedule, { planted, trace });
  for (const violation of verdict.violations) console.log(violation);
  console.log(verdict.violations.length === 0 ? 'no violation' : `${verdict.violations.length} violations`);
  return verdict.violations.length === 0 ? 0 : 1;
}
