// What if: changes to the document before it is looked at, as the administrator asks for them.

import { childAt, replaceElement, type XmlElement, xmlElement, xmlIndexOf } from '../../cib/index.ts';
import { err, nearest, ok, type Result } from '../../kit/index.ts';
import { featureSet } from '../actions/parameter-digests.ts';

export type TicketChange = 'grant' | 'revoke' | 'standby' | 'activate';

export type Injection =
  /** `given`: the value in the administrator's own word. */
  | { readonly kind: 'quorum'; readonly quorate: boolean; readonly given: string }
  | { readonly kind: 'watchdog'; readonly present: boolean; readonly given: string }
  | { readonly kind: 'node'; readonly name: string; readonly becomes: 'up' | 'down' | 'failed' }
  | { readonly kind: 'ticket'; readonly id: string; readonly change: TicketChange }
  /** Recorded in the node's history. `exitReason`: what is said of a failure. */
  | {
      readonly kind: 'operation';
      readonly result: OperationResult;
      readonly nowSeconds: number;
      readonly exitReason: string;
    }
  /** Counted among the node's failures. */
  | { readonly kind: 'failure'; readonly result: OperationResult; readonly nowSeconds: number };

/** The result of one operation, as if the node had reported it. */
export type OperationResult = {
  readonly resource: string;
  readonly task: string;
  readonly intervalMs: number;
  readonly node: string;
  readonly exitCode: number;
  /** `op-status`; 0 is done. */
  readonly status: number;
};

/** `RESOURCE_TASK_INTERVALMS@NODE=EXITCODE` and, after a comma, `op-status`. */
export function parseOperationResult(text: string): Result<OperationResult, string> {
  const match = /^(.+)_([a-z-]+)_(\d+)@([^=]+)=(\d+)(?:,(-?\d+))?$/.exec(text);
  if (match === null) return err(`'${text}' is not of the form RESOURCE_TASK_INTERVALMS@NODE=EXITCODE[,STATUS]`);
  const [, name = '', last = '', interval = '0', node = '', exitCode = '0', status = '0'] = match;
  const migration = /^(.+)_(migrate)$/.exec(name);
  const migrates = migration !== null && (last === 'to' || last === 'from');
  return ok({
    resource: migrates ? (migration[1] ?? name) : name,
    task: migrates ? `migrate_${last}` : last,
    intervalMs: Number(interval),
    node,
    exitCode: Number(exitCode),
    status: Number(status),
  });
}

/** The document with the change in it, or what stands in its way. */
export function inject(cib: XmlElement, injection: Injection): Result<XmlElement, string> {
  switch (injection.kind) {
    case 'quorum':
      return ok(cib.with({ 'have-quorum': injection.quorate ? '1' : '0' }));
    case 'watchdog':
      return ok(withOption(cib, 'have-watchdog', String(injection.present)));
    case 'node':
      return injectNode(cib, injection.name, injection.becomes);
    case 'ticket':
      return ok(injectTicket(cib, injection.id, injection.change));
    case 'operation':
      return injectOperation(cib, injection);
    case 'failure':
      return countFailure(cib, injection.result, injection.nowSeconds);
  }
}

const optionSet = 'cib-bootstrap-options';

function withOption(cib: XmlElement, name: string, value: string): XmlElement {
  const options = childAt(cib, 'configuration', 'crm_config');
  if (options === undefined) return cib;
  const pair = xmlElement('nvpair', { id: `${optionSet}-${name}`, name, value });
  const known = options.children.find((set) => set.id === optionSet);
  const kept = (known ?? xmlElement('cluster_property_set', { id: optionSet })).children.filter(
    (each) => each.get('name') !== name,
  );
  const set = (known ?? xmlElement('cluster_property_set', { id: optionSet })).withNodes([...kept, pair]);
  const nodes =
    known === undefined ? [set, ...options.nodes] : options.nodes.map((each) => (each === known ? set : each));
  return replaceElement(cib, options, options.withNodes(nodes));
}

const nodeStates = {
  up: { in_ccm: 'true', crmd: 'online', join: 'member', expected: 'member' },
  down: { in_ccm: 'false', crmd: 'offline', join: 'down', expected: 'down' },
  failed: { in_ccm: 'false', crmd: 'offline', join: 'member', expected: 'member' },
} as const;

