import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ExecutorEvent, type ExecutorState, executor, nextDeadline, type Request, step } from './executor.ts';
import type { Outcome } from './outcome.ts';

const ok: Outcome = { status: 'done', code: 0, reason: '', output: '', durationMs: 1 };
const notRunning: Outcome = { ...ok, code: 7 };

let calls = 0;
function request(resource: string, action: string, intervalMs = 0, startDelayMs = 0): Request {
  const operation = { resource, action, intervalMs, timeoutMs: 1000, parameters: {}, meta: {} };
  return { callId: ++calls, agent: { class: 'lsb', type: resource }, operation, startDelayMs };
}

/** Plays events and returns what came of them, in words. */
function play(first: ExecutorState, events: readonly ExecutorEvent[]) {
  let state = first;
  const words: string[] = [];
  for (const event of events) {
    const done = step(state, event);
    state = done.state;
    for (const effect of done.effects) {
      if (effect.kind === 'kill') {
        words.push(`${event.nowMs} kill ${effect.runId}`);
        continue;
      }
      const { operation } = effect.request;
      const code = effect.kind === 'report' ? ` ${effect.outcome.code}` : '';
      words.push(`${event.nowMs} ${effect.kind} ${operation.resource} ${operation.action}${code}`);
    }
  }
  return { state, words };
}

test('a resource has one operation at a time, and resources run beside each other', () => {
  const { words } = play(executor(8), [
    { kind: 'request', nowMs: 0, request: request('a', 'start') },
    { kind: 'request', nowMs: 0, request: request('a', 'monitor') },
    { kind: 'request', nowMs: 0, request: request('b', 'start') },
    { kind: 'finished', nowMs: 5, runId: 1, outcome: ok },
  ]);
  assert.deepEqual(words, ['0 run a start', '0 run b start', '5 report a start 0', '5 run a monitor']);
});

test('what is being undone already is not what the next result is compared with', () => {
  const { words } = play(executor(8), [
    { kind: 'request', nowMs: 0, request: request('a', 'monitor', 10) },
    { kind: 'finished', nowMs: 1, runId: 1, outcome: ok },
    { kind: 'tick', nowMs: 10 },
    { kind: 'finished', nowMs: 11, runId: 2, outcome: notRunning, passing: true },
    { kind: 'noticed', nowMs: 12, resource: 'a', outcome: notRunning },
  ]);
  assert.deepEqual(words, ['0 run a monitor', '1 report a monitor 0', '10 run a monitor', '12 report a monitor 7']);
});

test('a recurring operation keeps its beat, leaves out what it missed, and reports changes only', () => {
  const { words, state } = play(executor(8), [
    { kind: 'request', nowMs: 3, request: request('a', 'monitor', 10) },
    { kind: 'finished', nowMs: 4, runId: 1, outcome: ok },
    { kind: 'tick', nowMs: 12 },
    { kind: 'tick', nowMs: 13 },
    { kind: 'finished', nowMs: 36, runId: 2, outcome: ok },
    { kind: 'tick', nowMs: 43 },
    { kind: 'finished', nowMs: 44, runId: 3, outcome: notRunning },
  ]);
  const expected = ['3 run a monitor', '4 report a monitor 0', '13 run a monitor', '43 run a monitor'];
  assert.deepEqual(words, [...expected, '44 report a monitor 7']);
  assert.equal(nextDeadline(state), 53);
});

test('a revoked start is ended and counts as failed whatever it comes to, one that waits is never begun', () => {
  const { words, state } = play(executor(2), [
    { kind: 'request', nowMs: 0, request: request('a', 'start') },
    { kind: 'request', nowMs: 0, request: request('b', 'monitor') },
    { kind: 'request', nowMs: 0, request: request('c', 'start') },
    { kind: 'revoke', nowMs: 1, reason: 'the lease lapsed' },
    { kind: 'finished', nowMs: 2, runId: 1, outcome: ok },
    { kind: 'finished', nowMs: 3, runId: 2, outcome: ok },
  ]);
  const revoked = ['1 report c start 1', '1 kill 1', '2 report a start 1'];
  assert.deepEqual(words, ['0 run a start', '0 run b monitor', ...revoked, '3 report b monitor 0']);
  assert.deepEqual([state.waiting, state.running], [[], []]);
});

