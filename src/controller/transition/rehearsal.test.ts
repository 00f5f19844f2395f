import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rehearse } from './rehearsal.ts';
import type { Task, Transition } from './task.ts';

const node = { id: '1', name: 'a' };
const task = (
  id: number,
  inputs: readonly number[],
  work: Task['work'] = { kind: 'guest-gone', target: node },
): Task => ({
  id,
  key: `t${id}`,
  priority: 0,
  inputs,
  work,
});
const transitionOf = (tasks: readonly Task[], tasksMax = Number.POSITIVE_INFINITY): Transition => ({
  number: 0,
  uuid: 't',
  tasks,
  limits: { tasksMax, migrationsMax: 2, clusterDelayMs: 1000, dismissalMs: 1000 },
  recheckBySeconds: undefined,
});
const told = (transition: Transition, durations: readonly number[]) =>
  rehearse(transition, ({ id }) => durations[id] ?? 0).map(({ task: { id }, beginsMs, endsMs }) => [
    id,
    beginsMs,
    endsMs,
  ]);

test('a task begins when the last of its inputs is over, and milestones take no time', () => {
  const tasks = [task(0, []), task(1, []), task(2, [0, 1], { kind: 'milestone' }), task(3, [2]), task(4, [1])];
  assert.deepEqual(told(transitionOf(tasks), [50, 20, 1000, 5, 7]), [
    [0, 0, 50],
    [1, 0, 20],
    [4, 20, 27],
    [3, 50, 55],
  ]);
});

test('what may not be on the way at the same time is foreseen one after the other', () => {
  const execute = (name: string): Task['work'] => ({ kind: 'dismiss', node, transitionKey: name });
  const tasks = [task(0, [], execute('a')), task(1, [], execute('b'))];
  assert.deepEqual(told(transitionOf(tasks, 1), [10, 10]), [
    [0, 0, 10],
    [1, 10, 20],
  ]);
});
