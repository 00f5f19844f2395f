import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz } from './ring.ts';

const datagrams = 6000;

test(`${datagrams} mutated datagrams throw nowhere in a plain ring, and it stands again after them`, () => {
  const verdict = fuzz({ seed: 'ci', security: 'plain', datagrams });
  assert.deepEqual(verdict.violations, []);
  assert.equal(verdict.datagrams, datagrams);
  assert.ok(verdict.delivered > 0);
});

test(`${datagrams} mutated datagrams do not change a sealed ring, and it loses no message`, () => {
  assert.deepEqual(fuzz({ seed: 'ci', security: 'sealed', datagrams }).violations, []);
});
