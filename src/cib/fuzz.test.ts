// Damaged documents go the whole way (read, upgrade, validate, compare, patch) and nothing throws; what cannot be read is
// one diagnostic with a line. The documents are the scheduler suite's, damaged in their text.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { applyChanges, diffTrees, parseXml, sameXml, upgradeCib, validateCib } from './index.ts';

const suite = '../shared/cts-scheduler/xml';
const sizeMax = 20_000;

test('no damage to a document makes anything throw', { skip: existsSync(suite) ? false : `needs ${suite}` }, () => {
  const texts = readdirSync(suite)
    .map((file) => readFileSync(`${suite}/${file}`, 'utf8'))
    .filter((text) => text.length <= sizeMax);
  const damage = fc.record({
    at: fc.nat({ max: sizeMax }),
    remove: fc.constantFrom(0, 1, 2, 7, 40),
    insert: fc.constantFrom(
      '',
      '"',
      '<',
      '/>',
      '&',
      '9',
      '-INFINITY',
      'x',
      ' id="x"',
      '<rule/>',
      '<!--',
      '\u0000',
      '</resources>',
    ),
  });
  let readable = 0;
  fc.assert(
    fc.property(
      fc.nat({ max: texts.length - 1 }),
      fc.array(damage, { minLength: 1, maxLength: 3 }),
      (which, damages) => {
        const original = texts[which] ?? '';
        let text = original;
        for (const { at, remove, insert } of damages) {
          const place = at % (text.length + 1);
          text = text.slice(0, place) + insert + text.slice(place + remove);
        }
        const parsed = parseXml(text);
        if (!parsed.ok) {
          assert.ok((parsed.error.place.line ?? 0) >= 1);
          return;
        }
        readable++;
        const upgraded = upgradeCib(parsed.value);
        validateCib(upgraded.ok ? upgraded.value.root : parsed.value);
        const before = parseXml(original);
        if (!before.ok || before.value.name !== parsed.value.name) return;
        const applied = applyChanges(before.value, diffTrees(before.value, parsed.value));
        assert.ok(applied.ok && sameXml(applied.value, parsed.value), JSON.stringify(applied));
      },
    ),
    { numRuns: 300 },
  );
  assert.ok(readable > 0);
});
