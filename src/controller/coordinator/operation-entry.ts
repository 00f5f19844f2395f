// What an operation leaves in the status section: that it is under way, what came of it, and whether that counts as a
// failure of its resource. Names and values are those of Pacemaker's documents ("Pacemaker Explained", chapter
// "Status"), so that its tools read ours. All of it follows from the arguments alone: any member may work it out.
import { type Instant, parametersDigest, parseBoolean, parseScore, type XmlElement } from '../../cib/index.ts';
import { addScores, formatScore, INFINITY_SCORE } from '../../kit/index.ts';
import { featureSet, operationStatuses } from '../../scheduler/index.ts';
import { clusterOptionsOf, transientAttributesOf } from '../document/query.ts';
import type { NodeName, StatusUpdate } from '../document/status.ts';
import type { ExecutionOrder } from '../message.ts';

export type OperationOutcome = {
  /** `revoked`: given up because the node lost its quorum lease. */
  readonly status: 'done' | 'error' | 'timeout' | 'cancelled' | 'not-installed' | 'not-supported' | 'revoked';
  /** OCF return code. */
  readonly code: number;
  readonly reason: string;
  readonly durationMs: number;
};

/** What the agent's meta-data says about its parameters. */
export type AgentFacts = {
  /** Parameters that a running resource cannot take over; undefined unless the agent has a reload-agent action. */
  readonly restartParameters: readonly string[] | undefined;
  /** Parameters marked private. */
  readonly privateParameters: readonly string[];
};

export type OperationReport = {
  readonly node: NodeName;
  readonly order: ExecutionOrder;
  readonly outcome: OperationOutcome;
  /** Counts up on each node: tells what came before what. */
  readonly callId: number;
  /** When it was begun, or for a recurring operation when its result changed; epoch seconds. */
  readonly atSeconds: number;
  readonly agent: AgentFacts;
};

const pendingCode = 193;

/** That the order was given and not answered yet; notifications are not worth a record. */
export function pendingUpdates(node: NodeName, order: ExecutionOrder): StatusUpdate[] {
  if (order.operation === 'notify') return [];
  const entry = {
    ...namesOf(node, order),
    'transition-magic': magicOf(operationStatuses.pending, pendingCode, order),
    'exit-reason': '',
    'call-id': '-1',
    'rc-code': String(pendingCode),
    'op-status': String(operationStatuses.pending),
    interval: String(order.intervalMs),
    'last-rc-change': String(order.givenAtSeconds),
    'exec-time': '0',
    'queue-time': '0',
    'op-digest': order.digest,
    ...migrationOf(order),
  };
  return [{ kind: 'operation', node, resource: order.resource, entry, failure: false }];
}

/** What came of an order: its entry, and for a failure that counts the fail count and its time. One message carries all. */
export function outcomeUpdates(cib: XmlElement, now: Instant, report: OperationReport): StatusUpdate[] {
  const { node, order, outcome } = report;
  if (outcome.status === 'cancelled') return [cancelledUpdate(node, order.resource.id, order)];
  const failure = outcome.status !== 'done' || outcome.code !== order.expectedCode;
  const operation: StatusUpdate = {
    kind: 'operation',
    node,
    resource: order.resource,
    entry: entryOf(report),
    failure: failure && order.operation !== 'notify',
    ...(recordedOperation(order) === order.operation ? {} : { performed: order.operation }),
  };
  return failure ? [operation, ...failureUpdates(cib, now, report)] : [operation];
}

/** A recurring operation that no longer recurs. */
export function cancelledUpdate(
  node: NodeName,
  resource: string,
  { operation, intervalMs }: { readonly operation: string; readonly intervalMs: number },
): StatusUpdate {
  return { kind: 'forget', node, resource, operation, intervalMs };
}

const statusNumbers = {
  done: operationStatuses.done,
  cancelled: operationStatuses.cancelled,
  timeout: operationStatuses.timeout,
  'not-supported': operationStatuses.notSupported,
  error: operationStatuses.error,
  revoked: operationStatuses.error,
  'not-installed': operationStatuses.notInstalled,
} as const;

