import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeOf, findGrowth, type Kind, type Life, type Look, warmAfterMs } from './growth.ts';

const lookEveryMs = 10_000;
const minuteMs = 60_000;

/** A life with a look each ten seconds; `at` tells what is seen so long after the warm-up, which comes from nothing. */
function lifeOf(kind: Kind, minutes: number, at: (warmMinutes: number) => Partial<Look>): Life {
  const count = (minutes * minuteMs) / lookEveryMs;
  const looks = Array.from({ length: count }, (_, index) => {
    const ageMs = (index + 1) * lookEveryMs;
    const warmMinutes = (ageMs - warmAfterMs) / minuteMs;
    const plain = { pssKib: 0, ownKib: 30_000, descriptors: 39, cpuMs: 0, ageMs };
    return warmMinutes < 0 ? { ...plain, ownKib: 0, descriptors: 0 } : { ...plain, ...at(warmMinutes) };
  });
  return { name: `n1 ${kind} 16`, kind, looks };
}

const collected = (minute: number) => ({ ownKib: 30_000 + ((minute * 20_000) % 15_000) });
const open = (minute: number) => ({ descriptors: 39 + (Math.round(minute * 6) % 3) });

test('what a collector gives back, what is open for a moment, and the warm-up are no growth', () => {
  const lives = [3, 5, 9, 20, 60].flatMap((minutes) => [
    lifeOf('daemon', minutes, collected),
    lifeOf('daemon', minutes, open),
    lifeOf('guardian', minutes, () => ({ ownKib: 9000 })),
  ]);
  assert.deepEqual(findGrowth(lives), []);
});

test('a leak shows in a long life, and in many short ones', () => {
  const memory = (minute: number) => ({ ownKib: 30_000 + minute * 2048 });
  const descriptors = (minute: number) => ({ descriptors: 39 + Math.floor(minute) });
  assert.match(
    findGrowth([lifeOf('daemon', 19, memory)]).join(),
    /n1 daemon 16: 2\d\.\d MiB more in \d+ s, at most 16/,
  );
  assert.match(findGrowth([lifeOf('daemon', 20, memory)]).join(), /n1 daemon 16: 1\d\.\d MiB more in \d+ s, at most 8/);
  assert.match(findGrowth([lifeOf('daemon', 30, descriptors)]).join(), /n1 daemon 16: 1\d descriptors more/);
  const fast = (minute: number) => memory(2 * minute);
  const short = Array.from({ length: 9 }, () => lifeOf('daemon', 5, fast));
  assert.match(findGrowth(short).join(), /^the middle one of 9 lives of a daemon: 1\d\.\d MiB more/);
  const held = Array.from({ length: 9 }, () => lifeOf('daemon', 5, descriptors));
  assert.match(findGrowth(held).join(), /^the middle one of 9 lives of a daemon: [23] descriptors more/);
  assert.match(findGrowth([lifeOf('guardian', 5, descriptors)]).join(), /n1 guardian 16: [23] descriptors more/);
});

test('what a long life keeps of the past may fill first', () => {
  const filling = (minute: number) => ({ ownKib: 30_000 + Math.min(9, minute) * 2500 });
  assert.deepEqual(findGrowth([lifeOf('daemon', 30, filling)]), []);
});

test('a life that ended soon after its warm-up tells nothing', () => {
  const fast = (minute: number) => ({ ownKib: 30_000 + minute * 1e6 });
  assert.equal(changeOf(lifeOf('daemon', 1.5, fast)), undefined);
});
