import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GuardianEvent, type GuardianState, initialState, step, tickMs, wants } from './machine.ts';
import { decodeMessage, emptyPledge, encodeMessage, type Pledge } from './protocol.ts';

const pledge: Pledge = {
  ...emptyPledge,
  addresses: [{ interfaceName: 'eth0', address: '192.168.122.200', prefixLength: 24 }],
};
const limits = { hungMs: 75, starvedMs: 500 };

function guarded(): GuardianState {
  let state = initialState(0);
  for (const message of [{ kind: 'hello', pid: 7, tid: 9, limits } as const, { kind: 'pledge', pledge } as const]) {
    state = step(state, { kind: 'message', nowMs: 0, message }).state;
  }
  return state;
}

function ticks(state: GuardianState, until: number, thread: (ms: number) => { state: string; cpuTicks: number }) {
  let current = state;
  for (let nowMs = tickMs; nowMs <= until; nowMs += tickMs) {
    const event: GuardianEvent = { kind: 'tick', nowMs, bootMs: nowMs, beats: 0, thread: thread(nowMs) };
    const done = step(current, event);
    current = done.state;
    if (done.effects.length > 0) return { nowMs, effects: done.effects.map((effect) => effect.kind), state: current };
  }
  return { nowMs: until, effects: [], state: current };
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
  const done = ticks(guarded(), 1000, () => ({ state: 'T', cpuTicks: 1 }));
  assert.deepEqual(done.effects, ['kill', 'undo', 'log', 'exit']);
  assert.ok(done.nowMs <= 75);
});

test('a sleeping thread without beats hangs after hungMs; a starving one is given starvedMs', () => {
  assert.equal(ticks(guarded(), 1000, () => ({ state: 'S', cpuTicks: 1 })).nowMs, 75);
  assert.equal(ticks(guarded(), 1000, () => ({ state: 'R', cpuTicks: 1 })).nowMs, 500);
  assert.equal(ticks(guarded(), 1000, (ms) => ({ state: 'R', cpuTicks: ms })).nowMs, 75);
});

test('beats keep the guardian quiet', () => {
  let state = guarded();
  for (let beats = 1; beats < 400; beats++) {
    const nowMs = beats * tickMs;
    assert.deepEqual(wants(state, nowMs, beats), { lease: false, thread: false });
    const done = step(state, { kind: 'tick', nowMs, bootMs: nowMs, beats, thread: undefined });
    assert.deepEqual(done.effects, []);
    state = done.state;
  }
});

test('silence proves nothing when the guardian itself did not run', () => {
  const woken = step(guarded(), {
    kind: 'tick',
    nowMs: 5000,
    bootMs: 5000,
    beats: 0,
    thread: { state: 'S', cpuTicks: 1 },
  });
  assert.deepEqual(woken.effects, []);
});

test('a lease that ran out is enforced once, and again only after a renewal', () => {
  let state = step(guarded(), {
    kind: 'message',
    nowMs: 0,
    message: { kind: 'lease', fromBootMs: 0, untilBootMs: 40 },
  }).state;
  const done = ticks(state, 60, () => ({ state: 'S', cpuTicks: 1 }));
  assert.deepEqual(done.effects, ['undo', 'log']);
  const again = step(done.state, { kind: 'tick', nowMs: 51, bootMs: 60, beats: 1, thread: undefined });
  assert.deepEqual(again.effects, []);
  state = step(again.state, {
    kind: 'message',
    nowMs: 60,
    message: { kind: 'lease', fromBootMs: 39, untilBootMs: 70 },
  }).state;
  assert.equal(step(state, { kind: 'tick', nowMs: 71, bootMs: 71, beats: 2, thread: undefined }).effects.length, 2);
});

test('a lapsed lease takes addresses and tells nobody that the daemon is dead', () => {
  const datagrams = [{ address: '192.0.2.1', port: 5405, payload: '00' }];
  const whole = { ...pledge, datagrams, commands: [{ argv: ['/bin/true'], timeoutMs: 1 }] };
  let state = step(guarded(), { kind: 'message', nowMs: 0, message: { kind: 'pledge', pledge: whole } }).state;
  state = step(state, { kind: 'message', nowMs: 0, message: { kind: 'lease', fromBootMs: 0, untilBootMs: 10 } }).state;
  const lapsed = step(state, { kind: 'tick', nowMs: 25, bootMs: 25, beats: 1, thread: undefined });
  assert.deepEqual(lapsed.effects[0], { kind: 'undo', pledge });
  const farewells = { ...whole, datagrams: [] };
  const told = step(lapsed.state, { kind: 'message', nowMs: 30, message: { kind: 'pledge', pledge: farewells } });
  assert.deepEqual(step(told.state, { kind: 'tick', nowMs: 50, bootMs: 50, beats: 2, thread: undefined }).effects, []);
});

test('a renewal that was proved after the end of the lease does not hide that end', () => {
  const lease = (fromBootMs: number, untilBootMs: number) =>
    ({ kind: 'message', nowMs: 0, message: { kind: 'lease', fromBootMs, untilBootMs } }) as const;
  const first = step(guarded(), lease(0, 40)).state;
  assert.deepEqual(step(first, lease(39, 80)).effects, []);
  assert.deepEqual(step(first, lease(41, 80)).effects[0], { kind: 'undo', pledge });
});

test('messages survive the wire', () => {
  const message = { kind: 'pledge', pledge } as const;
  const decoded = decodeMessage(encodeMessage(message).trimEnd());
  assert.deepEqual(decoded, { ok: true, value: message });
  assert.equal(decodeMessage('{"kind":"dance"}').ok, false);
  assert.equal(decodeMessage('{').ok, false);
});
