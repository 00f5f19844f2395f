import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Impairment, type ImpairmentOptions } from './impairment.ts';

function fates(options: ImpairmentOptions, frames = 10_000): number[][] {
  const link = new Impairment(options, 'in');
  return Array.from({ length: frames }, (_, ms) => link.deliveries(ms));
}

test('the same seed gives the same fates, another seed others', () => {
  const options = { loss: 0.1, duplicate: 0.1, jitterMs: 3, reorder: 0.1, seed: 7 };
  assert.deepEqual(fates(options), fates(options));
  assert.notDeepEqual(fates(options), fates({ ...options, seed: 8 }));
});

test('shares of lost and doubled frames are those that were asked for', () => {
  const all = fates({ loss: 0.2, duplicate: 0.1 });
  const share = (copies: number) => all.filter((times) => times.length === copies).length / all.length;
  assert.ok(Math.abs(share(0) - 0.2) < 0.02 && Math.abs(share(2) - 0.08) < 0.02, `${share(0)} ${share(2)}`);
});

test('delay and jitter keep the order', () => {
  const times = fates({ delayMs: 20, jitterMs: 10 }).map(([time]) => time ?? 0);
  assert.ok(times.every((time, index) => index === 0 || time >= (times[index - 1] ?? 0)));
  assert.ok(times.every((time, ms) => time >= ms + 20 && time <= ms + 30));
});

test('reordering lets later frames pass those that are held back', () => {
  const times = fates({ reorder: 0.1, reorderByMs: 5 }).map(([time]) => time ?? 0);
  const passed = times.filter((time, index) => index > 0 && time < (times[index - 1] ?? 0)).length;
  assert.ok(passed > 500 && passed < 1500, `${passed} of 10000 passed`);
});
