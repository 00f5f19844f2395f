// The notifications proper: one action per instance and phase, carrying the lists of what starts, stops and runs where.
// They are made when the graph is, because only then is it known what will happen.

import { INFINITY_SCORE } from '../../kit/index.ts';
import { compareBytes } from '../configuration/naming.ts';
import {
  type Clone,
  type ClusterNode,
  isGuestOrBundleNode,
  isRemoteType,
  type Primitive,
  roles,
} from '../model/index.ts';
import { type Action, OPTIONAL } from './action.ts';
import { currentNodeOf, primitivesOf } from './family.ts';
import type { Notification, NotifiedTask } from './notification.ts';
import type { Plan } from './plan.ts';
import { ORDERED, relate } from './relation.ts';
import { requestAction } from './request.ts';

type Entry = { readonly resource: Primitive; readonly node: ClusterNode | undefined };
type Lists = { readonly [Name in ListName]: Entry[] };
type ListName = NotifiedTask | 'active' | 'inactive' | 'unpromoted' | 'promoted';

export type NotifyData = ReadonlyMap<string, string>;

const pairs: readonly NotifiedTask[] = ['start', 'stop', 'promote', 'demote'];

/** Makes the notifications of a clone's four pairs. */
export function createNotifyActions(plan: Plan, clone: Clone): void {
  const notifications = plan.notifications.get(clone);
  if (notifications === undefined) return;
  for (const task of pairs) {
    const notification = notifications[task];
    if (notification === undefined) continue;
    const lists = collect(plan, clone);
    const data = dataOf(plan, clone, lists);
    const happens = lists[task].length > 0;
    if (happens) requireAll(notification);
    for (const primitive of primitivesOf(clone)) {
      notifyPrimitive(plan, primitive, { task, notification, data, happens });
    }
  }
}

function requireAll({ pre, preDone, post, postDone }: Notification): void {
  for (const each of [pre, preDone, post, postDone]) each?.clear(OPTIONAL);
}

function collect(plan: Plan, clone: Clone): Lists {
  const lists: Lists = {
    start: [],
    stop: [],
    promote: [],
    demote: [],
    active: [],
    inactive: [],
    unpromoted: [],
    promoted: [],
  };
  for (const resource of primitivesOf(clone)) {
    addState(lists, resource);
    for (const action of plan.actionsOf(resource)) addAction(lists, resource, action);
  }
  return lists;
}

function addState(lists: Lists, resource: Primitive): void {
  const entry = { resource, node: resource.activeNodes[0] };
  switch (resource.currentRole) {
    case roles.promoted:
      lists.promoted.push(entry);
      lists.active.push(entry);
      break;
    case roles.unpromoted:
      lists.unpromoted.push(entry);
      lists.active.push(entry);
      break;
    case roles.started:
      lists.active.push(entry);
      break;
    default:
      lists.inactive.push(entry);
  }
}

function addAction(lists: Lists, resource: Primitive, action: Action): void {
  const { task, node } = action;
  if (task !== 'start' && task !== 'stop' && task !== 'promote' && task !== 'demote') return;
  if (action.optional || node === undefined) return;
  if (!action.runnable && !(task === 'stop' && node.unclean)) return;
  lists[task].push({ resource, node });
}

/** The lists as agents read them from their environment. */
function dataOf(plan: Plan, clone: Clone, lists: Lists): NotifyData {
  const data = new Map<string, string>();
  const write = (name: string, entries: readonly Entry[], ...aliases: readonly string[]) => {
    for (const each of [name, ...aliases]) addLists(data, each, entries);
  };
  write('stop', lists.stop);
  write('start', lists.start);
  write('demote', lists.demote);
  write('promote', lists.promote);
  write('active', lists.active);
  write('unpromoted', lists.unpromoted, 'slave');
  write('promoted', lists.promoted, 'master');
  data.set('notify_inactive_resource', resourceList(lists.inactive));
  const { nodes } = plan.cluster;
  data.set('notify_available_uname', nodeList(nodes.filter((node) => clone.allowed.has(node.index))));
  data.set('notify_all_uname', nodeList(nodes));
  if (clone.meta.get('container-attribute-target') === 'host') {
    data.set('notify_all_hosts', nodeList(nodes.map(hostOf)));
  }
  return data;
}

function addLists(data: Map<string, string>, name: string, entries: readonly Entry[]): void {
  data.set(`notify_${name}_resource`, resourceList(entries));
  data.set(`notify_${name}_uname`, nodeList(distinctById(entries).map(({ node }) => node)));
}

function resourceList(entries: readonly Entry[]): string {
  return entries.length === 0
    ? ' '
    : distinctById(entries)
        .map(({ resource }) => notifyName(resource))
        .join(' ');
}

