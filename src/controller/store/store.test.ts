import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Random } from '../../kit/index.ts';
import { openDisk } from '../driver/disk.ts';
import { type Disk, DiskError } from './disk.ts';
import { chainOf, decodeRecord, type JournalRecord } from './record.ts';
import { endOf, type Recovered, Store, snapshotName } from './store.ts';
import { FaultyDisk } from './testing/faulty-disk.ts';

/** The history that the tests write: record n says `change n`. */
function history(length: number, term = 1): JournalRecord[] {
  const records: JournalRecord[] = [];
  for (let index = 1; index <= length; index++) {
    const before = records.at(-1);
    const payload = new TextEncoder().encode(`change ${index} of term ${term} `.repeat(1 + (index % 40)));
    records.push({ term, index, previous: before === undefined ? 0 : chainOf(before), payload });
  }
  return records;
}

function snapshotAt(records: readonly JournalRecord[], index: number) {
  const last = records[index - 1];
  assert.ok(last !== undefined);
  return { term: last.term, index, chain: chainOf(last), document: `<cib until="${index}"/>` };
}

/** Writes the history, folding into snapshots on the way; calls back after each acknowledged index. */
function play(disk: Disk, records: readonly JournalRecord[], acknowledged: (index: number) => void): void {
  const { store } = Store.open(disk);
  for (const record of records.slice(store.lastIndex)) {
    store.append([record]);
    acknowledged(record.index);
    if (record.index % 7 === 0) store.replace(snapshotAt(records, record.index));
  }
}

/** A recovered document is one that the history went through, and nothing else. */
function assertPrefix(recovered: Recovered, records: readonly JournalRecord[]): void {
  const { index, chain } = endOf(recovered);
  const last = records[index - 1];
  assert.equal(chain, last === undefined ? 0 : chainOf(last));
  for (const record of recovered.records) assert.deepEqual(record, records[record.index - 1]);
}

for (const [name, make] of [
  ['a real folder', () => openDisk(mkdtempSync(join(tmpdir(), 'haven-store-')))],
  ['the faulty disk', () => new FaultyDisk()],
] as const) {
  test(`${name}: what was appended is read back, over snapshots and restarts`, () => {
    const disk = make();
    const records = history(30);
    play(disk, records.slice(0, 13), () => {});
    play(disk, records, () => {});
    const { recovered } = Store.open(disk);
    assert.equal(endOf(recovered).index, 30);
    assert.deepEqual([recovered.trusted, recovered.remarks], [true, []]);
    assertPrefix(recovered, records);
  });
}

/** The disk of a node whose power fails, or that is killed, in front of a call. */
function diskUntil(call: number, records: readonly JournalRecord[]): { disk: FaultyDisk; acknowledged: number } {
  const disk = new FaultyDisk();
  let acknowledged = 0;
  disk.beforeCall = () => {
    if (disk.calls + 1 === call) throw new Error('power fails');
  };
  const note = (index: number) => {
    acknowledged = index;
  };
  assert.throws(() => play(disk, records, note), /power fails/);
  disk.beforeCall = () => {};
  return { disk, acknowledged };
}

test('power may fail, or the daemon be killed, at every call, whatever of it the disk has: nothing acknowledged is lost, nothing else appears, and work goes on', () => {
  const records = history(16);
  const whole = new FaultyDisk();
  play(whole, records, () => {});
  let states = 0;
  for (let call = 1; call <= whole.calls; call++) {
    const { disk, acknowledged } = diskUntil(call, records);
    for (const after of [disk, ...disk.everyPowerLoss()]) {
      const where = `call ${call}, state ${states++}`;
      const { recovered } = Store.open(after);
      assert.ok(endOf(recovered).index >= acknowledged, where);
      assert.equal(recovered.trusted, true, `${where}: ${JSON.stringify(recovered.remarks)}`);
      assertPrefix(recovered, records);
      play(after, records, () => {});
      assert.equal(endOf(Store.open(after).recovered).index, records.length, where);
    }
  }
  assert.ok(states > 500, `only ${states} states`);
});

test('every byte of the files may be changed, and every file cut short anywhere: nothing is loaded that was not stored', () => {
  const records = history(9);
  const reference = new FaultyDisk();
  play(reference, records, () => {});
  for (const name of reference.list()) {
    const size = reference.read(name)?.length ?? 0;
    for (let at = 0; at < size; at++) {
      const changes: readonly ((bytes: Uint8Array) => Uint8Array)[] = [
        (bytes) => bytes.slice(0, at),
        (bytes) => bytes.with(at, (bytes[at] ?? 0) ^ 0x10),
        (bytes) => bytes.fill(0, at),
      ];
      for (const change of changes) {
        const disk = new FaultyDisk();
        play(disk, records, () => {});
        disk.damage(name, change);
        const hidden = isCutBetweenRecords(disk, name);
        const { recovered } = Store.open(disk);
        assertPrefix(recovered, records);
        const isWhole = endOf(recovered).index === records.length;
        assert.ok(isWhole || recovered.remarks.length > 0 || hidden, `${name} at ${at}`);
      }
    }
  }
});

