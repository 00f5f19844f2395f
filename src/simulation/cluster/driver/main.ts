// `npm run sim -- cluster [--seed S] [--schedules N] [--from I] [--keep I,J,…] [--trace]`
//
// Schedule number i of seed S has the seed `S/i`; a failure prints the command that replays that one schedule, with only the
// faults it needs. `--planted BUG [--expect WORDS]` shows that a
// checker sees its bug, in a violation with these words.
import { parseArgs } from 'node:util';
import { simulate, type Verdict } from '../cluster.ts';
import { plantedBugs } from '../planted.ts';
import { drawSchedule, type FaultKind, keepFaults } from '../schedule.ts';
import { replayCommand, shrink } from '../shrink.ts';

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    seed: { type: 'string' },
    schedules: { type: 'string' },
    from: { type: 'string' },
    keep: { type: 'string' },
    planted: { type: 'string' },
    expect: { type: 'string' },
    trace: { type: 'boolean' },
  },
});
/** A long run says how far it is. */
const progressSchedules = 250;
const seed = values.seed ?? String(Date.now());
const planted = plantedBugs.find((bug) => bug === values.planted);
process.exitCode = values.keep === undefined ? sweep(seed) : replay(seed, values.keep);

function sweep(base: string): number {
  const started = performance.now();
  const first = Number(values.from ?? 0);
  const schedules = Number(values.schedules ?? 100);
  const total = { failures: 0, virtualMs: 0, steps: 0, acknowledged: 0, fenced: 0, slowestRestMs: 0 };
  const faults = new Map<FaultKind, number>();
  for (let index = first; index < first + schedules; index++) {
    const schedule = drawSchedule(`${base}/${index}`);
    const verdict = simulate(schedule, { planted });
    total.virtualMs += verdict.virtualMs;
    total.steps += verdict.steps;
    total.acknowledged += verdict.acknowledged;
    total.fenced += verdict.fenced;
    total.slowestRestMs = Math.max(total.slowestRestMs, verdict.restedAfterMs ?? 0);
    for (const { kind } of schedule.faults) faults.set(kind, (faults.get(kind) ?? 0) + 1);
    if ((index + 1) % progressSchedules === 0) {
      console.error(`${index + 1} schedules, ${total.failures} with violations, ${seconds(started)} s`);
    }
    if (verdict.violations.length === 0) continue;
    total.failures++;
    if (planted !== undefined && values.expect !== undefined) {
      if (!verdict.violations.some((text) => text.includes(values.expect ?? ''))) continue;
    }
    if (planted !== undefined) {
      console.log(`'${planted}' was caught in schedule ${index}: ${verdict.violations[0]}`);
      return 0;
    }
    report(schedule.seed, verdict);
  }
  const kinds = [...faults].sort(([, one], [, other]) => other - one).map(([kind, count]) => `${count} ${kind}`);
  const hours = (total.virtualMs / 3_600_000).toFixed(2);
  console.log(
    `${schedules} schedules of seed ${base}: ${total.failures} with violations; ` +
      `${hours} virtual hours in ${seconds(started)} s, ${total.steps} steps, ${total.acknowledged} changes acknowledged, ` +
      `${total.fenced} nodes fenced, slowest rest ${Math.round(total.slowestRestMs)} ms\nfaults: ${kinds.join(', ')}`,
  );
  return total.failures === 0 ? 0 : 1;
}

function seconds(started: number): string {
  return ((performance.now() - started) / 1000).toFixed(1);
}

function report(name: string, verdict: Verdict): void {
  const schedule = drawSchedule(name);
  const { kept, verdict: shortest } = shrink(schedule, verdict);
  const { nodeCount, fencing } = schedule;
  console.log(`\nschedule ${name}, ${nodeCount} nodes, fencing ${fencing}:`);
  for (const violation of shortest.violations) console.log(`  ${violation}`);
  console.log(`  replay: ${replayCommand(name, kept)}`);
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