/** A node that was shut down in order runs nothing; one that is lost may still run all that it did. */
const forgottenWhenDown = new Set(['lrm', 'transient_attributes']);

function injectNode(cib: XmlElement, name: string, becomes: keyof typeof nodeStates): Result<XmlElement, string> {
  return changeState(becomes === 'up' ? withNode(cib, name) : cib, name, (state) => {
    const kept =
      becomes === 'down' ? state.children.filter((child) => !forgottenWhenDown.has(child.name)) : state.nodes;
    return state.with({ 'crm-debug-origin': 'crm_simulate', ...nodeStates[becomes] }).withNodes(kept);
  });
}

/** A node that comes up may be a new one. */
function withNode(cib: XmlElement, name: string): XmlElement {
  const nodes = childAt(cib, 'configuration', 'nodes');
  const states = childAt(cib, 'status')?.children ?? [];
  const isKnown = [...(nodes?.children ?? []), ...states].some((each) => each.get('uname') === name);
  if (nodes === undefined || isKnown) return cib;
  return replaceElement(cib, nodes, nodes.append(xmlElement('node', { id: name, uname: name })));
}

/** Changes the node_state of a configured node, which is made when it is missing. */
function changeState(
  cib: XmlElement,
  name: string,
  change: (state: XmlElement) => XmlElement,
): Result<XmlElement, string> {
  const status = childAt(cib, 'status');
  if (status === undefined) return changeState(cib.append(xmlElement('status')), name, change);
  const known = status.childrenNamed('node_state').find((state) => state.get('uname') === name);
  if (known !== undefined) return ok(replaceElement(cib, known, change(known)));
  const nodes = childAt(cib, 'configuration', 'nodes')?.children ?? [];
  const node = nodes.find((each) => each.get('uname') === name);
  if (node === undefined) {
    const names = [...nodes, ...status.children].flatMap((each) => each.get('uname') ?? []);
    return err(`there is no node '${name}'${suggestion(name, names)}`);
  }
  const made = change(xmlElement('node_state', { id: node.id, uname: name }));
  return ok(replaceElement(cib, status, status.append(made)));
}

const ticketStates = {
  grant: { granted: 'true' },
  revoke: { granted: 'false' },
  standby: { standby: 'true' },
  activate: { standby: 'false' },
} as const;

function injectTicket(cib: XmlElement, id: string, change: TicketChange): XmlElement {
  const status = childAt(cib, 'status');
  if (status === undefined) return injectTicket(cib.append(xmlElement('status')), id, change);
  const tickets = status.child('tickets');
  if (tickets === undefined) return injectTicket(replaceElement(cib, status, status.append(noTickets)), id, change);
  const known = tickets.children.find((each) => each.id === id);
  const state = (known ?? xmlElement('ticket_state', { id })).with(ticketStates[change]);
  return known === undefined ? replaceElement(cib, tickets, tickets.append(state)) : replaceElement(cib, known, state);
}

const noTickets = xmlElement('tickets');

const transitionUuid = 'xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx';

type RecordedOperation = Extract<Injection, { readonly kind: 'operation' }>;

function injectOperation(cib: XmlElement, injection: RecordedOperation): Result<XmlElement, string> {
  const { result } = injection;
  const primitive = primitiveNamed(cib, result.resource.replace(/:\d+$/, ''));
  if (primitive === undefined) {
    const ids = [...xmlIndexOf(cib).allNamed('primitive')].flatMap(({ id }) => id ?? []);
    return err(`there is no primitive '${result.resource}'${suggestion(result.resource, ids)}`);
  }
  return changeState(cib, result.node, (state) => {
    const lrm = state.child('lrm') ?? xmlElement('lrm', { id: state.id });
    const list = lrm.child('lrm_resources') ?? xmlElement('lrm_resources');
    // Of a clone's instances the node may know one by its number.
    const known =
      list.children.find((each) => each.id === result.resource) ??
      list.children.find((each) => each.id?.replace(/:\d+$/, '') === result.resource);
    const history =
      known ??
      xmlElement('lrm_resource', {
        id: result.resource,
        class: primitive.get('class'),
        provider: primitive.get('provider'),
        type: primitive.get('type'),
      });
    const changed = recorded(history, injection);
    const histories =
      known === undefined ? [...list.nodes, changed] : list.nodes.map((each) => (each === known ? changed : each));
    const newLrm = lrm.withNodes([list.withNodes(histories)]);
    const others = state.nodes.filter((each) => each !== state.child('lrm'));
    return state.withNodes([...others, newLrm]);
  });
}

