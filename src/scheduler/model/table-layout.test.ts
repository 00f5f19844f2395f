// Laws of the order of a table's entries.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { slotOrder } from './table-layout.ts';

test('ids stand where their hashes put them, whatever the order in which they came', () => {
  assert.deepEqual(slotOrder(['1', '2', '3'], 0), ['1', '3', '2']);
  assert.deepEqual(slotOrder(['3', '2', '1'], 0), ['1', '3', '2']);
});

test('ids of one slot: the first to come has it, until a copy is made from an order in which it is another', () => {
  // '6', 'D' and 'K' have slot 6 of 8; the second is put into the next one, the third two further, which is the first.
  assert.deepEqual(slotOrder(['6', 'D'], 0), ['6', 'D']);
  assert.deepEqual(slotOrder(['D', '6'], 0), ['D', '6']);
  assert.deepEqual(slotOrder(['6', 'D', 'K'], 0), ['K', '6', 'D']);
  assert.deepEqual(slotOrder(['6', 'D', 'K'], 1), ['D', 'K', '6']);
  assert.deepEqual(slotOrder(['6', 'D', 'K'], 30), ['K', '6', 'D']);
});

test('a table that grows loses and doubles nothing', () => {
  const keys = Array.from({ length: 300 }, (_, index) => `node-${index * 7}`);
  for (const length of [7, 8, 15, 16, 31, 64, 300]) {
    for (const copies of [0, 1, 5]) {
      assert.deepEqual(slotOrder(keys.slice(0, length), copies).sort(), keys.slice(0, length).sort());
    }
  }
});
