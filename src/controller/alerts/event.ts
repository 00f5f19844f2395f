// What alert agents hear of: nodes that come and go, fencing, what resources did, attributes that changed.
import type { NodeName, StatusUpdate } from '../document/status.ts';
import type { ClusterMessage } from '../message.ts';

export type AlertEvent =
  | { readonly kind: 'node'; readonly node: NodeName; readonly description: 'member' | 'lost' }
  | {
      readonly kind: 'fencing';
      /** The node that was to be fenced. */
      readonly node: NodeName;
      readonly task: string;
      readonly code: number;
      readonly description: string;
    }
  | {
      readonly kind: 'resource';
      readonly node: NodeName;
      readonly resource: string;
      readonly task: string;
      readonly intervalMs: number;
      readonly code: number;
      readonly expectedCode: number;
      /** `op-status`. */
      readonly status: number;
      readonly description: string;
      readonly durationMs: number;
    }
  | { readonly kind: 'attribute'; readonly node: NodeName; readonly name: string; readonly value: string | undefined };

/** What a change of the status section is worth telling; monitors that find what they expect are not. */
export function alertEventsOf(update: StatusUpdate): AlertEvent[] {
  switch (update.kind) {
    case 'node-joined':
      return [{ kind: 'node', node: update.node, description: 'member' }];
    case 'node-left':
      return [{ kind: 'node', node: update.node, description: 'lost' }];
    case 'attribute':
      return [{ kind: 'attribute', node: update.node, name: update.name, value: update.value }];
    case 'operation':
      return operationEvents(update);
    default:
      return [];
  }
}

export function fencingEvent({ target, action, device, failure, by }: Fenced): AlertEvent {
  const outcome = failure === undefined ? 'OK' : failure;
  const description = `Operation ${action} of ${target.name} by ${device || 'no device'} for ${by}: ${outcome}`;
  return { kind: 'fencing', node: target, task: action, code: failure === undefined ? 0 : 1, description };
}

type Fenced = Extract<ClusterMessage, { kind: 'fenced' }>;

function operationEvents({ node, resource, entry }: Extract<StatusUpdate, { kind: 'operation' }>): AlertEvent[] {
  const status = Number(entry['op-status']);
  const code = Number(entry['rc-code']);
  const expectedCode = Number(entry['transition-key']?.split(':')[2] ?? 0);
  const asExpected = status === 0 && code === expectedCode;
  if (status < 0 || (entry.operation === 'monitor' && asExpected)) return [];
  return [
    {
      kind: 'resource',
      node,
      resource: resource.id,
      task: entry.operation ?? '',
      intervalMs: Number(entry.interval ?? 0),
      code,
      expectedCode,
      status,
      description: asExpected ? 'ok' : entry['exit-reason'] || `code ${code}`,
      durationMs: Number(entry['exec-time'] ?? 0),
    },
  ];
}
