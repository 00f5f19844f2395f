import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INFINITY_SCORE, Random } from '../../kit/index.ts';
import {
  type EngineEffect,
  type EngineState,
  engine,
  invariants,
  nextDeadline,
  step,
  tasksInFlight,
} from './engine.ts';
import type { Task, Transition, Work } from './task.ts';

const node = { id: '1', name: 'a' };

function operation(name: string, meta: Readonly<Record<string, string>> = {}): Work {
  const resource = { id: 'r', class: 'ocf', provider: 'fake', type: 'Dummy' };
  const order = {
    transitionKey: '1:0:0:t',
    operationKey: `r_${name}_0`,
    resource,
    operation: name,
    intervalMs: 0,
    timeoutMs: 20_000,
    startDelayMs: 0,
    expectedCode: 0,
    parameters: {},
    meta,
    digest: '',
    givenAtSeconds: 0,
  };
  return { kind: 'execute', node, via: node.name, order };
}

function transition(tasks: readonly Partial<Task>[], limits: Partial<Transition['limits']> = {}): Transition {
  return {
    number: 0,
    uuid: 't',
    tasks: tasks.map((task, id) => ({ id, key: `t${id}`, priority: 0, inputs: [], work: operation('start'), ...task })),
    limits: {
      tasksMax: Number.POSITIVE_INFINITY,
      migrationsMax: Number.POSITIVE_INFINITY,
      clusterDelayMs: 60_000,
      dismissalMs: 1_000_000,
      ...limits,
    },
    recheckBySeconds: undefined,
  };
}

/** Ids of what was begun. */
function begun(effects: readonly EngineEffect[]): number[] {
  return effects.flatMap((effect) => (effect.kind === 'perform' ? [effect.task.id] : []));
}

function endOf(effects: readonly EngineEffect[]): string | undefined {
  const finished = effects.find((effect) => effect.kind === 'finished');
  return finished?.kind === 'finished' ? finished.end : undefined;
}

test('an empty transition is complete at once', () => {
  assert.equal(endOf(step(engine(transition([])), { kind: 'started', nowMs: 0 }).effects), 'complete');
});

test('of what may be done, the higher priority goes first, and no more at once than batch-limit', () => {
  const state = engine(transition([{}, { priority: 5 }, { priority: 10 }], { tasksMax: 2 }));
  const first = step(state, { kind: 'started', nowMs: 0 });
  assert.deepEqual(begun(first.effects), [2, 1]);
  assert.deepEqual(begun(step(first.state, { kind: 'confirmed', task: 2, nowMs: 1 }).effects), [0]);
});

test('after an abort only what is at least as important is begun, and after one at infinity nothing', () => {
  const tasks = [{}, { inputs: [0], priority: 10 }, { inputs: [0], priority: 1 }];
  const started = step(engine(transition(tasks)), { kind: 'started', nowMs: 0 }).state;
  for (const [priority, expected] of [
    [5, [1]],
    [INFINITY_SCORE, []],
  ] as const) {
    const aborted = step(started, { kind: 'abort', reason: 'news', priority, nowMs: 1 });
    assert.deepEqual(begun(aborted.effects), []);
    assert.equal(aborted.state.finished, false);
    assert.deepEqual(begun(step(aborted.state, { kind: 'confirmed', task: 0, nowMs: 2 }).effects), [...expected]);
  }
});

test('a node has no more migrations at once than migration-limit, but what has left must arrive', () => {
  const meta = { migrate_source: 'a', migrate_target: 'b' };
  const [to, from] = [operation('migrate_to', meta), operation('migrate_from', meta)];
  const tasks = [{ work: to }, { work: to }, { work: from, inputs: [0] }];
  const first = step(engine(transition(tasks, { migrationsMax: 1 })), { kind: 'started', nowMs: 0 });
  assert.deepEqual(begun(first.effects), [0]);
  const second = step(first.state, { kind: 'confirmed', task: 0, nowMs: 1 });
  assert.deepEqual(begun(second.effects), [2]);
  assert.deepEqual(begun(step(second.state, { kind: 'confirmed', task: 2, nowMs: 2 }).effects), [1]);
});

test('an answer that does not come is a failure after timeout and cluster delay', () => {
  const started = step(engine(transition([{}, { inputs: [0] }])), { kind: 'started', nowMs: 1_000 }).state;
  assert.equal(nextDeadline(started), 81_000);
  const early = step(started, { kind: 'tick', nowMs: 80_999 });
  assert.deepEqual(early.effects, []);
  const late = step(early.state, { kind: 'tick', nowMs: 81_000 });
  assert.deepEqual(
    late.effects.map(({ kind }) => kind),
    ['lost', 'finished'],
  );
  assert.equal(endOf(late.effects), 'failed');
});

test('what waits for something outside of the graph is never begun, and the transition says so', () => {
  const done = step(engine(transition([{ inputs: [99] }])), { kind: 'started', nowMs: 0 });
  assert.deepEqual(begun(done.effects), []);
  assert.equal(endOf(done.effects), 'failed');
});

test('whatever comes in whatever order, a transition ends, and begins nothing before its inputs are confirmed', () => {
  const ends = new Map<string, number>();
  for (let seed = 0; seed < 400; seed++) {
    const random = new Random(`engine/${seed}`);
    const end = runRandomly(random);
    ends.set(end, (ends.get(end) ?? 0) + 1);
  }
  assert.deepEqual([...ends.keys()].toSorted(), ['aborted', 'complete', 'failed']);
});

function runRandomly(random: Random): string {
  const count = random.between(1, 30);
  const tasks = Array.from({ length: count }, (_, id) => ({
    priority: random.pick([0, 0, 5]) ?? 0,
    inputs: Array.from({ length: id }, (_each, input) => input).filter(() => random.chance(0.15)),
    work: random.chance(0.3) ? ({ kind: 'milestone' } as const) : operation('start'),
  }));
  const troubled = random.chance(0.6);
  let state: EngineState = engine(transition(tasks, { tasksMax: random.between(1, 8) }));
  let nowMs = 0;
  let event: Parameters<typeof step>[1] = { kind: 'started', nowMs };
  for (let steps = 0; steps < 1_000; steps++) {
    const done = step(state, event);
    state = done.state;
    invariants(state);
    const end = endOf(done.effects);
    if (end !== undefined) {
      assert.deepEqual(tasksInFlight(state), []);
      return end;
    }
    nowMs += random.between(0, 30_000);
    const task = random.pick(tasksInFlight(state))?.id ?? 0;
    const choice = troubled ? random.below(12) : 0;
    if (choice === 1) event = { kind: 'failed', task, nowMs };
    else if (choice === 2) event = { kind: 'tick', nowMs };
    else if (choice === 3 && random.chance(0.3))
      event = { kind: 'abort', reason: 'news', priority: random.pick([3, INFINITY_SCORE]) ?? 3, nowMs };
    else if (choice === 4) event = { kind: 'confirmed', task: random.below(count + 2), nowMs };
    else if (choice === 5 && random.chance(0.2)) event = { kind: 'node-gone', node: 'a', nowMs };
    else event = { kind: 'confirmed', task, nowMs };
  }
  assert.fail('the transition does not end');
}
