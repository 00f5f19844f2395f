// What the transition does to nodes and resources, in a line each, with reasons.

import type { Action } from '../actions/action.ts';
import { currentNodeOf } from '../actions/family.ts';
import type { Plan } from '../actions/plan.ts';
import { childrenOf } from '../configuration/tree.ts';
import {
  type ClusterNode,
  formatRole,
  isGuestOrBundleNode,
  type Primitive,
  type Resource,
  roles,
} from '../model/index.ts';
import { Outline } from './outline.ts';

export type Verb =
  | 'Start'
  | 'Stop'
  | 'Move'
  | 'Migrate'
  | 'Restart'
  | 'Recover'
  | 'Reload'
  | 'Promote'
  | 'Demote'
  | 'Re-promote';

export type ResourceChange = {
  readonly verb: Verb;
  readonly resource: Primitive;
  readonly from: ClusterNode | undefined;
  readonly to: ClusterNode | undefined;
  /** `due to …`, `… (blocked)`, or nothing. */
  readonly reason: string;
};

export type NodeChange = { readonly node: ClusterNode; readonly operation: string; readonly reason: string };

export function renderTransitionSummary(plan: Plan, changes: readonly ResourceChange[]): string {
  const out = new Outline();
  out.heading(0, 'Transition Summary');
  for (const { node, operation, reason } of nodeChanges(plan)) {
    out.item(1, `Fence (${operation}) ${fencedName(node)} '${reason}'`);
  }
  const details = changes.map(describePlaces);
  const widthOfId = changes.reduce((width, { resource: { id } }) => (id.length > width ? id.length + 2 : width), 5);
  const widthOfDetails = details.reduce((width, text) => Math.max(width, text.length), 5);
  changes.forEach((change, index) => {
    const { verb, resource, reason } = change;
    const places = (details[index] ?? '').padStart(widthOfDetails);
    const why = reason === '' ? '' : `  ${reason}`;
    out.item(1, `${verb.padEnd(8)}   ${resource.id.padEnd(widthOfId)}   ( ${places} )${why}`);
  });
  return out.toString();
}

/** A guest is fenced by what happens to its container. */
export function fencedName(node: ClusterNode): string {
  const container = isGuestOrBundleNode(node) ? node.connection?.launcher : undefined;
  return container === undefined ? node.name : `${node.name} (resource: ${container.id})`;
}

/** Fencing that will be done, newest first. */
export function nodeChanges(plan: Plan): NodeChange[] {
  const changes: NodeChange[] = [];
  for (const action of plan.actions) {
    const { task, node, reason } = action;
    if (task !== 'stonith' || action.optional || node === undefined || reason === undefined) continue;
    changes.push({ node, operation: action.meta('stonith_action') ?? '', reason });
  }
  return changes.reverse();
}

export function resourceChanges(plan: Plan): ResourceChange[] {
  const changes: ResourceChange[] = [];
  for (const resource of plan.cluster.resources) addChanges(plan, changes, resource);
  return changes;
}

function addChanges(plan: Plan, changes: ResourceChange[], resource: Resource): void {
  switch (resource.variant) {
    case 'primitive':
      changes.push(...changesOf(plan, resource));
      break;
    case 'bundle':
      for (const { ip, container, connection, child } of resource.replicas) {
        for (const part of [ip, container, connection, child]) {
          if (part !== undefined) changes.push(...changesOf(plan, part));
        }
      }
      break;
    default:
      for (const child of childrenOf(resource)) addChanges(plan, changes, child);
  }
}

/** The actions a line is made of. */
type Actions = {
  readonly start: Action | undefined;
  readonly stop: Action | undefined;
  readonly promote: Action | undefined;
  readonly demote: Action | undefined;
};

type Subject = Actions & {
  readonly plan: Plan;
  readonly resource: Primitive;
  readonly current: ClusterNode | undefined;
  readonly next: ClusterNode | undefined;
  readonly moving: boolean;
};

function changesOf(plan: Plan, resource: Primitive): ResourceChange[] {
  if (!resource.managed || (resource.removed && resource.activeNodes.length === 0)) return [];
  const current = currentNodeOf(resource);
  const next = resource.assignedNode;
  if (current === undefined && next === undefined) return [];
  if (current !== undefined && resource.currentRole === roles.stopped) resource.currentRole = roles.started;
  const subject: Subject = {
    plan,
    resource,
    current,
    next,
    moving: current !== undefined && next !== undefined && current !== next,
    ...actionsOf(plan, resource, current, next),
  };
  return resource.currentRole === resource.nextRole ? changesInRole(subject) : changesOfRole(subject);
}

