import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseXml } from '../../cib/index.ts';
import { DiskError } from './disk.ts';
import { leavesOver, StoreKeeper } from './keeper.ts';
import { chainOf, type JournalRecord } from './record.ts';
import { endOf, Store } from './store.ts';
import { FaultyDisk } from './testing/faulty-disk.ts';

const first: JournalRecord = { term: 1, index: 1, previous: 0, payload: new Uint8Array([1]) };
const latest = { term: 1, index: 1, chain: chainOf(first), document: '<cib/>' };
const theirs = { term: 2, index: 4, chain: 7, document: '<cib theirs=""/>' };

for (const code of ['ENOSPC', 'EROFS', 'EIO']) {
  test(`${code}: nothing counts as stored while it lasts, and everything is stored when it is over`, () => {
    const disk = new FaultyDisk();
    const keeper = new StoreKeeper(Store.open(disk).store);
    disk.failAt(disk.calls + 1, code, 'for-good');
    assert.equal(
      keeper.append(first, () => latest, 100),
      false,
    );
    assert.equal(keeper.trouble?.error.code, code);
    assert.equal(keeper.retryAtMs, 1100);
    assert.equal(keeper.retry(latest, 1100), false);
    assert.equal(keeper.trouble?.sinceMs, 100);
    disk.failAt(Number.POSITIVE_INFINITY, code, 'once');
    assert.equal(keeper.replace(latest, 1500), false, 'what failed comes first');
    assert.equal(keeper.retry(latest, 2100), true);
    assert.deepEqual([keeper.trouble, keeper.retryAtMs], [undefined, undefined]);
    assert.equal(endOf(Store.open(disk).recovered).index, 1);
  });
}

test('what is to be kept aside is on the disk before another document takes its place', () => {
  const disk = new FaultyDisk();
  const keeper = new StoreKeeper(Store.open(disk).store);
  disk.failAt(disk.calls + 1, 'ENOSPC', 'once');
  assert.equal(keeper.keepAside('diverged-1-1.xml', latest, 0), false);
  assert.equal(keeper.replace(theirs, 0), false);
  assert.deepEqual(
    disk.list().filter((name) => name === 'cib.xml'),
    [],
  );
  assert.equal(keeper.retry(theirs, 1000), true);
  assert.ok(disk.list().includes('diverged-1-1.xml'));
  assert.equal(Store.open(disk).recovered.snapshot?.index, 4);
});

test('a node leaves over its disk after a while, one after the other, and never takes the quorum with it', () => {
  const cib = cibOf(['1', '2', '3'], []);
  const trouble = { error: new DiskError('ENOSPC', 'full'), sinceMs: 0 };
  const asked = { cib, self: { id: '2' }, votes: 3, votesNeeded: 2 };
  assert.equal(leavesOver(trouble, { ...asked, nowMs: 3999 }), false);
  assert.equal(leavesOver(trouble, { ...asked, nowMs: 4000 }), true);
  assert.equal(leavesOver(trouble, { ...asked, votes: 2, nowMs: 60_000 }), false);
  assert.equal(leavesOver(trouble, { ...asked, cib: cibOf(['1', '2', '3'], ['1']), nowMs: 60_000 }), false);
});

function cibOf(ids: readonly string[], leaving: readonly string[]) {
  const shutdown =
    '<transient_attributes id="t"><instance_attributes id="i"><nvpair id="p" name="shutdown" value="9"/></instance_attributes></transient_attributes>';
  const states = ids.map(
    (id) =>
      `<node_state id="${id}" uname="n${id}" in_ccm="true" crmd="online">${leaving.includes(id) ? shutdown : ''}</node_state>`,
  );
  const parsed = parseXml(`<cib><status>${states.join('')}</status></cib>`);
  assert.ok(parsed.ok);
  return parsed.value;
}
