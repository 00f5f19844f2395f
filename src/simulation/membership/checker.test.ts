import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatRingId, type OrderedEffect } from '../../membership/index.ts';
import { Checker } from './checker.ts';
import { talk } from './talk.ts';

// A judge that never convicts is worth nothing: each law is broken here on purpose, by a history written down by hand.

const old = { representative: 1, seq: 5 };
const next = { representative: 1, seq: 9 };

function history(): Checker {
  const checker = new Checker(3);
  for (const node of [1, 2, 3]) checker.born(node, 1);
  for (const count of [0, 1, 2]) checker.accepted({ node: 1, life: 1, count });
  for (const node of [1, 2, 3]) checker.ordered(node, 1, regular(old, [1, 2, 3]));
  return checker;
}

function regular(ringId: typeof old, members: readonly number[]): OrderedEffect {
  return { kind: 'configuration', type: 'regular', ringId, members, joined: [], left: [], goodbyes: [] };
}

function transitional(ringId: typeof old, members: readonly number[]): OrderedEffect {
  return { kind: 'configuration', type: 'transitional', ringId, members, joined: [], left: [], goodbyes: [] };
}

function deliver(count: number, seq: number, guarantee: 'agreed' | 'safe' = 'agreed'): OrderedEffect {
  const { body } = talk({ node: 1, life: 1, count }, 20, guarantee);
  return { kind: 'deliver', from: 1, group: 'talk', body, guarantee, ringId: old, seq };
}

function move(checker: Checker, nodes: readonly number[], companions: readonly number[]): void {
  for (const node of nodes) {
    checker.ordered(node, 1, transitional(next, companions));
    checker.ordered(node, 1, regular(next, nodes));
  }
}

function convicted(checker: Checker, law: string): void {
  checker.finish('complete');
  assert.ok(
    checker.violations.some((violation) => violation.startsWith(law)),
    `'${law}' is not among: ${checker.violations.join('; ')}`,
  );
}

test('a lawful history is not convicted', () => {
  const checker = history();
  for (const node of [1, 2, 3])
    for (const count of [0, 1, 2]) checker.ordered(node, 1, deliver(count, count + 1, 'safe'));
  move(checker, [1, 2, 3], [1, 2, 3]);
  checker.finish('complete');
  assert.deepEqual(checker.violations, []);
});

test('two orders are convicted', () => {
  const checker = history();
  checker.ordered(1, 1, deliver(0, 1));
  checker.ordered(2, 1, deliver(1, 1));
  convicted(checker, 'agreed order');
});

test('an order that runs backwards is convicted', () => {
  const checker = history();
  checker.ordered(1, 1, deliver(0, 2));
  checker.ordered(1, 1, deliver(1, 1));
  convicted(checker, 'agreed order');
});

test('a message that its own sender never hears is convicted', () => {
  convicted(history(), 'self-delivery');
});

test('companions that delivered different messages are convicted', () => {
  const checker = history();
  checker.ordered(1, 1, deliver(0, 1));
  move(checker, [1, 2], [1, 2]);
  convicted(checker, 'virtual synchrony');
});

test('a safe message that a living member never delivers is convicted', () => {
  const checker = history();
  for (const node of [1, 2]) checker.ordered(node, 1, deliver(0, 1, 'safe'));
  convicted(checker, 'safe delivery');
});

test('a safe message that only the dead have missed is not', () => {
  const checker = history();
  for (const node of [1, 2]) for (const count of [0, 1, 2]) checker.ordered(node, 1, deliver(count, count + 1, 'safe'));
  checker.ended(3, 1, 'crashed');
  checker.finish('complete');
  assert.deepEqual(checker.violations, []);
});

test('a message delivered in a ring it does not belong to is convicted', () => {
  const checker = history();
  move(checker, [1, 2], [1, 2]);
  checker.ordered(1, 1, deliver(0, 1));
  convicted(checker, 'configurations');
});

test('a ring id with two memberships is convicted, and one that a node uses in two lives', () => {
  const checker = history();
  checker.ended(1, 1, 'crashed');
  checker.born(1, 2);
  checker.ordered(1, 2, regular(old, [1]));
  convicted(checker, 'ring id reused');
  assert.equal(checker.violations.filter((violation) => violation.startsWith('ring id reused')).length, 2);
});

test('two quorate partitions are convicted', () => {
  const checker = new Checker(2);
  for (const node of [1, 2, 3, 4]) checker.born(node, 1);
  checker.ordered(1, 1, regular(old, [1, 2]));
  checker.ordered(3, 1, regular(next, [3, 4]));
  checker.quorate(1, 1, formatRingId(old));
  checker.quorate(3, 1, formatRingId(next));
  convicted(checker, 'two quorate partitions');
});

test('a message delivered twice, and one that nobody said, are convicted', () => {
  const checker = history();
  checker.ordered(1, 1, deliver(0, 1));
  checker.ordered(1, 1, deliver(0, 2));
  checker.ordered(1, 1, deliver(7, 3));
  convicted(checker, 'integrity');
  assert.equal(checker.violations.filter((violation) => violation.startsWith('integrity')).length, 2);
});