function actionsOf(
  plan: Plan,
  resource: Primitive,
  current: ClusterNode | undefined,
  next: ClusterNode | undefined,
): Actions {
  const start = plan.find(resource, 'start', next);
  const stopNode = start === undefined || !start.runnable ? undefined : current;
  let stop = plan.find(resource, 'stop', stopNode);
  if (stop === undefined && plan.stoppingUnexpected.has(resource)) stop = plan.find(resource, 'stop', undefined);
  const promote = plan.find(resource, 'promote', next);
  const demote = plan.find(resource, 'demote', next);
  return { start, stop, promote, demote };
}

type Line = {
  readonly from?: ClusterNode | undefined;
  readonly to?: ClusterNode | undefined;
  /** Decides whether the line says that it is blocked. */
  readonly action: Action | undefined;
  /** Whose reason is shown; the action's own when undefined. */
  readonly source: Action | undefined;
};

function change({ resource }: Subject, verb: Verb, line: Line): ResourceChange {
  const source = line.source ?? line.action;
  const blocked = line.action !== undefined && !line.action.runnable;
  const words = source?.reason === undefined ? '' : `due to ${source.reason}`;
  const reason = blocked ? (words === '' ? 'blocked' : `${words} (blocked)`) : words;
  return { verb, resource, from: line.from, to: line.to, reason };
}

function changesInRole(subject: Subject): ResourceChange[] {
  const { plan, resource, current, next, start, stop, promote, demote } = subject;
  if (next === undefined) return [];
  const both = { from: current, to: next };
  const migrateFrom = plan.find(resource, 'migrate_from', next);
  if (migrateFrom?.runnable && current !== undefined) {
    return [change(subject, 'Migrate', { ...both, action: start, source: start })];
  }
  if (plan.reloading.has(resource)) return [change(subject, 'Reload', { ...both, action: start, source: start })];
  if (start === undefined || start.optional) {
    if (!demote?.required || !promote?.required) return [];
    return [change(subject, 'Re-promote', { ...both, action: promote, source: demote })];
  }
  const stopsHere = { from: current, to: undefined, action: stop, source: stop };
  if (!start.runnable) return [change(subject, 'Stop', { ...stopsHere, source: stop?.reason ? stop : start })];
  if (subject.moving) {
    return [change(subject, resource.failed ? 'Recover' : 'Move', { ...both, action: stop, source: stop })];
  }
  if (resource.failed) return [change(subject, 'Recover', stopsHere)];
  return [change(subject, 'Restart', { ...both, action: start, source: start })];
}

function changesOfRole(subject: Subject): ResourceChange[] {
  const { plan, resource, current, next, start, stop, promote, demote } = subject;
  const both = { from: current, to: next };
  if (stop !== undefined && (resource.nextRole === roles.stopped || (start !== undefined && !start.runnable))) {
    return resource.activeNodes.map((node) => stopOn(subject, node));
  }
  if (stop !== undefined && resource.failed && resource.stopIfFailed) {
    return [change(subject, 'Recover', { ...both, action: stop, source: start })];
  }
  if (subject.moving) return [change(subject, 'Move', { ...both, action: stop, source: stop })];
  if (plan.reloading.has(resource)) return [change(subject, 'Reload', { ...both, action: start, source: start })];
  if (stop?.required) return [change(subject, 'Restart', { ...both, action: start, source: start })];
  if (resource.currentRole === roles.promoted) {
    return [change(subject, 'Demote', { ...both, action: demote, source: demote })];
  }
  if (resource.nextRole === roles.promoted) {
    return [change(subject, 'Promote', { ...both, action: promote, source: promote })];
  }
  if (resource.currentRole === roles.stopped && resource.nextRole > roles.stopped) {
    return [change(subject, 'Start', { ...both, action: start, source: start })];
  }
  return [];
}

function stopOn(subject: Subject, node: ClusterNode): ResourceChange {
  const stop = subject.plan.find(subject.resource, 'stop', node);
  const source = stop?.reason === undefined ? subject.start : stop;
  return change(subject, 'Stop', { from: node, action: stop, source });
}

/** Where and in which roles: `node1`, `node1 -> node2`, `Promoted -> Unpromoted node1`, … */
function describePlaces({ resource, from, to }: ResourceChange): string {
  const [current, next] = [formatRole(resource.currentRole), formatRole(resource.nextRole)];
  const [origin, target] = [from?.name ?? '', to?.name ?? ''];
  const needsRole = resource.currentRole > roles.started || resource.nextRole > roles.unpromoted;
  const sameRole = resource.currentRole === resource.nextRole;
  if (from === undefined) return needsRole ? `${current} -> ${next} ${target}` : target;
  if (to === undefined) return needsRole ? `${current} ${origin}` : origin;
  if (sameRole && from === to) return needsRole ? `${current} ${origin}` : origin;
  if (sameRole) return needsRole ? `${origin} -> ${target} ${current}` : `${origin} -> ${target}`;
  if (from === to) return `${current} -> ${next} ${origin}`;
  return `${current} ${origin} -> ${next} ${target}`;
}
