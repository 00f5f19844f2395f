// The cluster node through which an action on a remote-type node is sent.

import type { Action } from '../actions/action.ts';
import { currentNodeOf } from '../actions/family.ts';
import { notifiedTaskOf } from '../actions/tasks.ts';
import { type ClusterNode, isRemoteType } from '../model/index.ts';

const tasksBeforeMove = new Set(['cancel', 'stop', 'demote', 'migrate_from', 'migrate_to']);

/** The connection's host before or after it moves, depending on what the action is. */
export function routerOf(action: Action): ClusterNode | undefined {
  const { node } = action;
  const connection = node?.connection;
  if (node === undefined || !isRemoteType(node) || connection === undefined || action.task === 'stonith') {
    return undefined;
  }
  const before = currentNodeOf(connection);
  const after = connection.assignedNode;
  if (before === undefined) return after;
  if (after === undefined || before === after) return before;
  const migrates = connection.launcher === undefined && connection.migration !== undefined;
  return tasksBeforeMove.has(notifiedTaskOf(action)) && !migrates ? before : after;
}
