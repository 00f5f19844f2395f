// The key an operation is recorded under: with the name the status section knows the resource by.

import type { Action } from '../actions/action.ts';

export function operationKeyOf(action: Action): string {
  const name = action.resource?.historyId;
  if (name === undefined) return action.key;
  if (action.task === 'notify') {
    return `${name}_${action.meta('notify_type')}_notify_${action.meta('notify_operation')}_0`;
  }
  const task = action.task === 'cancel' ? (action.meta('operation') ?? action.task) : action.task;
  return `${name}_${task}_${action.meta('interval') ?? '0'}`;
}
