import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addScores, BoundedQueue, formatDuration, INFINITY_SCORE, nearest, parseDurationMs, Random } from './index.ts';

test('a bounded queue keeps order, refuses what does not fit, and behaves as an array does', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.array(fc.boolean(), { maxLength: 200 }), (itemsMax, pushes) => {
      const queue = new BoundedQueue<number>(itemsMax);
      const model: number[] = [];
      pushes.forEach((push, index) => {
        if (push) {
          assert.equal(queue.push(index), model.length < itemsMax);
          if (model.length < itemsMax) model.push(index);
        } else assert.equal(queue.shift(), model.shift());
        assert.deepEqual([...queue], model);
        assert.equal(queue.peek(), model[0]);
      });
    }),
  );
});

test('-INFINITY wins over INFINITY, and sums stay within the bounds', () => {
  assert.equal(addScores(-INFINITY_SCORE, INFINITY_SCORE), -INFINITY_SCORE);
  assert.equal(addScores(INFINITY_SCORE, -5), INFINITY_SCORE);
  assert.equal(addScores(999_999, 5), INFINITY_SCORE);
  assert.equal(addScores(3, -5), -2);
});

test('durations read as administrators write them', () => {
  assert.equal(parseDurationMs('10'), 10_000);
  assert.equal(parseDurationMs('10', 'ms'), 10);
  assert.equal(parseDurationMs('200ms'), 200);
  assert.equal(parseDurationMs('1.5s'), 1500);
  assert.equal(parseDurationMs('5min'), 300_000);
  assert.equal(parseDurationMs('ten'), undefined);
  assert.equal(formatDuration(65_000), '1 min 5 s');
  assert.equal(formatDuration(2300), '2.3 s');
});

test('a seed repeats its run, and a fork does not disturb its parent', () => {
  const first = new Random(7);
  const second = new Random(7);
  const forked = first.fork('net');
  second.fork('net');
  forked.nextUint32();
  assert.deepEqual([first.nextUint32(), first.between(3, 9)], [second.nextUint32(), second.between(3, 9)]);
});

test('the nearest name is suggested only when it is near', () => {
  assert.equal(nearest('virtual_ruoter_id', ['virtual_router_id', 'virtual_server']), 'virtual_router_id');
  assert.equal(nearest('frobnicate', ['priority', 'state']), undefined);
  assert.equal(nearest('prio', ['priority', 'state']), 'priority', 'what begins with it');
  assert.equal(nearest('pri', ['priority', 'private']), undefined);
});
