import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { processPlan, splitWords } from './plan.ts';

test('words are split as a shell splits them', () => {
  assert.deepEqual(splitWords(` -c 'a b'  "c 'd" e\\ f '' g"h"i `), ['-c', 'a b', "c 'd", 'e f', '', 'ghi']);
  assert.equal(splitWords("it's"), undefined);
});

test('words that are quoted come back as they were', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (words) => {
      const quoted = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
      assert.deepEqual(splitWords(quoted), words);
    }),
  );
});

test('a parameter that cannot be read is refused by its name', () => {
  const command = '/bin/true';
  const reason = (parameters: Record<string, string>) => {
    const plan = processPlan(parameters);
    return plan.ok ? '' : plan.error;
  };
  assert.match(reason({}), /command=''/);
  assert.match(reason({ command, args: '"' }), /'args' ends within quotes/);
  assert.match(reason({ command, environment: 'A=1 B' }), /'environment'.*'B'/);
  assert.match(reason({ command, stop_timeout: 'long' }), /stop_timeout='long'/);
  const plan = processPlan({ command, environment: 'A=b=c', stop_signal: 'sigint' });
  assert.ok(plan.ok && plan.value.environment.A === 'b=c' && plan.value.stopSignal === 'SIGINT');
});