test('a stop cancels what recurs and goes before what waits', () => {
  const { words } = play(executor(8), [
    { kind: 'request', nowMs: 0, request: request('a', 'monitor', 10) },
    { kind: 'request', nowMs: 1, request: request('a', 'notify') },
    { kind: 'request', nowMs: 2, request: request('a', 'stop') },
    { kind: 'finished', nowMs: 3, runId: 1, outcome: notRunning },
  ]);
  assert.deepEqual(words, ['0 run a monitor', '2 cancelled a monitor', '3 run a stop']);
});

test('what an agent notices is the result of its most frequent monitor, once, and not while the resource is changed', () => {
  const noticed = { kind: 'noticed', resource: 'a', outcome: notRunning } as const;
  const first = play(executor(8), [
    { kind: 'request', nowMs: 0, request: request('a', 'monitor', 20) },
    { kind: 'finished', nowMs: 1, runId: 1, outcome: ok },
    { kind: 'request', nowMs: 2, request: request('a', 'monitor', 10) },
    { kind: 'finished', nowMs: 3, runId: 2, outcome: ok },
    { ...noticed, nowMs: 4 },
    { ...noticed, nowMs: 5 },
    { kind: 'tick', nowMs: 12 },
    { kind: 'finished', nowMs: 13, runId: 3, outcome: notRunning },
    { kind: 'request', nowMs: 14, request: request('a', 'stop') },
    { ...noticed, nowMs: 15 },
  ]);
  assert.deepEqual(first.words.slice(4), [
    '4 report a monitor 7',
    '12 run a monitor',
    '14 cancelled a monitor',
    '14 cancelled a monitor',
    '14 run a stop',
  ]);
});

test('a monitor that is resumed tells only what differs from what is known', () => {
  const known = { ...request('a', 'monitor', 10), knownCode: 0 };
  const { words } = play(executor(8), [
    { kind: 'request', nowMs: 0, request: known },
    { kind: 'finished', nowMs: 1, runId: 1, outcome: ok },
    { kind: 'tick', nowMs: 10 },
    { kind: 'finished', nowMs: 11, runId: 2, outcome: notRunning },
  ]);
  assert.deepEqual(words, ['0 run a monitor', '10 run a monitor', '11 report a monitor 7']);
});

test('whatever is asked, no resource runs twice at once, the limit holds, and one-shot results are all reported', () => {
  const command = fc.record({
    resource: fc.constantFrom('a', 'b', 'c'),
    action: fc.constantFrom('start', 'stop', 'monitor'),
    recurring: fc.boolean(),
    finishes: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), fc.array(command, { maxLength: 60 }), (runsMax, commands) => {
      let state = executor(runsMax);
      let nowMs = 0;
      const owed = new Set<number>();
      const handle = (event: ExecutorEvent) => {
        const done = step(state, event);
        state = done.state;
        for (const effect of done.effects) if (effect.kind === 'report') owed.delete(effect.request.callId);
        const resources = state.running.map((run) => run.request.operation.resource);
        assert.equal(new Set(resources).size, resources.length);
        assert.ok(resources.length <= runsMax);
      };
      for (const { resource, action, recurring, finishes } of commands) {
        nowMs += 3;
        const asked = request(resource, action, recurring && action === 'monitor' ? 10 : 0);
        if (asked.operation.intervalMs === 0) owed.add(asked.callId);
        handle({ kind: 'request', nowMs, request: asked });
        const run = state.running[0];
        if (finishes && run !== undefined) handle({ kind: 'finished', nowMs, runId: run.runId, outcome: ok });
      }
      for (let rounds = 0; rounds < 500 && owed.size > 0; rounds++) {
        nowMs += 1;
        const run = state.running[0];
        handle(
          run === undefined ? { kind: 'tick', nowMs } : { kind: 'finished', nowMs, runId: run.runId, outcome: ok },
        );
      }
      assert.equal(owed.size, 0);
    }),
  );
});