function notifyName(resource: Primitive): string {
  return resource.id;
}

function nodeList(nodes: readonly (ClusterNode | undefined)[]): string {
  const names = nodes.flatMap((node) => (node === undefined ? [] : [node.name]));
  return names.length === 0 ? ' ' : names.join(' ');
}

function distinctById(entries: readonly Entry[]): Entry[] {
  const sorted = [...entries].sort(
    (a, b) => compareBytes(a.resource.id, b.resource.id) || compareBytes(a.node?.id ?? '', b.node?.id ?? ''),
  );
  return sorted.filter((entry, index) => entry.resource.id !== sorted[index - 1]?.resource.id);
}

/** Where the agent of an active guest really runs. */
function hostOf(node: ClusterNode): ClusterNode {
  const container = isGuestOrBundleNode(node) ? node.connection?.launcher : undefined;
  return container === undefined ? node : (currentNodeOf(container) ?? node);
}

export type NotifyOptions = {
  readonly task: string;
  readonly notification: Notification;
  readonly data: NotifyData;
  /** Something of this pair's task really happens. */
  readonly happens: boolean;
};

export function notifyPrimitive(plan: Plan, resource: Primitive, options: NotifyOptions): void {
  const { task, data, happens } = options;
  for (const action of plan.actionsOf(resource)) {
    if (action.optional || action.node === undefined || !isNotified(action.task)) continue;
    for (const [name, value] of data) action.addMeta(name, value);
  }
  if (!happens && task !== 'stop') return;
  if ((task === 'stop' || task === 'demote') && resource.currentRole !== roles.stopped) {
    for (const node of resource.activeNodes) notifyLeaving(plan, resource, node, options);
  }
  if ((task === 'start' || task === 'promote') && resource.nextRole !== roles.stopped) {
    notifyComing(plan, resource, options);
  }
}

function isNotified(task: string): task is NotifiedTask {
  return task === 'start' || task === 'stop' || task === 'promote' || task === 'demote';
}

function notifyLeaving(plan: Plan, resource: Primitive, node: ClusterNode, options: NotifyOptions): void {
  const stop = plan.newest(resource, 'stop', undefined);
  if (stop?.pseudo && (node.unclean || node.remoteReset)) return;
  notify(plan, resource, { ...options, node, phase: 'pre' });
  if (options.task === 'demote' || stop === undefined || stop.optional) {
    notify(plan, resource, { ...options, node, phase: 'post' });
  }
}

function notifyComing(plan: Plan, resource: Primitive, options: NotifyOptions): void {
  const start = plan.newest(resource, 'start', undefined);
  if (start?.node !== undefined && isRemoteType(start.node) && start.node.connection !== undefined) {
    const connectionStart = plan.newest(start.node.connection, 'start', undefined);
    if (connectionStart !== undefined && !connectionStart.runnable) return;
  }
  const node = resource.assignedNode;
  if (node === undefined) return;
  if (options.task === 'promote' || start === undefined || start.optional) {
    notify(plan, resource, { ...options, node, phase: 'pre' });
  }
  notify(plan, resource, { ...options, node, phase: 'post' });
}

type NotifiedPhase = NotifyOptions & { readonly node: ClusterNode; readonly phase: 'pre' | 'post' };

function notify(plan: Plan, resource: Primitive, options: NotifiedPhase): void {
  const action = createNotify(plan, resource, options);
  if (options.phase === 'pre') return;
  if (action !== undefined) action.priority = INFINITY_SCORE;
  // Even where nobody can be told, what recurs waits until the others have been.
  for (const each of plan.actionsOf(resource)) {
    if (each.intervalMs !== 0 && each.task !== 'cancel') relate(options.notification.postDone, each, ORDERED);
  }
}

function createNotify(plan: Plan, resource: Primitive, options: NotifiedPhase): Action | undefined {
  const { notification, node, phase, data } = options;
  const [milestone, done] =
    phase === 'pre' ? [notification.pre, notification.preDone] : [notification.post, notification.postDone];
  if (milestone === undefined || done === undefined || !milestone.runnable || !node.online) return undefined;
  const action = requestAction(plan, {
    resource,
    task: milestone.task,
    name: `${phase}_notify_${notification.task}`,
    node,
    need: milestone.optional ? 'optional' : 'required',
  });
  for (const [name, value] of milestone.added ?? []) if (action.meta(name) === undefined) action.addMeta(name, value);
  for (const [name, value] of data) action.addMeta(name, value);
  relate(milestone, action, ORDERED);
  relate(action, done, ORDERED);
  return action;
}
