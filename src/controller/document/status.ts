// The status section, as every member writes it: each update is a function of the document and the update alone, so that
// members that apply the same updates in the same order have the same document, digest for digest.
import { childAt, type XmlElement, xmlElement } from '../../cib/index.ts';

/** What an operation came to (or that it is under way), in the terms of `lrm_rsc_op`. */
export type OperationRecord = {
  readonly node: NodeName;
  readonly resource: {
    readonly id: string;
    readonly class: string;
    readonly provider: string | undefined;
    readonly type: string;
  };
  /** The attributes of the entry, `id` first; names and values as the standard tools expect them. */
  readonly entry: Readonly<Record<string, string>>;
  /** The entry that keeps the last failure (`RSC_last_failure_0`) is written too. */
  readonly failure: boolean;
  /** The operation that was run, where the entry names another: a reload is recorded as the start that it makes up for. */
  readonly performed?: string;
};

export type NodeName = { readonly id: string; readonly name: string };

export type StatusUpdate =
  | ({ readonly kind: 'operation' } & OperationRecord)
  /** The node's own account of everything that it runs replaces what others believed. */
  | { readonly kind: 'node-history'; readonly node: NodeName; readonly resources: XmlElement }
  /** Forget what a resource did: one operation, or all when `operation` is undefined; on one node. */
  | {
      readonly kind: 'forget';
      readonly node: NodeName;
      readonly resource: string;
      readonly operation: string | undefined;
      readonly intervalMs: number | undefined;
    }
  /** Forget the last failure that was kept of a resource on a node. */
  | { readonly kind: 'forget-failure'; readonly node: NodeName; readonly resource: string }
  /** A transient node attribute; undefined removes it. */
  | { readonly kind: 'attribute'; readonly node: NodeName; readonly name: string; readonly value: string | undefined }
  /** The node is out: by its own shutdown, by loss, or fenced. */
  | { readonly kind: 'node-left'; readonly node: NodeName; readonly how: 'shutdown' | 'lost' | 'fenced' }
  | { readonly kind: 'node-joined'; readonly node: NodeName }
  /** It is no node of the cluster any more. */
  | { readonly kind: 'node-removed'; readonly node: NodeName }
  /** Nothing runs there any more and the node may go: when it leaves it is not lost. */
  | { readonly kind: 'node-dismissed'; readonly node: NodeName }
  | { readonly kind: 'ticket'; readonly id: string; readonly attributes: Readonly<Record<string, string | undefined>> };

/** The document after the update, its `num_updates` one higher; the same document when nothing changed. */
export function applyStatus(cib: XmlElement, update: StatusUpdate): XmlElement {
  const status = childAt(cib, 'status') ?? xmlElement('status');
  const changed = changeStatus(status, update);
  if (changed === status) return cib;
  const raised = cib.with({ num_updates: String(Number(cib.get('num_updates') ?? 0) + 1) });
  const known = childAt(raised, 'status');
  return known === undefined ? raised.append(changed) : withChild(raised, known, changed);
}

type NodeUpdate = Exclude<StatusUpdate, { kind: 'ticket' | 'node-removed' }>;

function changeStatus(status: XmlElement, update: StatusUpdate): XmlElement {
  switch (update.kind) {
    case 'ticket':
      return withTicket(status, update);
    case 'node-removed': {
      const states = status.children.filter((state) => state.name !== 'node_state' || state.id !== update.node.id);
      return states.length === status.children.length ? status : status.withNodes(states);
    }
    default:
      return withNodeState(status, update);
  }
}

function withNodeState(status: XmlElement, update: NodeUpdate): XmlElement {
  const known = status.children.find((state) => state.name === 'node_state' && state.id === update.node.id);
  const state = known ?? xmlElement('node_state', { id: update.node.id, uname: update.node.name });
  const changed = changeNodeState(state, update);
  if (changed === known) return status;
  return known === undefined ? status.append(changed) : withChild(status, known, changed);
}

function changeNodeState(state: XmlElement, update: NodeUpdate): XmlElement {
  switch (update.kind) {
    case 'operation':
      return withOperation(state, update);
    case 'node-history':
      return withHistory(state, update.resources.children);
    case 'forget':
      return withoutHistory(state, update);
    case 'forget-failure':
      return withoutEntries(state, update.resource, (entry) => entry.id === `${update.resource}_last_failure_0`);
    case 'node-dismissed':
      return state.get('expected') === 'down' ? state : state.with({ expected: 'down' });
    case 'attribute':
      return withAttribute(state, update.name, update.value);
    case 'node-joined':
      return state.with({
        uname: update.node.name,
        in_ccm: 'true',
        crmd: 'online',
        join: 'member',
        expected: 'member',
      });
    case 'node-left':
      return leaving(state, update.how);
  }
}

/**
 * A node that said goodbye, or was fenced, runs nothing and remembers nothing. One that was lost keeps what it last
 * reported, and is expected back: the scheduler has it fenced before anything of it is started elsewhere. That it was to shut
 * down is forgotten with it: of a node that does, the scheduler takes silence for the end of what it ran.
 */
function leaving(state: XmlElement, how: 'shutdown' | 'lost' | 'fenced'): XmlElement {
  const expected = how === 'lost' ? (state.get('expected') ?? 'member') : 'down';
  const gone = state.with({ in_ccm: 'false', crmd: 'offline', join: 'down', expected });
  return how === 'lost' ? withAttribute(gone, 'shutdown', undefined) : gone.withNodes([]);
}

