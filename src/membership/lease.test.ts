import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LeaseWatch, leaseMsOf } from './lease.ts';
import { createMember, type Member } from './member.ts';
import { havenRing } from './ring-profile.ts';
import { fastTiming, havenTiming } from './totem/index.ts';

const leaseMs = leaseMsOf(havenTiming);

const nothing = { provenAtMs: undefined, resumedAfterMs: undefined };

test('those who stay notice a loss and stand on a new ring before their own leases are over', () => {
  for (const timing of [havenTiming, fastTiming]) {
    assert.ok(leaseMsOf(timing) > timing.tokenMs + timing.consensusMs + 2 * timing.holdMs);
  }
});

test('a token proves the moment of the visit before it, and the first one nothing', () => {
  const watch = new LeaseWatch(havenTiming);
  const member = memberOf([1, 2, 3], 4);
  assert.deepEqual(watch.note(visited(member, 0), 100), { token: 'new', ...nothing });
  assert.deepEqual(watch.note(visited(member, 3), 140), { token: 'new', provenAtMs: 100, resumedAfterMs: undefined });
  assert.deepEqual(watch.note(member, 150), { token: 'none', ...nothing }, 'no new token');
  assert.deepEqual(
    watch.note(visited(member, 6), 900),
    { token: 'new', provenAtMs: 140, resumedAfterMs: 100 },
    'however long it was away',
  );
});

test('a ring without quorum proves nothing', () => {
  const watch = new LeaseWatch(havenTiming);
  const member = memberOf([1], 4);
  watch.note(visited(member, 0), 100);
  assert.equal(watch.note(visited(member, 3), 140).provenAtMs, undefined);
});

test('what a lost member held waits for its lease, counted from the last token shared with it', () => {
  const watch = new LeaseWatch(havenTiming);
  watch.note(visited(memberOf([1, 2, 3], 4), 0), 100);
  const smaller = memberOf([1, 2], 8);
  watch.note(visited(smaller, 0), 600);
  const { takeOverAtMs, lapsed } = watch.installed({ members: [1, 2], goodbyes: [] }, 610);
  assert.ok(takeOverAtMs > 100 + leaseMs);
  assert.ok(takeOverAtMs < 200 + leaseMs);
  assert.equal(lapsed, false, 'nothing was ever proven, so nothing lapsed');
  const again = watch.installed({ members: [1, 2], goodbyes: [] }, 700);
  assert.equal(again.takeOverAtMs, takeOverAtMs, 'it is lost still');
});

test('who said goodbye, and who is back, holds nobody up', () => {
  const watch = new LeaseWatch(havenTiming);
  watch.note(visited(memberOf([1, 2, 3], 4), 0), 100);
  assert.equal(watch.installed({ members: [1, 2], goodbyes: [3] }, 110).takeOverAtMs, 0);
  assert.equal(watch.installed({ members: [1, 2, 3], goodbyes: [] }, 120).takeOverAtMs, 0);
});

test('a lease that was over is told once, with the configuration after it', () => {
  const watch = new LeaseWatch(havenTiming);
  const member = memberOf([1, 2, 3], 4);
  watch.note(visited(member, 0), 100);
  watch.note(visited(member, 3), 140);
  const overMs = 100 + leaseMs + 1;
  assert.equal(watch.installed({ members: [1], goodbyes: [] }, overMs).lapsed, true);
  const back = memberOf([1, 2, 3], 12);
  watch.note(visited(back, 0), overMs + 10);
  watch.note(visited(back, 3), overMs + 20);
  assert.equal(
    watch.installed({ members: [1, 2, 3], goodbyes: [] }, overMs + 30).lapsed,
    true,
    'proven anew, but late',
  );
  assert.equal(watch.installed({ members: [1, 2, 3], goodbyes: [] }, overMs + 40).lapsed, false);
});

/** A member of three, as it stands on a ring of these. */
function memberOf(members: readonly number[], seq: number): Member {
  const quorum = {
    nodeId: 1,
    votes: 1,
    expectedVotes: 3,
    twoNode: false,
    waitForAll: false,
    lastManStandingWindowMs: undefined,
    autoTieBreaker: undefined,
    allowDownscale: false,
    expectedVotesTracking: false,
    device: undefined,
  };
  const stack = { nodeId: 1, quorum, storedVotes: 0, configVersion: undefined };
  const member = createMember({ ring: havenRing(1), stack });
  const { ring } = member;
  ring.phase = 'operational';
  ring.ringId = { representative: members[0] ?? 1, seq };
  ring.members = [...members];
  ring.newMembers = [...members];
  return member;
}

function visited(member: Member, tokenSeq: number): Member {
  member.ring.lastTokenSeq = tokenSeq;
  return member;
}