/** What nobody can see: the last records are gone as if they had never been. */
function isCutBetweenRecords(disk: FaultyDisk, name: string): boolean {
  const bytes = disk.read(name) ?? new Uint8Array();
  let at = 0;
  for (let next = decodeRecord(bytes, at); next.kind === 'record'; next = decodeRecord(bytes, at)) at = next.end;
  return at === bytes.length;
}

test('a disk error at every call is told, nothing acknowledged is lost, and a snapshot brings the store back', () => {
  const records = history(16);
  const whole = new FaultyDisk();
  play(whole, records, () => {});
  for (const code of ['ENOSPC', 'EIO', 'EROFS']) {
    for (let call = 1; call <= whole.calls; call++) {
      const disk = new FaultyDisk();
      let acknowledged = 0;
      disk.failAt(call, code, 'once');
      assert.throws(
        () =>
          play(disk, records, (index) => {
            acknowledged = index;
          }),
        DiskError,
      );
      const { recovered } = Store.open(disk.afterPowerLoss(new Random(`${code}/${call}`)));
      assert.ok(endOf(recovered).index >= acknowledged, `${code} at call ${call}`);
      assertPrefix(recovered, records);
    }
  }
});

test('after an error the store takes nothing until a snapshot has succeeded', () => {
  const records = history(5);
  const disk = new FaultyDisk();
  const { store } = Store.open(disk);
  store.append(records.slice(0, 2));
  disk.failAt(disk.calls + 2, 'EIO', 'once');
  assert.throws(() => store.append(records.slice(2, 3)), DiskError);
  assert.throws(() => store.append(records.slice(3, 4)), /nothing is stored since an earlier error/);
  store.replace(snapshotAt(records, 3));
  store.append(records.slice(3));
  assert.equal(endOf(Store.open(disk).recovered).index, 5);
});

test('damage in the middle is not taken for a torn tail: the copy says that it is not to be trusted', () => {
  const records = history(6);
  const disk = new FaultyDisk();
  Store.open(disk).store.append(records);
  disk.damage('journal.0', (bytes) => {
    bytes[Math.floor(bytes.length / 2)] = 0xff;
    return bytes;
  });
  const { recovered } = Store.open(disk);
  assert.equal(recovered.trusted, false);
  assert.match(recovered.remarks[0]?.text ?? '', /journal\.0 is damaged at byte \d+ .* something acknowledged is lost/);
  assertPrefix(recovered, records);
});

test('a snapshot that is damaged, cut short, empty, foreign or newer is not loaded, and each is told apart', () => {
  const records = history(7);
  const damages: readonly [RegExp, (bytes: Uint8Array) => Uint8Array][] = [
    [/checksum does not match/, (bytes) => bytes.fill(0x20, bytes.length - 3)],
    [/has \d+ of \d+ bytes/, (bytes) => bytes.slice(0, -2)],
    [/not one of ours/, () => new Uint8Array()],
    [/not one of ours/, () => new TextEncoder().encode('<cib/>\n')],
    [
      /newer version/,
      (bytes) => new TextEncoder().encode(new TextDecoder().decode(bytes).replace('format=1', 'format=9')),
    ],
  ];
  for (const [message, change] of damages) {
    const disk = new FaultyDisk();
    play(disk, records, () => {});
    disk.damage(snapshotName, change);
    const { recovered } = Store.open(disk);
    assert.equal(recovered.snapshot, undefined);
    assert.equal(recovered.trusted, false);
    assert.match(recovered.remarks.map(({ text }) => text).join('\n'), message);
  }
});

test("another member's document is taken over whole: records of the history it replaces never come back", () => {
  const own = history(9, 1);
  const theirs = history(4, 2);
  const reference = new FaultyDisk();
  const prepare = (disk: FaultyDisk) => {
    const { store } = Store.open(disk);
    store.append(own);
    return store;
  };
  prepare(reference).replace(snapshotAt(theirs, 4));
  for (let call = 1; call <= reference.calls; call++) {
    const disk = new FaultyDisk();
    disk.beforeCall = () => {
      if (disk.calls + 1 === call) throw new Error('power fails');
    };
    assert.throws(() => prepare(disk).replace(snapshotAt(theirs, 4)), /power fails/);
    for (const after of [disk, ...disk.everyPowerLoss()]) {
      after.beforeCall = () => {};
      const { recovered } = Store.open(after);
      assertPrefix(recovered, recovered.snapshot?.term === 2 ? theirs : own);
    }
  }
});

test('the real folder tells what an operator can do', () => {
  const folder = mkdtempSync(join(tmpdir(), 'haven-store-'));
  const disk = openDisk(folder);
  rmSync(folder, { recursive: true });
  assert.throws(
    () => disk.append('journal.0', new Uint8Array(1)),
    (thrown) => thrown instanceof DiskError && thrown.code === 'ENOENT',
  );
});
