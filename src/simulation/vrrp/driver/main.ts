// `npm run sim -- vrrp [--seed S] [--schedules N] [--keep I,J,…]`
//
// Schedule number i of seed S has the seed `S/i`; a failure prints the command that replays that one schedule, with only the
// faults it needs.
import { parseArgs } from 'node:util';
import { drawSchedule, keepFaults } from '../schedule.ts';
import { simulate } from '../segment.ts';
import { replayCommand, shrink } from '../shrink.ts';

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: { seed: { type: 'string' }, schedules: { type: 'string' }, keep: { type: 'string' } },
});
const seed = values.seed ?? String(Date.now());
process.exitCode =
  values.keep === undefined ? sweep(seed, Number(values.schedules ?? 1000)) : replay(seed, values.keep);

function sweep(base: string, schedules: number): number {
  const started = performance.now();
  const total = { failures: 0, virtualMs: 0, steps: 0, transitions: 0 };
  for (let index = 0; index < schedules; index++) {
    const schedule = drawSchedule(`${base}/${index}`);
    const verdict = simulate(schedule);
    total.virtualMs += verdict.virtualMs;
    total.steps += verdict.steps;
    total.transitions += verdict.transitions;
    if (verdict.violations.length === 0) continue;
    total.failures++;
    const shrunk = shrink(schedule, verdict);
    console.log(`\nschedule ${schedule.seed}, ${schedule.priorities.length} routers:`);
    for (const violation of shrunk.verdict.violations) console.log(`  ${violation}`);
    console.log(`  replay: ${replayCommand(schedule.seed, shrunk.kept)}`);
  }
  const hours = (total.virtualMs / 3_600_000).toFixed(2);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const counts = `${total.steps} steps, ${total.transitions} changes of holder`;
  console.log(
    `${schedules} schedules of seed ${base}: ${total.failures} with violations; ${hours} virtual hours in ${seconds} s, ${counts}`,
  );
  return total.failures === 0 ? 0 : 1;
}

function replay(name: string, keep: string): number {
  const schedule = keepFaults(drawSchedule(name), keep === 'none' ? [] : keep.split(',').map(Number));
  console.log(JSON.stringify(schedule, undefined, 2));
  const { violations } = simulate(schedule);
  for (const violation of violations) console.log(violation);
  console.log(violations.length === 0 ? 'no violation' : `${violations.length} violations`);
  return violations.length === 0 ? 0 : 1;
}
