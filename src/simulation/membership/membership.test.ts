import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from './cluster.ts';
import { drawSchedule, keepFaults } from './schedule.ts';
import { replayCommand, shrink } from './shrink.ts';

const schedules = 500;
/** Small clusters run ten times as fast: of those above this size, one in so many; the rest in `npm run sim`. */
const smallNodesMax = 4;
const largeOneIn = 12;
const pointedSchedules = 15;

test(`no law of extended virtual synchrony breaks in ${schedules} fault schedules`, () => {
  let run = 0;
  let large = 0;
  for (let index = 0; run < schedules; index++) {
    const schedule = drawSchedule(`ci/${index}`);
    if (schedule.nodeCount > smallNodesMax && ++large % largeOneIn !== 0) continue;
    run++;
    const verdict = simulate(schedule);
    if (verdict.violations.length === 0) continue;
    const { kept, verdict: shortest } = shrink(schedule, verdict);
    assert.fail(`${shortest.violations.join('\n')}\nreplay: ${replayCommand(schedule.seed, kept)}`);
  }
});

for (const emphasis of ['disk', 'recovery', 'links'] as const) {
  test(`no law breaks in ${pointedSchedules} schedules that go for the ${emphasis}`, () => {
    for (let index = 0; index < pointedSchedules; index++) {
      const schedule = drawSchedule(`ci/${index}`, emphasis);
      const { violations } = simulate(schedule);
      const replay = replayCommand(schedule.seed, [...schedule.faults.keys()], emphasis);
      assert.deepEqual(violations, [], `replay: ${replay}`);
    }
  });
}

test('a schedule gives the same verdict every time', () => {
  const schedule = drawSchedule('twice');
  assert.deepEqual(simulate(schedule), simulate(schedule));
});

test('a cluster without faults settles at once and delivers what is said', () => {
  const schedule = { ...keepFaults(drawSchedule('calm'), []), messagesPerSecond: 50 };
  const verdict = simulate(schedule);
  assert.deepEqual(verdict.violations, []);
  assert.ok(verdict.delivered > 0);
});
