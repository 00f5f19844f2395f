import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type AttributeWish,
  dampen,
  dueAttributes,
  dueSaid,
  nextDue,
  nothingDampened,
  unsaid,
  written,
} from './dampening.ts';

const node = { id: '2', name: 'n2' };
const wish = (value: string, dampenMs = 0): AttributeWish => ({ node, name: 'rack', value, dampenMs });
const at = (nowMs: number, present?: string) => ({ nowMs, present });
const update = (value: string) => ({ kind: 'attribute', node, name: 'rack', value }) as const;

test('what was said is not said again, unless the membership changed before it was written', () => {
  const wished = dampen(nothingDampened, wish('7'), at(10));
  assert.deepEqual(dueAttributes(wished, 10), [update('7')]);
  const said = dueSaid(wished, 10);
  assert.deepEqual(dueAttributes(said, 10_000), []);
  assert.equal(nextDue(said), undefined);
  assert.deepEqual(dueAttributes(unsaid(said), 10), [update('7')]);
  assert.deepEqual(unsaid(written(said, update('7'))), nothingDampened);
});

test('the value in the document is a wish like any other while another is on its way there', () => {
  const said = dueSaid(dampen(nothingDampened, wish('7'), at(0, '6')), 0);
  assert.deepEqual(dueAttributes(dampen(said, wish('6'), at(1, '6')), 1), [update('6')]);
  const waiting = dampen(nothingDampened, wish('7', 1000), at(0, '6'));
  assert.deepEqual(dampen(waiting, wish('6'), at(1, '6')), nothingDampened);
});
