import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type GuardianEvent,
  type GuardianState,
  initialState,
  nextLookInMs,
  step,
  type ThreadReading,
  wantsThread,
} from './machine.ts';
import { decodeMessage, emptyPledge, encodeMessage, type Lease, noLease, type Pledge } from './protocol.ts';

const pledge: Pledge = {
  ...emptyPledge,
  addresses: [{ interfaceName: 'eth0', address: '192.168.122.200', prefixLength: 24 }],
};
const lookMs = 20;
const limits = { lookMs, hungMs: 75, starvedMs: 500 };

const asleep: ThreadReading = { state: 'S', ranMs: 1, waitedMs: 1, processorRuns: true, isKept: false, sleepsIn: '' };

const lookAt = (nowMs: number, lease: Lease): GuardianEvent => ({
  kind: 'tick',
  nowMs,
  bootMs: nowMs,
  beats: nowMs,
  beatMs: nowMs,
  lease,
  thread: undefined,
});
const kinds = ({ effects }: ReturnType<typeof step>) => effects.map(({ kind }) => kind);

function guarded(lapsesEnforced = 0): GuardianState {
  let state = initialState(0, lapsesEnforced);
  for (const message of [{ kind: 'hello', pid: 7, tid: 9, limits } as const, { kind: 'pledge', pledge } as const]) {
    state = step(state, { kind: 'message', nowMs: 0, message }).state;
  }
  return state;
}

function ticks(state: GuardianState, until: number, thread: (ms: number) => ThreadReading) {
  let current = state;
  for (let nowMs = lookMs; nowMs <= until; nowMs += lookMs) {
    const event: GuardianEvent = {
      kind: 'tick',
      nowMs,
      bootMs: nowMs,
      beats: 0,
      beatMs: 0,
      lease: noLease,
      thread: thread(nowMs),
    };
    const done = step(current, event);
    current = done.state;
    const effects = kinds(done).filter((kind) => kind !== 'poke');
    const said = done.effects.flatMap((effect) => (effect.kind === 'log' ? [effect.text] : [])).join();
    if (effects.length > 0) return { nowMs, effects, said, state: current };
  }
  return { nowMs: until, effects: [], said: '', state: current };
}

test('a daemon that vanishes is undone at once, without a tick', () => {
  const { effects } = step(guarded(), { kind: 'gone', nowMs: 3 });
  assert.deepEqual(effects[0], { kind: 'undo', pledge });
  assert.equal(effects.at(-1)?.kind, 'exit');
});

test('a daemon that releases is left alone, even when its pipe closes afterwards', () => {
  const released = step(guarded(), { kind: 'message', nowMs: 1, message: { kind: 'release' } });
  assert.deepEqual(released.effects, [{ kind: 'exit', code: 0 }]);
  assert.deepEqual(step(released.state, { kind: 'gone', nowMs: 2 }).effects, []);
});

test('a stopped thread is certain: it is killed before anything is undone, within 75 ms', () => {
  const done = ticks(guarded(), 1000, () => ({ ...asleep, state: 'T' }));
  assert.deepEqual(done.effects, ['kill', 'undo', 'log', 'exit']);
  assert.ok(done.nowMs <= 75);
});

test('a daemon that is dead while others still hold its pipe is gone, not hung, within 75 ms', () => {
  const dead: ThreadReading = { ...asleep, state: 'Z', processorRuns: false };
  const done = ticks(guarded(), 1000, () => dead);
  assert.ok(done.nowMs <= 75);
  assert.match(done.said, /is gone without a word/);
});

test('a thread that sleeps or spins without beats is killed within 100 ms', () => {
  assert.equal(ticks(guarded(), 1000, () => asleep).nowMs, 80);
  assert.equal(ticks(guarded(), 1000, (ms) => ({ ...asleep, state: 'R', ranMs: ms })).nowMs, 80);
});

