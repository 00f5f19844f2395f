import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitReasonOf, fenceReasonOf } from './outcome.ts';

test('the last exit reason counts, and a fence agent is taken at its first error', () => {
  assert.equal(exitReasonOf('ocf-exit-reason:no disk\nnoise\nocf-exit-reason:no network\n'), 'no network');
  const logged =
    '/usr/sbin/fence_x:5: DeprecationWarning: …\n  from pipes import quote\n' +
    "2026-01-02 03:04:05,678 ERROR: Failed: You have to set plug number\n\n2026-01-02 03:04:05,679 ERROR: Please use '-h' for usage\n\n";
  assert.equal(fenceReasonOf(logged), 'Failed: You have to set plug number');
  assert.equal(fenceReasonOf('pdu1 does not answer\n\n'), 'pdu1 does not answer');
  assert.equal(fenceReasonOf(''), '');
});
