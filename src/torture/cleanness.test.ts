import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitsForPerson } from './cleanness.ts';

test('only what a failed operation left behind waits for a person', () => {
  const failed = ['failure: stop of web on n2', 'n1: site blocked, worker started'];
  assert.equal(waitsForPerson(failed), true);
  assert.equal(waitsForPerson([...failed, 'misplaced: the web is on no host, the cluster says n2']), true);
  assert.equal(waitsForPerson([...failed, 'n1 sees n3 lost']), false);
  assert.equal(waitsForPerson([...failed, 'misplaced: the web is on n1, n2, the cluster says n2']), true);
  assert.equal(waitsForPerson([...failed, 'misplaced: the web is on n1, n3, the cluster says n3']), false);
  assert.equal(
    waitsForPerson(['failure: stop of vip on n2', 'misplaced: the address is on n1, n2, the cluster says n2']),
    false,
  );
  assert.equal(waitsForPerson([...failed, 'misplaced: the address is on no host, the cluster says n2']), false);
  assert.equal(
    waitsForPerson(['failure: monitor of web on n2', 'misplaced: the web is on n1, the cluster says n2']),
    false,
  );
  assert.equal(waitsForPerson(['misplaced: the address is on n1, n2, the cluster says n2']), false);
  assert.equal(waitsForPerson([]), false);
});
