import assert from 'node:assert/strict';
import { test } from 'node:test';
import { extendedPattern } from './extended-pattern.ts';

const samples = ['vip', 'vip-1', 'web.2', 'a]b', 'a\\d', 'd7', 'x y', 'WEB', '^', '1{', 'a-b'];

/** What `grep -E` finds among the samples. */
const found: readonly (readonly [pattern: string, expected: readonly string[]])[] = [
  ['^vip', ['vip', 'vip-1']],
  ['[[:digit:]]$', ['vip-1', 'web.2', 'd7']],
  ['^[[:upper:]]+$', ['WEB']],
  ['[]]', ['a]b']],
  ['[^]a-z]', ['vip-1', 'web.2', 'a\\d', 'd7', 'x y', 'WEB', '^', '1{', 'a-b']],
  ['[\\d]', ['a\\d', 'd7']],
  ['web\\.', ['web.2']],
  ['\\<y', ['x y']],
  ['[a^]$', ['^']],
  ['(vip|web)[-.]([0-9])', ['vip-1', 'web.2']],
  ['[[.-.]]', ['vip-1', 'a-b']],
  ['(?vip)(-1|*x)', ['vip-1']],
];

test('a POSIX pattern finds what grep -E finds', () => {
  for (const [pattern, expected] of found) {
    const compiled = extendedPattern(pattern);
    assert.deepEqual(
      samples.filter((each) => compiled?.test(each)),
      expected,
      pattern,
    );
  }
});

test('what is no POSIX pattern is none', () => {
  for (const text of ['(', '[', '[[:word:]]', 'a\\', '[a']) assert.equal(extendedPattern(text), undefined, text);
});