function entryOf({ node, order, outcome, callId, atSeconds, agent }: OperationReport): Record<string, string> {
  const status = statusNumbers[outcome.status];
  return {
    ...namesOf(node, order),
    'transition-magic': magicOf(status, outcome.code, order),
    'exit-reason': outcome.reason,
    'call-id': String(callId),
    'rc-code': String(outcome.code),
    'op-status': String(status),
    interval: String(order.intervalMs),
    'last-rc-change': String(atSeconds),
    'exec-time': String(Math.round(outcome.durationMs)),
    'queue-time': '0',
    'op-digest': order.digest,
    ...migrationOf(order),
    ...restartFacts(order, agent),
    ...privateFacts(order, agent),
  };
}

/** A reload takes the place of the start that it makes up for. */
function recordedOperation({ operation }: ExecutionOrder): string {
  return operation === 'reload-agent' ? 'start' : operation;
}

function namesOf(node: NodeName, order: ExecutionOrder): Record<string, string> {
  const operation = recordedOperation(order);
  const key = operation === order.operation ? order.operationKey : `${order.resource.id}_${operation}_0`;
  return {
    id: entryIdOf(order, key),
    operation_key: key,
    operation,
    'crm-debug-origin': 'haven',
    crm_feature_set: featureSet,
    'transition-key': order.transitionKey,
    on_node: node.name,
  };
}

/** One-time operations share an entry: only the last one counts. */
function entryIdOf({ operation, intervalMs, resource }: ExecutionOrder, key: string): string {
  if (operation === 'notify' || operation.startsWith('migrate_')) return key;
  return intervalMs === 0 ? `${resource.id}_last_0` : key;
}

function magicOf(status: number, code: number, { transitionKey }: ExecutionOrder): string {
  return `${status}:${code};${transitionKey}`;
}

function migrationOf({ operation, meta }: ExecutionOrder): Record<string, string> {
  if (!operation.startsWith('migrate_')) return {};
  return { migrate_source: meta.migrate_source ?? '', migrate_target: meta.migrate_target ?? '' };
}

const definingOperations = new Set(['start', 'monitor', 'promote', 'migrate_from', 'reload-agent']);

function restartFacts(order: ExecutionOrder, { restartParameters }: AgentFacts): Record<string, string> {
  if (restartParameters === undefined || order.intervalMs > 0 || !definingOperations.has(order.operation)) return {};
  const names = new Set(restartParameters);
  const digested = Object.entries(order.parameters).filter(([name]) => names.has(name));
  return {
    'op-force-restart': ` ${restartParameters.join(' ')} `,
    'op-restart-digest': parametersDigest(digested),
  };
}

function privateFacts(order: ExecutionOrder, { privateParameters }: AgentFacts): Record<string, string> {
  if (privateParameters.length === 0 || !definingOperations.has(order.operation)) return {};
  const names = new Set(privateParameters);
  const shown = Object.entries(order.parameters).filter(([name]) => !names.has(name));
  if (order.intervalMs > 0) shown.push(['CRM_meta_timeout', String(order.timeoutMs)]);
  return {
    'op-secure-params': ` ${privateParameters.join(' ')} `,
    'op-secure-digest': parametersDigest(shown),
  };
}

/** Which failures are counted, and how much: of recurring operations and role changes one by one; a start or stop counts for all. */
function failureUpdates(
  cib: XmlElement,
  now: Instant,
  { node, order, outcome, atSeconds }: OperationReport,
): StatusUpdate[] {
  // It may be begun again wherever it is wanted; counted, a lapse of all nodes' leases would ban it from all of them.
  if (outcome.status === 'revoked') return [];
  const counted = countedAs(cib, now, order);
  if (counted === undefined) return [];
  const suffix = `${order.resource.id}#${order.operation}_${order.intervalMs}`;
  const known = parseScore(transientAttributesOf(cib, node).get(`fail-count-${suffix}`)) ?? 0;
  const count = addScores(known, counted);
  return [
    { kind: 'attribute', node, name: `fail-count-${suffix}`, value: formatScore(count) },
    { kind: 'attribute', node, name: `last-failure-${suffix}`, value: String(atSeconds) },
  ];
}

function countedAs(cib: XmlElement, now: Instant, { operation, intervalMs }: ExecutionOrder): number | undefined {
  if (intervalMs > 0) return 1;
  switch (operation) {
    case 'promote':
    case 'demote':
      return 1;
    case 'stop':
      return INFINITY_SCORE;
    case 'start': {
      const isFatal = parseBoolean(clusterOptionsOf(cib, now).get('start-failure-is-fatal')) ?? true;
      return isFatal ? INFINITY_SCORE : 1;
    }
    default:
      return undefined;
  }
}
