import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leaseMsOf } from './ring-profile.ts';
import { fastTiming, havenTiming } from './totem/index.ts';

test('a lease ends before the others can act on the silence, and outlasts several rotations', () => {
  for (const timing of [havenTiming, fastTiming]) {
    const leaseMs = leaseMsOf(timing);
    assert.ok(leaseMs < timing.tokenMs + timing.consensusMs);
    assert.ok(leaseMs > timing.tokenMs, 'a lost token alone, repeated in time, costs nobody an address');
    assert.ok(
      4 * timing.tokenRetransmitMs < timing.tokenMs,
      'the token is repeated four times before it counts as lost',
    );
  }
  assert.ok(fastTiming.tokenMs + fastTiming.consensusMs <= 200);
});
