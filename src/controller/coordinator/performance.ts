// How each kind of task is carried out: an order to a node, or a change of the status section. A change that would
// change nothing is done already; nobody would tell us that it came about.
import type { XmlElement } from '../../cib/index.ts';
import { recordedOperations, transientAttributesOf } from '../document/query.ts';
import { applyStatus, type NodeName, type StatusUpdate } from '../document/status.ts';
import type { ClusterMessage, StatusMessage } from '../message.ts';
import type { Task, Work } from '../transition/task.ts';

export type Performance =
  | { readonly kind: 'send'; readonly messages: readonly ClusterMessage[] }
  | { readonly kind: 'done-already' }
  | { readonly kind: 'fence'; readonly work: Extract<Work, { kind: 'fence' }> };

export function performanceOf(cib: XmlElement, { work }: Task): Performance {
  switch (work.kind) {
    case 'milestone':
      return { kind: 'done-already' };
    case 'execute':
      return { kind: 'send', messages: [{ kind: 'execute', node: work.via, on: work.node, order: work.order }] };
    case 'cancel':
      return cancelling(cib, work);
    case 'fence':
      return { kind: 'fence', work };
    case 'guest-gone':
      return updating(cib, [{ kind: 'node-left', node: work.target, how: 'fenced' }]);
    case 'dismiss':
      return {
        kind: 'send',
        messages: [
          { kind: 'status', updates: [{ kind: 'node-dismissed', node: work.node }] },
          { kind: 'dismiss', node: work.node.name, transitionKey: work.transitionKey },
        ],
      };
    case 'forget-history':
      return updating(cib, [
        { kind: 'forget', node: work.node, resource: work.resource, operation: undefined, intervalMs: undefined },
      ]);
    case 'forget-failures':
      return updating(cib, forgetting(cib, work.node, work.resource));
  }
}

/** Whether this change of the status section is what the task asked for. */
export function isAnsweredBy({ work }: Task, update: StatusUpdate): boolean {
  switch (work.kind) {
    case 'cancel':
      return (
        update.kind === 'forget' &&
        isSame(work, update) &&
        update.operation === work.operation &&
        update.intervalMs === work.intervalMs
      );
    case 'guest-gone':
      return update.kind === 'node-left' && update.node.id === work.target.id;
    case 'dismiss':
      return update.kind === 'node-left' && update.node.id === work.node.id && update.how === 'shutdown';
    case 'forget-history':
      return update.kind === 'forget' && isSame(work, update) && update.operation === undefined;
    case 'forget-failures':
      return update.kind === 'forget-failure' && isSame(work, update);
    default:
      return false;
  }
}

/** Part of what the task asked for, though not the end of it. */
export function isExpectedBy({ work }: Task, update: StatusUpdate): boolean {
  if (work.kind === 'dismiss') return update.kind === 'node-dismissed' && update.node.id === work.node.id;
  if (work.kind !== 'forget-failures' || update.kind !== 'attribute') return false;
  return update.value === undefined && update.node.id === work.node.id && isFailureOf(work.resource, update.name);
}

function isSame(
  work: { readonly node: NodeName; readonly resource: string },
  update: { readonly node: NodeName; readonly resource: string },
): boolean {
  return work.node.id === update.node.id && work.resource === update.resource;
}

function cancelling(cib: XmlElement, work: Extract<Work, { kind: 'cancel' }>): Performance {
  const isRecorded = recordedOperations(cib).some(
    ({ node, resource, entry }) =>
      node.id === work.node.id &&
      resource === work.resource &&
      entry.get('operation') === work.operation &&
      entry.get('interval') === String(work.intervalMs),
  );
  if (!isRecorded) return { kind: 'done-already' };
  const { via, resource, operation, intervalMs, transitionKey } = work;
  return { kind: 'send', messages: [{ kind: 'cancel', node: via, resource, operation, intervalMs, transitionKey }] };
}

function forgetting(cib: XmlElement, node: NodeName, resource: string): StatusUpdate[] {
  const names = [...transientAttributesOf(cib, node).keys()].filter((name) => isFailureOf(resource, name));
  return [
    ...names.map((name) => ({ kind: 'attribute' as const, node, name, value: undefined })),
    { kind: 'forget-failure', node, resource },
  ];
}

function isFailureOf(resource: string, name: string): boolean {
  return name.startsWith(`fail-count-${resource}#`) || name.startsWith(`last-failure-${resource}#`);
}

type PlainUpdate = Exclude<StatusUpdate, { kind: 'node-history' }>;

function updating(cib: XmlElement, updates: readonly StatusUpdate[]): Performance {
  if (updates.reduce(applyStatus, cib) === cib) return { kind: 'done-already' };
  return { kind: 'send', messages: [{ kind: 'status', updates: updates.map(messageOf) }] };
}

function messageOf(update: StatusUpdate): StatusMessage {
  return update as PlainUpdate;
}
