// What actions do, and which of a collective's milestones completes which task.

import type { Action } from './action.ts';

const completions: Readonly<Record<string, string>> = {
  start: 'running',
  stop: 'stopped',
  promote: 'promoted',
  demote: 'demoted',
};

const completed: Readonly<Record<string, string>> = {
  running: 'start',
  stopped: 'stop',
  promoted: 'promote',
  demoted: 'demote',
};

const inverses: Readonly<Record<string, string>> = {
  start: 'stop',
  stop: 'start',
  promote: 'demote',
  demote: 'promote',
  running: 'stopped',
  stopped: 'running',
  promoted: 'demoted',
  demoted: 'promoted',
};

/** `running` for `start`; undefined when no milestone completes the task. */
export function completionOf(task: string): string | undefined {
  return completions[task];
}

/** `start` for `running`; any other task stands for itself. */
export function taskCompletedBy(task: string): string {
  return completed[task] ?? task;
}

/** `stop` for `start`, `promoted` for `demoted`; undefined when a task cannot be inverted. */
export function inverseOf(task: string): string | undefined {
  return inverses[task];
}

/** Of a notification the task it is about; of any other action its own task. */
export function notifiedTaskOf(action: Pick<Action, 'task' | 'key'>): string {
  if (action.task !== 'notify' && action.task !== 'notified') return action.task;
  return /_notify_(.+)_\d+$/.exec(action.key)?.[1] ?? action.task;
}
