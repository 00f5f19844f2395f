// `npm run sim -- membership [--seed S] [--schedules N] [--keep I,J,…]`
//
// Schedule number i of seed S has the seed `S/i`; a failure prints the command that replays that one schedule, with only the
// faults it needs.
import { parseArgs } from 'node:util';
import { simulate } from '../cluster.ts';
import { drawSchedule, keepFaults } from '../schedule.ts';
import { replayCommand, shrink } from '../shrink.ts';

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: { seed: { type: 'string' }, schedules: { type: 'string' }, keep: { type: 'string' } },
});
/** A long run says how far it is. */
const progressSchedules = 1000;
const seed = values.seed ?? String(Date.now());
process.exitCode = values.keep === undefined ? sweep(seed, Number(values.schedules ?? 500)) : replay(seed, values.keep);

function sweep(base: string, schedules: number): number {
  const started = performance.now();
  const total = { failures: 0, virtualMs: 0, delivered: 0, rings: 0, steps: 0, slowestSettleMs: 0 };
  for (let index = 0; index < schedules; index++) {
    const schedule = drawSchedule(`${base}/${index}`);
    const verdict = simulate(schedule);
    total.virtualMs += verdict.virtualMs;
    total.delivered += verdict.delivered;
    total.rings += verdict.rings;
    total.steps += verdict.steps;
    total.slowestSettleMs = Math.max(total.slowestSettleMs, verdict.settledAfterMs ?? 0);
    if ((index + 1) % progressSchedules === 0)
      console.error(`${index + 1} schedules, ${total.failures} with violations`);
    if (verdict.violations.length === 0) continue;
    total.failures++;
    const shrunk = shrink(schedule, verdict);
    console.log(`\nschedule ${schedule.seed}, ${schedule.nodeCount} nodes:`);
    for (const violation of shrunk.verdict.violations) console.log(`  ${violation}`);
    console.log(`  replay: ${replayCommand(schedule.seed, shrunk.kept)}`);
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
  const whole = drawSchedule(name);
  const kept = keep === 'none' ? [] : keep.split(',').map(Number);
  const schedule = keepFaults(whole, kept);
  console.log(JSON.stringify(schedule, undefined, 2));
  const verdict = simulate(schedule);
  for (const violation of verdict.violations) console.log(violation);
  console.log(verdict.violations.length === 0 ? 'no violation' : `${verdict.violations.length} violations`);
  return verdict.violations.length === 0 ? 0 : 1;
}
