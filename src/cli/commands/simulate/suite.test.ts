// The recorded cases of Pacemaker's regression suite, all of them, where their data is at hand.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runSuite } from './suite.ts';

const data = join('..', 'shared', 'cts-scheduler');
const kinds = ['summary', 'scores', 'exp', 'dot', 'stderr'];

test('every recorded case is decided, ordered and shown as recorded', {
  skip: existsSync(join(data, 'cases.json')) ? false : 'needs ../shared/cts-scheduler',
}, () => {
  const output = mkdtempSync(join(tmpdir(), 'haven-suite-'));
  try {
    assert.equal(runSuite({ folder: data, output, only: undefined }), 0);
    const differing = kinds.flatMap((kind) =>
      readdirSync(join(data, kind)).filter(
        (file) => essence(join(data, kind, file)) !== essence(join(output, kind, file)),
      ),
    );
    assert.deepEqual(differing, []);
  } finally {
    rmSync(output, { recursive: true });
  }
});

/** White space and blank lines never matter. */
function essence(file: string): string {
  if (!existsSync(file)) return '';
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines
    .map((line) => line.replaceAll(/\s+/g, ''))
    .filter((line) => line !== '')
    .join('\n');
}