function suggestion(name: string, known: readonly string[]): string {
  const guess = nearest(name, known);
  return guess === undefined ? '' : `. Did you mean '${guess}'?`;
}

function primitiveNamed(element: XmlElement, id: string): XmlElement | undefined {
  if (element.name === 'primitive' && element.id === id) return element;
  for (const child of element.children) {
    const found = primitiveNamed(child, id);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * A failure is kept as such, and stands beside the last success of a recurring operation; of what is done once only the
 * last result is kept besides.
 */
function recorded(history: XmlElement, { result, nowSeconds, exitReason }: RecordedOperation): XmlElement {
  const { task, intervalMs, node, exitCode, status } = result;
  const resource = history.id ?? result.resource;
  const calls = history.children.map((entry) => Number(entry.get('call-id') ?? 0) || 0);
  const callId = Math.max(0, ...calls) + 1;
  const key = `${resource}_${task}_${intervalMs}`;
  const failed = status > 0 || exitCode !== 0;
  const transitionKey = `${callId}:-1:0:${transitionUuid}`;
  const attributes = {
    operation_key: key,
    operation: task,
    'crm-debug-origin': 'crm_simulate',
    crm_feature_set: featureSet,
    'transition-key': transitionKey,
    'transition-magic': `${status}:${exitCode};${transitionKey}`,
    'exit-reason': failed ? exitReason : '',
    on_node: node,
    'call-id': String(callId),
    'rc-code': String(exitCode),
    'op-status': String(status),
    interval: String(intervalMs),
    'last-rc-change': String(nowSeconds),
    'exec-time': '0',
    'queue-time': '0',
  };
  const ids = failed ? [`${resource}_last_failure_0`] : [];
  if (intervalMs === 0) ids.push(`${resource}_last_0`);
  else if (!failed) ids.push(key);
  return ids.reduce((changed, id) => withEntry(changed, id, attributes), history);
}

/** An entry of that id keeps what is not said anew, such as the digest of the parameters. */
function withEntry(history: XmlElement, id: string, attributes: Readonly<Record<string, string>>): XmlElement {
  const known = history.children.find((each) => each.id === id);
  if (known === undefined) return history.append(xmlElement('lrm_rsc_op', { id, ...attributes }));
  return history.withNodes(history.nodes.map((each) => (each === known ? known.with(attributes) : each)));
}

/** Fail counts are transient attributes of the node. */
function countFailure(cib: XmlElement, result: OperationResult, nowSeconds: number): Result<XmlElement, string> {
  const { resource, task, intervalMs, node } = result;
  const operation = `${resource}#${task}_${intervalMs}`;
  return changeState(cib, node, (state) => {
    const transient = state.child('transient_attributes') ?? xmlElement('transient_attributes', { id: state.id });
    const set =
      transient.child('instance_attributes') ?? xmlElement('instance_attributes', { id: `status-${state.id}` });
    const count = Number(
      set.children.find((each) => each.get('name') === `fail-count-${operation}`)?.get('value') ?? 0,
    );
    const values = {
      [`fail-count-${operation}`]: String(count + 1),
      [`last-failure-${operation}`]: String(nowSeconds),
    };
    const others = set.children.filter((each) => !Object.hasOwn(values, each.get('name') ?? ''));
    const pairs = Object.entries(values).map(([name, value]) =>
      xmlElement('nvpair', { id: `status-${state.id}-${name.replaceAll('#', '.')}`, name, value }),
    );
    const rest = state.nodes.filter((each) => each !== state.child('transient_attributes'));
    const changed = transient.withNodes([set.withNodes([...others, ...pairs])]);
    return state.withNodes([...rest, changed]);
  });
}
