import assert from 'node:assert/strict';
import { test } from 'node:test';
import { count, describeTally, emptyTally, slices } from './tally.ts';

test('slices cover every number once, whatever the number of jobs', () => {
  for (const [schedules, jobs] of [
    [10, 3],
    [2, 5],
    [0, 2],
    [20_000, 2],
    [7, 7],
  ] as const) {
    const numbers = slices(5, schedules, jobs).flatMap((slice) =>
      Array.from({ length: slice.schedules }, (_, index) => slice.from + index),
    );
    assert.deepEqual(
      numbers,
      Array.from({ length: schedules }, (_, index) => 5 + index),
    );
  }
});

test('a tally sums counts and faults and names the slowest schedule', () => {
  const tally = emptyTally();
  const one = {
    virtualMs: 1_800_000,
    counts: { steps: 3 },
    longestMs: { 'slowest rest': 7 },
    faultKinds: ['loss', 'crash'],
  };
  count(tally, 's/0', one);
  count(tally, 's/1', { ...one, longestMs: { 'slowest rest': 9 }, faultKinds: ['loss'], failure: 'a law broke' });
  count(tally, 's/2', { ...one, longestMs: {}, faultKinds: [] });
  assert.equal(
    describeTally(tally, 's', 1500),
    '3 schedules of seed s: 1 with violations; 1.50 virtual hours in 1.5 s, 9 steps, slowest rest 9 ms (schedule s/1)\n' +
      'faults: 2 loss, 1 crash',
  );
});
