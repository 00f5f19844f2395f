import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { TransitionView } from '../../api/index.ts';
import { xmlElement } from '../../cib/index.ts';
import { recordLimits, TransitionRecords } from './transition-records.ts';

type Limits = ConstructorParameters<typeof TransitionRecords>[2];

const view = (number: number): TransitionView => ({
  number,
  at: 0,
  coordinator: 'n1',
  cause: 'n2 was lost',
  state: 'complete',
  durationMs: 1,
  actions: [],
});

async function recorded(t: TestContext, numbers: readonly number[], limits: Limits = recordLimits) {
  const folder = mkdtempSync(join(tmpdir(), 'haven-transitions-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const complaints: string[] = [];
  const open = () => new TransitionRecords(folder, (text) => complaints.push(text), limits);
  const records = open();
  for (const number of numbers) {
    records.begin(view(number), xmlElement('cib', { id: 'x'.repeat(1000) }));
    await turn();
  }
  return { folder, complaints, open, records };
}

test('records outlive the daemon, with their inputs', async (t) => {
  const { open, complaints } = await recorded(t, [1, 2]);
  assert.deepEqual(open().views, [view(1), view(2)]);
  assert.match(open().input(2) ?? '', /<cib id="x+"/);
  assert.deepEqual(complaints, []);
});

test('a folder that others could read is closed to them', async (t) => {
  const { folder, open, complaints } = await recorded(t, [1]);
  chmodSync(folder, 0o755);
  open();
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  assert.deepEqual(complaints, []);
});

test('a record that is cut short or changed is left out, and the log says which and what to do', async (t) => {
  const { folder, open, complaints } = await recorded(t, [1, 2, 3]);
  truncateSync(join(folder, '1.json'), 30);
  writeFileSync(join(folder, '2.json'), readFileSync(join(folder, '2.json'), 'utf8').replace('n2', 'n3'));
  const records = open();
  assert.deepEqual(records.views, [view(3)]);
  assert.deepEqual(
    complaints.map((text) => /\d\.json does not match.*remove/.exec(text)?.[0].slice(0, 6)),
    ['1.json', '2.json'],
  );
  assert.equal(records.nextNumber, 4);
});

test('a record that cannot be read is left out, and keeps no daemon from starting', async (t) => {
  const { folder, open, complaints } = await recorded(t, [1, 2]);
  rmSync(join(folder, '1.json'));
  mkdirSync(join(folder, '1.json'));
  assert.deepEqual(open().views, [view(2)]);
  assert.match(complaints.join(), /^cannot read .*1\.json \(EISDIR.*transition 1 is left out/);
});

test('an input that is not what was recorded is not shown', async (t) => {
  const { folder, open } = await recorded(t, [7]);
  writeFileSync(join(folder, '7.xml'), readFileSync(join(folder, '7.xml'), 'utf8').replace('xx', 'xy'));
  assert.throws(() => open().input(7), /input of transition 7 is damaged/);
});

test('the oldest go when there are too many, or too much of them', async (t) => {
  const { folder, records } = await recorded(t, [1, 2, 3, 4, 5], { ...recordLimits, recordsMax: 3 });
  assert.deepEqual(numbersOf(records), [3, 4, 5]);
  assert.equal(readdirSync(folder).length, 6);
  const large = await recorded(t, [1, 2, 3], { ...recordLimits, bytesMax: 2500 });
  assert.deepEqual(numbersOf(large.open()), [2, 3]);
});

function numbersOf({ views }: TransitionRecords): number[] {
  return views.map(({ number }) => number);
}