test('a thread that waits, for a processor, for one that stands still, in the kernel or for another thread, is given starvedMs', () => {
  assert.equal(ticks(guarded(), 1000, () => ({ ...asleep, state: 'R' })).nowMs, 500);
  assert.equal(ticks(guarded(), 1000, () => ({ ...asleep, state: 'D' })).nowMs, 500);
  assert.equal(ticks(guarded(), 1000, (ms) => ({ ...asleep, waitedMs: ms })).nowMs, 500);
  assert.equal(ticks(guarded(), 1000, () => ({ ...asleep, processorRuns: false })).nowMs, 500);
  assert.equal(ticks(guarded(), 1000, () => ({ ...asleep, isKept: true })).nowMs, 500);
  const away = (ms: number) => ({ ...asleep, state: 'R', ranMs: ms, processorRuns: false });
  assert.equal(ticks(guarded(), 1000, away).nowMs, 500);
  const returned = (ms: number) => ({ ...asleep, processorRuns: ms > 140 });
  assert.equal(ticks(guarded(), 1000, returned).nowMs, 180);
  const quarter = (ms: number) => ({ ...asleep, state: 'R', ranMs: ms / 4, waitedMs: (ms * 3) / 4 });
  assert.equal(ticks(guarded(), 1000, quarter).nowMs, 180);
});

test('a silent thread is poked once, and judged by at least two looks after that, however late they are', () => {
  let state = guarded();
  const told: string[][] = [];
  for (const nowMs of [39, 98, 157, 216]) {
    const thread = wantsThread(state, nowMs, 0) ? asleep : undefined;
    const done = step(state, { kind: 'tick', nowMs, bootMs: nowMs, beats: 0, beatMs: 0, lease: noLease, thread });
    state = done.state;
    told.push(kinds(done));
  }
  assert.deepEqual(told, [[], ['poke'], [], ['kill', 'undo', 'log', 'exit']]);
});

test('beats keep the guardian quiet', () => {
  let state = guarded();
  for (let beats = 1; beats < 400; beats++) {
    const nowMs = beats * lookMs;
    assert.equal(wantsThread(state, nowMs, beats), false);
    const done = step(state, {
      kind: 'tick',
      nowMs,
      bootMs: nowMs,
      beats,
      beatMs: nowMs,
      lease: noLease,
      thread: undefined,
    });
    assert.deepEqual(done.effects, []);
    state = done.state;
  }
});

test('a thread that beats is looked at again when it may have been silent for long, a silent one sooner', () => {
  const calmMs = 4 * lookMs;
  const lasting: Lease = { untilBootMs: 10_000, lapses: 0 };
  const at = (
    nowMs: number,
    beats: number,
    beatMs: number,
    thread?: ThreadReading,
    lease = lasting,
  ): GuardianEvent => ({
    ...{ kind: 'tick', nowMs, bootMs: nowMs, beats, beatMs, lease, thread },
  });
  const hello = { kind: 'hello', pid: 7, tid: 9, limits: { ...limits, calmMs } } as const;
  const calm = step(guarded(), { kind: 'message', nowMs: 0, message: hello }).state;
  const beaten = step(calm, at(25, 1, 15)).state;
  assert.equal(nextLookInMs(beaten, 25), 15 + calmMs - 25);
  assert.equal(nextLookInMs(step(calm, at(25, 1, -1000)).state, 25), calmMs - 25, 'it beat since the look before');
  assert.equal(nextLookInMs(step(calm, at(25, 1, 1000)).state, 25), calmMs, 'and not later than now');
  assert.equal(nextLookInMs(step(calm, at(25, 1, 15, undefined, noLease)).state, 25), 2 * lookMs, 'a lease may begin');
  const early = step(beaten, at(40, 1, 15)).state;
  assert.equal(nextLookInMs(early, 40), lookMs, 'no beat since: it may have fallen silent');
  const silent = step(beaten, at(15 + calmMs, 1, 15, asleep));
  assert.deepEqual(kinds(silent), ['poke']);
  assert.equal(nextLookInMs(silent.state, 15 + calmMs), lookMs);
  assert.equal(nextLookInMs(step(silent.state, at(100, 2, 100)).state, 100), calmMs);
});

test('silence proves nothing when the guardian itself did not run', () => {
  const woken = step(guarded(), {
    kind: 'tick',
    nowMs: 5000,
    bootMs: 5000,
    beats: 0,
    beatMs: 0,
    lease: noLease,
    thread: asleep,
  });
  assert.deepEqual(woken.effects, []);
});

test('a lease that ran out is enforced once, and again only after a renewal', () => {
  const lease = { untilBootMs: 40, lapses: 0 };
  let done = step(guarded(), lookAt(25, lease));
  assert.deepEqual(kinds(done), []);
  assert.equal(nextLookInMs(done.state, 25), 15);
  done = step(done.state, lookAt(40, lease));
  assert.deepEqual(kinds(done), ['undo', 'log']);
  assert.equal(nextLookInMs(done.state, 41), lookMs);
  assert.deepEqual(kinds(step(done.state, lookAt(50, lease))), []);
  done = step(done.state, lookAt(60, { untilBootMs: 90, lapses: 1 }));
  assert.deepEqual(kinds(done), []);
  assert.deepEqual(kinds(step(done.state, lookAt(90, { untilBootMs: 90, lapses: 1 }))), ['undo', 'log']);
});

