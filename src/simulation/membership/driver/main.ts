// `npm run sim -- membership [--seed S] [--schedules N] [--from I] [--stop-at LAW] [--emphasis E] [--keep I,J,…]`
//
// Schedule number i of seed S has the seed `S/i`; a failure prints the command that replays that one schedule, with only the
// faults it needs. `--stop-at` ends the run at the first schedule that breaks the law of that name, for bugs planted on
// purpose (`--planted BUG`, see tools/planted.mjs).
import { parseArgs } from 'node:util';
import { simulate } from '../cluster.ts';
import { drawSchedule, emphases, keepFaults } from '../schedule.ts';
import { replayCommand, shrink } from '../shrink.ts';

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    seed: { type: 'string' },
    schedules: { type: 'string' },
    from: { type: 'string' },
    'stop-at': { type: 'string' },
    emphasis: { type: 'string' },
    keep: { type: 'string' },
  },
});
/** A long run says how far it is. */
const progressSchedules = 1000;
const emphasis = emphases.find((known) => known === (values.emphasis ?? 'everything'));
if (emphasis === undefined) throw new Error(`--emphasis ${values.emphasis}: one of ${emphases.join(', ')}`);
const seed = values.seed ?? String(Date.now());
process.exitCode = values.keep === undefined ? sweep(seed, Number(values.schedules ?? 500)) : replay(seed, values.keep);

function sweep(base: string, schedules: number): number {
  const started = performance.now();
  const total = { failures: 0, virtualMs: 0, delivered: 0, rings: 0, steps: 0, slowestSettleMs: 0 };
  const from = Number(values.from ?? 0);
  for (let index = from; index < from + schedules; index++) {
    const schedule = drawSchedule(`${base}/${index}`, emphasis);
    const verdict = simulate(schedule);
    total.virtualMs += verdict.virtualMs;
    total.delivered += verdict.delivered;
    total.rings += verdict.rings;
    total.steps += verdict.steps;
    total.slowestSettleMs = Math.max(total.slowestSettleMs, verdict.settledAfterMs ?? 0);
    const run = index - from + 1;
    if (run % progressSchedules === 0) console.error(`${run} schedules, ${total.failures} with violations`);
    if (verdict.violations.length === 0) continue;
    const broken = verdict.violations.find((violation) => violation.startsWith(values['stop-at'] ?? '\0'));
    if (broken !== undefined) {
      console.log(`schedule ${schedule.seed} (number ${index - from + 1}) breaks the law: ${broken}`);
      return 1;
    }
    total.failures++;
    const shrunk = shrink(schedule, verdict);
    console.log(`\nschedule ${schedule.seed}, ${schedule.nodeCount} nodes:`);
    for (const violation of shrunk.verdict.violations) console.log(`  ${violation}`);
    console.log(`  replay: ${replayCommand(schedule.seed, shrunk.kept, emphasis)}`);
  }
  const hours = (total.virtualMs / 3_600_000).toFixed(2);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `${schedules} schedules of seed ${base}: ${total.failures} with violations; ${hours} virtual hours in ${seconds} s, ` +
      `${total.steps} steps, ${total.rings} rings, ${total.delivered} deliveries, slowest settling ${total.slowestSettleMs} ms`,
  );
  return total.failures === 0 ? 0 : 1;
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
