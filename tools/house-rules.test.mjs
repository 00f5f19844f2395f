import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { houseRules } from './house-rules.mjs';

/** The findings for a house made of `files`. */
function findingsOf(/** @type {Record<string, string>} */ files) {
  const house = mkdtempSync(join(tmpdir(), 'haven-house-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(house, name)), { recursive: true });
      writeFileSync(join(house, name), text);
    }
    return houseRules(house).map((finding) => finding.replaceAll(`${house}/`, ''));
  } finally {
    rmSync(house, { recursive: true });
  }
}

test('an import against the direction of the rooms is found, and one along it is not', () => {
  const kit = {
    'kit/index.ts': 'export const one = 1;\n',
    'vrrp/index.ts': "import { one } from '../kit/index.ts';\n",
  };
  assert.deepEqual(findingsOf(kit), []);
  const wrong = findingsOf({ 'kit/index.ts': "import { two } from '../vrrp/index.ts';\n", 'vrrp/index.ts': '\n' });
  assert.match(wrong.join('\n'), /kit\/index\.ts: 'kit' may not import from 'vrrp'/);
});

test('a room is entered by its door only', () => {
  const found = findingsOf({ 'kit/score.ts': '\n', 'cib/index.ts': "import { add } from '../kit/score.ts';\n" });
  assert.match(found.join('\n'), /enters 'kit' by kit\/score\.ts/);
});

test('an import spread over lines is read as one', () => {
  const found = findingsOf({
    'kit/index.ts': "import {\n  a,\n  b,\n} from '../cib/index.ts';\n",
    'cib/index.ts': '\n',
  });
  assert.equal(found.length, 1);
});

test('a cycle is found, unless one of its arrows is a type', () => {
  const back = "import { a } from './a.ts';\n";
  const cycle = { 'kit/a.ts': "import { b } from './b.ts';\n", 'kit/b.ts': back };
  assert.match(findingsOf(cycle).join('\n'), /import cycle: /);
  assert.deepEqual(findingsOf({ ...cycle, 'kit/b.ts': back.replace('import', 'import type') }), []);
});

test('a clock in a core is found; in its driver it is at home', () => {
  const text = 'export const now = () => Date.now();\n';
  assert.match(findingsOf({ 'vrrp/machine.ts': text }).join('\n'), /reads a clock/);
  assert.deepEqual(findingsOf({ 'vrrp/driver/loop.ts': text }), []);
});

test('long files, nameless folders and unfinished work are found', () => {
  const found = findingsOf({ 'lab/utils/a.ts': `${'\n'.repeat(501)}// TODO later\n` }).join('\n');
  assert.match(found, /more than 500/);
  assert.match(found, /names no thing of the domain/);
  assert.match(found, /finish it/);
});

test('a room that the house does not have is found', () => {
  assert.match(findingsOf({ 'attic/box.ts': '\n' }).join('\n'), /'attic' is not in the house/);
});