test('a lapse that was over before the guardian looked is enforced all the same, but not one before its time', () => {
  const renewed = lookAt(60, { untilBootMs: 90, lapses: 1 });
  assert.deepEqual(kinds(step(guarded(), renewed)), ['undo', 'log']);
  assert.deepEqual(kinds(step(guarded(1), renewed)), []);
});

test('a guardian sees to a lapse that was and went while no guardian stood, once it knows what is held', () => {
  const renewed = lookAt(60, { untilBootMs: 90, lapses: 2 });
  const early = step(initialState(0, 1), renewed);
  assert.deepEqual(kinds(early), []);
  const knowing = step(early.state, { kind: 'message', nowMs: 61, message: { kind: 'pledge', pledge } });
  const begun = step(knowing.state, { kind: 'message', nowMs: 61, message: { kind: 'hello', pid: 7, tid: 9, limits } });
  assert.deepEqual(kinds(step(begun.state, renewed)), ['undo', 'log']);
});

test('a guardian that was held up itself finds the lease as it is, and takes nothing', () => {
  const before = step(guarded(), lookAt(25, { untilBootMs: 100, lapses: 0 }));
  assert.deepEqual(kinds(step(before.state, lookAt(2000, { untilBootMs: 2100, lapses: 0 }))), []);
});

test('a lapsed lease takes addresses and tells nobody that the daemon is dead; a new address is taken, too', () => {
  const datagrams = [{ address: '192.0.2.1', port: 5405, payload: '00' }];
  const whole = { ...pledge, datagrams, commands: [{ argv: ['/bin/true'], timeoutMs: 1 }] };
  const state = step(guarded(), { kind: 'message', nowMs: 0, message: { kind: 'pledge', pledge: whole } }).state;
  const over = { untilBootMs: 10, lapses: 0 };
  const lapsed = step(state, lookAt(25, over));
  assert.deepEqual(lapsed.effects[0], { kind: 'undo', pledge });
  const pledgeAt = (given: Pledge) =>
    step(lapsed.state, { kind: 'message', nowMs: 30, message: { kind: 'pledge', pledge: given } }).state;
  assert.deepEqual(kinds(step(pledgeAt({ ...whole, datagrams: [] }), lookAt(50, over))), []);
  const more = [...pledge.addresses, { interfaceName: 'eth0', address: '192.168.122.201', prefixLength: 24 }];
  assert.deepEqual(kinds(step(pledgeAt({ ...whole, addresses: more }), lookAt(50, over))), ['undo', 'log']);
});

test('messages survive the wire', () => {
  const message = { kind: 'pledge', pledge } as const;
  const decoded = decodeMessage(encodeMessage(message).trimEnd());
  assert.deepEqual(decoded, { ok: true, value: message });
  assert.equal(decodeMessage('{"kind":"dance"}').ok, false);
  assert.equal(decodeMessage('{').ok, false);
});

test('a watchdog is fed while the daemon and its lease live, and held unfed until the reset when they do not', () => {
  const watchdog = { device: '/dev/watchdog', timeoutS: 5 };
  const hello = { kind: 'hello', pid: 7, tid: 9, limits: { ...limits, watchdog } } as const;
  const guards = step(initialState(0), { kind: 'message', nowMs: 0, message: hello }).state;
  assert.deepEqual(kinds(step(guards, lookAt(20, noLease))), ['feed-watchdog'], 'a node that never had a lease');
  assert.deepEqual(kinds(step(guards, lookAt(20, { untilBootMs: 21, lapses: 0 }))), ['feed-watchdog']);
  const lapsed = step(guards, lookAt(20, { untilBootMs: 20, lapses: 0 }));
  assert.deepEqual(kinds(lapsed), [], 'what runs here may be started elsewhere by now');
  assert.deepEqual(kinds(step(lapsed.state, lookAt(40, { untilBootMs: 60, lapses: 1 }))), ['feed-watchdog']);
  assert.deepEqual(kinds(step(guards, { kind: 'gone', nowMs: 3 })), ['undo', 'log', 'await-reset']);
  const released = step(guards, { kind: 'message', nowMs: 3, message: { kind: 'release' } });
  assert.deepEqual(kinds(released), ['exit'], 'nothing is left that a reset would have to end');
});
