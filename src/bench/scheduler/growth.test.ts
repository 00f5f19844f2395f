import assert from 'node:assert/strict';
import { test } from 'node:test';
import { growthExponent } from './growth.ts';

test('the exponent of a power law is found again, whatever its factor', () => {
  for (const exponent of [0.5, 1, 2]) {
    const samples = [10, 40, 300].map((size) => ({ size, cost: 7 * size ** exponent }));
    assert.ok(Math.abs((growthExponent(samples) ?? 0) - exponent) < 1e-9);
  }
});

test('one size says nothing about growth', () => {
  assert.equal(growthExponent([{ size: 10, cost: 1 }]), undefined);
  assert.equal(growthExponent([10, 10].map((size) => ({ size, cost: 1 }))), undefined);
});
