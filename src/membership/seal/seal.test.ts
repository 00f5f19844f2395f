import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../kit/index.ts';
import { aesGcmCrypto } from '../driver/aes-gcm.ts';
import { sealOverheadBytes, sessionOf } from './envelope.ts';
import { ReplayWindow, replayWindowCounters } from './replay-window.ts';
import { Seal } from './seal.ts';

const authkeys = new Map([
  [1, new Uint8Array(128).fill(11)],
  [2, new Uint8Array(128).fill(22)],
]);
const message = new TextEncoder().encode('the token');

function member(nodeId: number, options: { startedMs?: number; keys?: number[]; active?: number } = {}) {
  const keys = new Map([...authkeys].filter(([keyId]) => (options.keys ?? [1, 2]).includes(keyId)));
  return new Seal({
    nodeId,
    session: sessionOf(options.startedMs ?? 1_700_000_000_000, nodeId),
    crypto: aesGcmCrypto(keys),
    activeKeyId: options.active ?? 1,
    knownNodes: new Set([1, 2, 3]),
  });
}

test('a sealed datagram is opened by every other member, and by none twice', () => {
  const [one, two, three] = [member(1), member(2), member(3)];
  const sealed = one.seal(message);
  assert.equal(sealed.length, message.length + sealOverheadBytes);
  for (const receiver of [two, three]) {
    const opened = receiver.open(sealed, 0);
    assert.ok(opened.kind === 'opened');
    assert.equal(opened.sender, 1);
    assert.deepEqual(Uint8Array.from(opened.bytes), message);
    assert.deepEqual(receiver.open(sealed, 0), { kind: 'refused', reason: 'replayed' });
  }
});

test('what is sealed for one member is opened by no other', () => {
  const [one, two, three] = [member(1), member(2), member(3)];
  const sealed = one.seal(message, 2);
  assert.deepEqual(three.open(sealed, 0), { kind: 'refused', reason: 'misdirected' });
  const readdressed = sealed.slice();
  readdressed[27] = 3;
  assert.deepEqual(three.open(readdressed, 0), { kind: 'refused', reason: 'forged' });
  assert.equal(two.open(sealed, 0).kind, 'opened');
});

test('no bit of a sealed datagram can be changed', () => {
  const sealed = member(1).seal(message);
  const receiver = member(2);
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const damaged = sealed.slice();
    damaged[bit >>> 3] = (damaged[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
    assert.equal(receiver.open(damaged, 0).kind, 'refused', `bit ${bit}`);
  }
  assert.equal(receiver.open(sealed, 0).kind, 'opened', 'and the damaged ones have left no trace');
});

test('a datagram under another authkey is refused and counted', () => {
  const receiver = member(2, { keys: [1], active: 1 });
  assert.deepEqual(receiver.open(member(1, { active: 2 }).seal(message), 0), {
    kind: 'refused',
    reason: 'unknown-key',
  });
  const strangers = new Seal({
    nodeId: 1,
    session: sessionOf(1, 1),
    crypto: aesGcmCrypto(new Map([[1, new Uint8Array(128).fill(99)]])),
    activeKeyId: 1,
  });
  assert.deepEqual(receiver.open(strangers.seal(message), 0), { kind: 'refused', reason: 'forged' });
  assert.equal(receiver.refused.get('forged'), 1);
});

test('keys are rolled without a datagram lost', () => {
  const [one, two] = [member(1), member(2)];
  assert.equal(two.open(one.seal(message), 0).kind, 'opened');
  const sealedEarlier = one.seal(message);
  one.setKeys(aesGcmCrypto(authkeys), 2);
  assert.equal(two.open(one.seal(message), 0).kind, 'opened');
  assert.equal(one.open(two.seal(message), 0).kind, 'opened', 'the one that has not switched is still heard');
  two.setKeys(aesGcmCrypto(new Map([...authkeys].filter(([keyId]) => keyId === 2))), 2);
  assert.equal(one.open(two.seal(message), 0).kind, 'opened');
  assert.deepEqual([...one.keyIdsHeard], [[2, 2]]);
  assert.deepEqual(two.open(sealedEarlier, 0), { kind: 'refused', reason: 'unknown-key' });
});

test('an earlier session of a sender is refused until the later one has long been silent', () => {
  const [earlier, later, receiver] = [member(1, { startedMs: 1000 }), member(1, { startedMs: 90_000_000 }), member(2)];
  const old = earlier.seal(message);
  assert.equal(receiver.open(old, 0).kind, 'opened');
  assert.equal(receiver.open(later.seal(message), 10).kind, 'opened');
  assert.deepEqual(receiver.open(earlier.seal(message), 20), { kind: 'refused', reason: 'old-session' });
  assert.equal(receiver.open(earlier.seal(message), 60_000).kind, 'opened', 'its clock was set back, and it restarted');
});

test('two starts of one node never seal two datagrams alike', () => {
  const first = member(1, { startedMs: 5000 }).seal(message);
  const second = member(1, { startedMs: 5001 }).seal(message);
  assert.notDeepEqual(first.subarray(24), second.subarray(24));
});

test('the replay window agrees with a set that forgets nothing', () => {
  const random = new Random('replay');
  const window = new ReplayWindow();
  const seen = new Set<number>();
  let highest = -1;
  for (let round = 0; round < 50_000; round++) {
    const jump = random.chance(0.01) ? random.below(3 * replayWindowCounters) : 3;
    const counter = Math.max(0, highest + random.between(-replayWindowCounters - 20, jump));
    const fresh = !seen.has(counter) && counter > highest - replayWindowCounters;
    assert.equal(window.isFresh(counter), fresh, `counter ${counter} below ${highest}`);
    if (!fresh) continue;
    window.mark(counter);
    seen.add(counter);
    highest = Math.max(highest, counter);
  }
});

test('the direct cipher and the portable one read each other, and end alike on a damaged tag', () => {
  const member = (nodeId: number, method: 'fastest' | 'portable') =>
    new Seal({ nodeId, session: sessionOf(7, nodeId), crypto: aesGcmCrypto(authkeys, 'x', method), activeKeyId: 1 });
  for (const [one, other] of [
    ['fastest', 'portable'],
    ['portable', 'fastest'],
  ] as const) {
    const [sender, receiver] = [member(1, one), member(2, other)];
    for (const size of [0, 1, 15, 16, 17, 1400, 60_000]) {
      const plain = Uint8Array.from({ length: size }, (_, at) => at * 31);
      const sealed = sender.seal(plain);
      const damaged = sealed.slice();
      damaged[damaged.length - 1] = (damaged[damaged.length - 1] ?? 0) ^ 1;
      assert.deepEqual(receiver.open(damaged, 0), { kind: 'refused', reason: 'forged' });
      const opened = receiver.open(sealed, 0);
      assert.ok(opened.kind === 'opened');
      assert.deepEqual(Uint8Array.from(opened.bytes), plain);
    }
  }
});