function withOperation(state: XmlElement, update: OperationRecord): XmlElement {
  const { id, class: agentClass, provider, type } = update.resource;
  const resources = historyOf(state);
  const known = resources.find((resource) => resource.id === id);
  const resource = known ?? xmlElement('lrm_resource', { id, class: agentClass, provider, type });
  const entries = [update.entry];
  if (update.failure) entries.push({ ...update.entry, id: `${id}_last_failure_0` });
  const changed = entries.reduce(withEntry, resource);
  if (known === undefined) return withHistory(state, [...resources, changed]);
  return withHistory(
    state,
    resources.map((each) => (each === known ? changed : each)),
  );
}

function withEntry(resource: XmlElement, attributes: Readonly<Record<string, string>>): XmlElement {
  const known = resource.children.find((entry) => entry.id === attributes.id);
  const entry = xmlElement('lrm_rsc_op', writable(attributes));
  return known === undefined ? resource.append(entry) : withChild(resource, known, entry);
}

function historyOf(state: XmlElement): readonly XmlElement[] {
  return childAt(state, 'lrm', 'lrm_resources')?.children ?? [];
}

function withHistory(state: XmlElement, resources: readonly XmlElement[]): XmlElement {
  const lrm = xmlElement('lrm', { id: state.id ?? '' }, [xmlElement('lrm_resources', {}, resources)]);
  const known = state.child('lrm');
  return known === undefined ? state.append(lrm) : withChild(state, known, lrm);
}

function withoutHistory(state: XmlElement, update: Extract<StatusUpdate, { kind: 'forget' }>): XmlElement {
  const resources = historyOf(state);
  const known = resources.find((resource) => resource.id === update.resource);
  if (known === undefined) return state;
  if (update.operation === undefined) {
    return withHistory(
      state,
      resources.filter((resource) => resource !== known),
    );
  }
  const interval = update.intervalMs === undefined ? undefined : String(update.intervalMs);
  return withoutEntries(
    state,
    update.resource,
    // That it failed once stays known when it recurs no longer: the stop of what failed ends its monitor.
    (entry) =>
      entry.id !== `${update.resource}_last_failure_0` &&
      entry.get('operation') === update.operation &&
      (interval === undefined || entry.get('interval') === interval),
  );
}

function withoutEntries(state: XmlElement, id: string, matches: (entry: XmlElement) => boolean): XmlElement {
  const resources = historyOf(state);
  const known = resources.find((resource) => resource.id === id);
  const kept = known?.children.filter((entry) => !matches(entry));
  if (known === undefined || kept === undefined || kept.length === known.children.length) return state;
  return withHistory(
    state,
    resources.map((resource) => (resource === known ? known.withNodes(kept) : resource)),
  );
}

function withAttribute(state: XmlElement, name: string, value: string | undefined): XmlElement {
  const holder = state.child('transient_attributes') ?? xmlElement('transient_attributes', { id: state.id ?? '' });
  const set = holder.child('instance_attributes') ?? xmlElement('instance_attributes', { id: `status-${state.id}` });
  const known = set.children.find((pair) => pair.get('name') === name);
  if (known?.get('value') === value) return state;
  const pair = xmlElement('nvpair', {
    id: `status-${state.id}-${idOf(name)}`,
    ...writable({ name, ...(value === undefined ? {} : { value }) }),
  });
  const others = set.nodes.filter((node) => node !== known);
  const changedSet = set.withNodes(
    value === undefined ? others : known === undefined ? [...set.nodes, pair] : withChild(set, known, pair).nodes,
  );
  const knownSet = holder.child('instance_attributes');
  const changedHolder = knownSet === undefined ? holder.append(changedSet) : withChild(holder, knownSet, changedSet);
  const knownHolder = state.child('transient_attributes');
  return knownHolder === undefined ? state.append(changedHolder) : withChild(state, knownHolder, changedHolder);
}

/** Nothing but the way to the change is looked at: each member does this for each operation, and histories are long. */
function withChild(parent: XmlElement, child: XmlElement, replacement: XmlElement): XmlElement {
  return parent.withNodes(parent.nodes.map((node) => (node === child ? replacement : node)));
}

/** What no XML document may hold (XML 1.0, 2.2), lone surrogates included. */
const unwritable = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

/** An agent may print anything as its reason: a document with it in must still be one. */
function writable(attributes: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, value.replace(unwritable, '\uFFFD')]),
  );
}

/** XML ids may not hold `#`, which fail counts have in their names. */
function idOf(name: string): string {
  return name.replace(/[^A-Za-z0-9_.-]/g, '.');
}

function withTicket(status: XmlElement, update: Extract<StatusUpdate, { kind: 'ticket' }>): XmlElement {
  const tickets = status.child('tickets') ?? xmlElement('tickets');
  const known = tickets.children.find((state) => state.id === update.id);
  const state = (known ?? xmlElement('ticket_state', { id: update.id })).with(update.attributes);
  const changed = known === undefined ? tickets.append(state) : withChild(tickets, known, state);
  const knownTickets = status.child('tickets');
  return knownTickets === undefined ? status.append(changed) : withChild(status, knownTickets, changed);
}
