// What happens on a remote or guest node needs the connection to it: started before, stopped after, and where it is lost
// for good, the node has to be fenced.

import { type ClusterNode, isRemoteType, type Primitive, type Resource, roles } from '../model/index.ts';
import { shutdownRequested } from '../status/node-state.ts';
import type { Action } from './action.ts';
import { currentNodeOf } from './family.ts';
import { decideToFence } from './fence-action.ts';
import { does, action as existing, order } from './ordering.ts';
import type { Plan } from './plan.ts';
import { FIRST_IMPLIES_THEN, GUEST_ALLOWED, ORDERED, THEN_IMPLIES_FIRST, UNRUNNABLE_FIRST_BLOCKS } from './relation.ts';

export type ConnectionState = 'alive' | 'resting' | 'unknown' | 'failed' | 'stopped';

export function orderRemoteActions(plan: Plan): void {
  if (!plan.cluster.nodes.some(isRemoteType)) return;
  for (let index = plan.actions.length - 1; index >= 0; index--) {
    const action = plan.actions[index];
    const resource = action?.resource;
    if (action === undefined || resource === undefined) continue;
    const isConnection = resource.variant === 'primitive' && resource.connectionKind !== 'none';
    if (action.task === 'clear_failcount' && isConnection) {
      order(plan, existing(action), does(resource, 'start'), ORDERED);
      continue;
    }
    const connection = action.node?.connection;
    if (action.pseudo || action.node === undefined || !isRemoteType(action.node) || connection === undefined) continue;
    if (action.task === 'start') orderAfterStopsElsewhere(plan, action, connection);
    if (connection.launcher === undefined) orderOnRemote(plan, action, action.node, connection);
    else orderOnGuest(plan, action, action.node, { connection, container: connection.launcher });
  }
}

/** Before it starts on a remote node, its stop elsewhere waits for the connection, too: no stop for nothing. */
function orderAfterStopsElsewhere(plan: Plan, start: Action, connection: Primitive): void {
  if (start.resource === undefined) return;
  for (const stop of plan.actionsOf(start.resource)) {
    if (stop.task !== 'stop' || stop.node === undefined || stop.node === start.node) continue;
    order(plan, does(connection, 'start'), existing(stop), ORDERED);
  }
}

function startFirst(plan: Plan, way: Resource, action: Action, kinds = 0): void {
  order(plan, does(way, 'start'), existing(action), GUEST_ALLOWED | UNRUNNABLE_FIRST_BLOCKS | kinds);
}

function stopAfter(plan: Plan, action: Action, connection: Primitive, kinds = 0): void {
  order(plan, existing(action), does(connection, 'stop'), GUEST_ALLOWED | kinds);
}

type Guest = { readonly connection: Primitive; readonly container: Resource };

const knownTasks = new Set(['monitor', 'start', 'stop', 'promote', 'demote', 'notify', 'reload-agent', 'delete']);

function orderOnGuest(plan: Plan, action: Action, node: ClusterNode, { connection, container }: Guest): void {
  if (container.failed) decideToFence(plan, node, 'container failed');
  switch (effectiveTask(action)) {
    case 'start':
    case 'promote':
      startFirst(plan, container, action, FIRST_IMPLIES_THEN);
      startFirst(plan, connection, action);
      break;
    case 'stop':
    case 'demote':
      if (!container.failed) stopAfter(plan, action, connection);
      break;
    default:
      if (action.intervalMs === 0) startFirst(plan, connection, action);
      else if (knownTasks.has(action.task)) startFirst(plan, connection, action, FIRST_IMPLIES_THEN);
  }
}

function orderOnRemote(plan: Plan, action: Action, node: ClusterNode, connection: Primitive): void {
  const state = connectionStateOf(node);
  switch (effectiveTask(action)) {
    case 'start':
    case 'promote':
      startFirst(plan, connection, action, state === 'failed' ? FIRST_IMPLIES_THEN : 0);
      break;
    case 'stop':
      orderStopOnRemote(plan, action, node, { connection, state });
      break;
    case 'demote':
      if (state === 'resting' || state === 'unknown') startFirst(plan, connection, action);
      break;
    default:
      if (action.intervalMs > 0) {
        startFirst(plan, connection, action, FIRST_IMPLIES_THEN);
        break;
      }
      if (action.task === 'monitor' && state === 'failed') {
        decideToFence(plan, node, 'resources are in unknown state and connection is unrecoverable');
      }
      if (connection.currentRole === roles.started && state === 'stopped') {
        stopAfter(plan, action, connection, UNRUNNABLE_FIRST_BLOCKS);
      } else startFirst(plan, connection, action);
  }
}

function orderStopOnRemote(
  plan: Plan,
  action: Action,
  node: ClusterNode,
  { connection, state }: { readonly connection: Primitive; readonly state: ConnectionState },
): void {
  if (state === 'alive') stopAfter(plan, action, connection, THEN_IMPLIES_FIRST);
  else if (state === 'failed') {
    decideToFence(plan, node, 'resources are active but connection is unrecoverable');
  } else if (connection.nextRole === roles.stopped) stopAfter(plan, action, connection, THEN_IMPLIES_FIRST);
  else startFirst(plan, connection, action);
}

/** Leaving a node by migration means to leave it. */
function effectiveTask({ task }: Action): string {
  return task === 'migrate_to' || task === 'migrate_from' ? 'stop' : task;
}

/** What can be said about the connection to a remote node when the plan is carried out. */
export function connectionStateOf(node: ClusterNode): ConnectionState {
  const { connection } = node;
  if (connection === undefined) return 'unknown';
  const current = currentNodeOf(connection);
  if (connection.nextRole === roles.stopped || connection.assignedNode === undefined) {
    if (current?.unclean) return 'failed';
    if (!connection.failed) return 'stopped';
    const reconnects = connection.nextRole === roles.stopped && connection.reconnectIntervalMs > 0;
    return reconnects && node.remoteFenced && !shutdownRequested(node) ? 'unknown' : 'failed';
  }
  if (current === undefined) return 'unknown';
  if (current.unclean || !current.online) return 'resting';
  if (connection.activeNodes.length > 1 && connection.migration !== undefined) return 'resting';
  return 'alive';
}
