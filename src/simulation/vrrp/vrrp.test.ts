import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawSchedule } from './schedule.ts';
import { simulate } from './segment.ts';
import { replayCommand, shrink } from './shrink.ts';

const schedules = 300;

test(`one master and no other, whatever happens to the link or the machines, in ${schedules} fault schedules`, () => {
  for (let index = 0; index < schedules; index++) {
    const schedule = drawSchedule(`ci/${index}`);
    const verdict = simulate(schedule);
    if (verdict.violations.length === 0) continue;
    const { kept, verdict: shortest } = shrink(schedule, verdict);
    assert.fail(`${shortest.violations.join('\n')}\nreplay: ${replayCommand(schedule.seed, kept)}`);
  }
});

test('the same seed gives the same run', () => {
  assert.deepEqual(simulate(drawSchedule('again')), simulate(drawSchedule('again')));
});
