// What the actions of a transition leave behind in the status section: results of operations, and nodes that were fenced.
//
// Changes are collected per node_state and written into the document in one pass, so that the cost follows the size of
// the transition and not its product with the size of the document.

import { childAt, parametersDigest, replaceElements, XmlElement, xmlElement } from '../../cib/index.ts';
import type { Action } from '../actions/action.ts';
import { featureSet } from '../actions/parameter-digests.ts';
import { parametersOf } from '../configuration/meta.ts';
import { type ActionAttributes, attributesOf } from '../graph/attributes.ts';
import { elementOf, type Synapse } from '../graph/graph.ts';
import { agentNames } from '../graph/graph-xml.ts';
import type { Cluster, Primitive } from '../model/index.ts';
import { isAddressedByName } from '../status/expiry.ts';
import type { FailedSynapse } from './execution.ts';
import { inject } from './injection.ts';
import { shownResourceName } from './lines.ts';

export type SimulatedResult = {
  readonly synapses: readonly Synapse[];
  readonly failed?: FailedSynapse | undefined;
  readonly nowSeconds: number;
};

/** The document after the transition. */
export function applyEffects(cluster: Cluster, { synapses, failed, nowSeconds }: SimulatedResult): XmlElement {
  const known = childAt(cluster.cib, 'status');
  const status = known ?? xmlElement('status');
  const cib = known === undefined ? cluster.cib.append(status) : cluster.cib;
  const run: Run = {
    cluster,
    states: new StatusDraft(status),
    records: new RecordTemplates(cluster),
    digests: new ResultDigests(cluster),
    time: String(nowSeconds),
  };
  for (const synapse of synapses) if (synapse !== failed?.synapse) applyEffect(run, synapse.action);
  const after = replaceElements(cib, new Map([[status, run.states.finish()]])) ?? cib;
  return failed === undefined ? after : withFailure(after, failed, nowSeconds);
}

/** A failed operation is recorded, and counted on its node. */
function withFailure(cib: XmlElement, { result }: FailedSynapse, nowSeconds: number): XmlElement {
  const recorded = inject(cib, { kind: 'operation', result, nowSeconds, exitReason: 'User-injected result' });
  const counted = recorded.ok ? inject(recorded.value, { kind: 'failure', result, nowSeconds }) : recorded;
  return counted.ok ? counted.value : cib;
}

type Run = {
  readonly cluster: Cluster;
  readonly states: StatusDraft;
  readonly records: RecordTemplates;
  readonly digests: ResultDigests;
  /** Epoch seconds, as they are recorded. */
  readonly time: string;
};

/** What records of one operation share, on whichever node it is done: there may be a million of them. */
type RecordTemplate = {
  readonly action: Action;
  readonly interval: string;
  /** The name the history is shown under. */
  readonly shownName: string;
  /** An `lrm_resource` without entries. */
  readonly history: XmlElement;
  readonly id: string;
  /** The first attributes of an entry, names and values alternating. */
  readonly beginning: readonly string[];
};

class RecordTemplates {
  readonly #cluster: Cluster;
  readonly #byKey = new Map<string, RecordTemplate>();
  readonly #histories = new Map<Primitive, XmlElement>();
  readonly #transitionKeys = new Map<string, Map<number, TransitionKey>>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  of(action: Action, resource: Primitive): RecordTemplate {
    const known = this.#byKey.get(action.key);
    const interval = action.meta('interval') ?? '0';
    if (known !== undefined && isAlike(known, action, interval)) return known;
    const name = agentNames(resource).id;
    const key = resultKey(action, name, interval);
    const id = resultId(action, name, key);
    const operation = ['id', id, 'operation_key', key, 'operation', recordedTask(action)];
    const made = {
      action,
      interval,
      shownName: shownResourceName(this.#cluster, resource),
      history: this.#historyOf(resource, name),
      id,
      beginning: operation.concat(['crm-debug-origin', 'crm_simulate', 'crm_feature_set', featureSet]),
    };
    this.#byKey.set(action.key, made);
    return made;
  }

  transitionKey(callId: number, exitCode: string): TransitionKey {
    let keys = this.#transitionKeys.get(exitCode);
    if (keys === undefined) {
      keys = new Map();
      this.#transitionKeys.set(exitCode, keys);
    }
    const known = keys.get(callId);
    if (known !== undefined) return known;
    const key = `${callId}:-1:${exitCode}:${transitionUuid}`;
    const made = { callText: String(callId), key, magic: `0:${exitCode};${key}` };
    keys.set(callId, made);
    return made;
  }

  #historyOf(resource: Primitive, id: string): XmlElement {
    const known = this.#histories.get(resource);
    if (known !== undefined) return known;
    const { standard, provider, type } = resource.agent;
    const made = xmlElement('lrm_resource', { id, class: standard, provider, type });
    this.#histories.set(resource, made);
    return made;
  }
}

/** Notifications of one key may tell of different things. */
function isAlike({ action, interval }: RecordTemplate, other: Action, otherInterval: string): boolean {
  if (action.task === 'notify' || action.task !== other.task) return false;
  return action.resource === other.resource && interval === otherInterval;
}

/** Most actions of a resource are run with the same parameters, on whichever node: one digest serves them all. */
class ResultDigests {
  readonly #cluster: Cluster;
  readonly #known = new Map<ReadonlyMap<string, string>, Map<string, string>>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  of(action: Action): string {
    const { resource, node } = action;
    const special =
      resource?.variant !== 'primitive' || isAddressedByName(resource) || action.ownParameters !== undefined;
    if (special) return this.#calculate(action);
    const parameters = parametersOf(this.#cluster, resource, node);
    let known = this.#known.get(parameters);
    if (known === undefined) {
      known = new Map();
      this.#known.set(parameters, known);
    }
    const key = action.intervalMs > 0 ? (action.meta('timeout') ?? '') : '';
    const digest = known.get(key) ?? this.#calculate(action);
    known.set(key, digest);
    return digest;
  }

  #calculate(action: Action): string {
    return parametersDigest(digestedParameters(attributesOf(this.#cluster, action), action));
  }
}

const withoutTrace = new Set(['do_shutdown', 'clear_failcount', 'lrm_delete', 'delete', 'maintenance_nodes']);

function applyEffect(run: Run, action: Action): void {
  const { states } = run;
  const { node, task } = action;
  if (elementOf(action) === 'pseudo_event' || node === undefined || withoutTrace.has(task)) return;
  if (task === 'stonith') {
    if (action.meta('stonith_action') !== 'on') states.nodeNamed(node.name, node.id).fence();
    return;
  }
  const { resource } = action;
  if (resource?.variant !== 'primitive') return;
  const record = run.records.of(action, resource);
  const history = states.nodeNamed(node.name, node.id).historyOf(record.shownName, record.history);
  history.record(record.id, (callId) => resultOf(run, { action, record, callId }));
}

const transitionUuid = 'xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx';

/** One call that succeeded, as the numbers and names in its record. */
type TransitionKey = { readonly callText: string; readonly key: string; readonly magic: string };

type Done = { readonly action: Action; readonly record: RecordTemplate; readonly callId: number };

/** Names and values of an `lrm_rsc_op`, alternating: a list that is put together at once has no room to spare. */
function resultOf({ records, digests, time }: Run, { action, record, callId }: Done): readonly string[] {
  const exitCode = action.meta('op_target_rc') ?? '0';
  const { key, magic, callText } = records.transitionKey(callId, exitCode);
  const [source, target] = [action.meta('migrate_source') ?? '', action.meta('migrate_target') ?? ''];
  const migration = action.task.startsWith('migrate_') ? ['migrate_source', source, 'migrate_target', target] : [];
  return record.beginning.concat(
    ['transition-key', key, 'transition-magic', magic, 'exit-reason', ''],
    ['on_node', action.node?.name ?? '', 'call-id', callText, 'rc-code', exitCode, 'op-status', '0'],
    ['interval', record.interval, 'last-rc-change', time, 'exec-time', '0', 'queue-time', '0'],
    ['op-digest', digests.of(action)],
    migration,
  );
}

/** A reload is recorded as the start that it stands for. */
function recordedTask({ task }: Action): string {
  return task === 'reload-agent' ? 'start' : task;
}

function resultKey(action: Action, name: string, interval: string): string {
  const operation = recordedTask(action);
  if (operation === 'notify')
    return `${name}_${action.meta('notify_type')}_notify_${action.meta('notify_operation')}_0`;
  return `${name}_${operation}_${interval}`;
}

/** One-time operations share an entry: only the last one counts. */
function resultId({ task }: Action, name: string, key: string): string {
  if (task === 'notify' || task.startsWith('migrate_')) return key;
  return key.endsWith('_0') ? `${name}_last_0` : key;
}

/** The parameters of which a digest is recorded. */
export function digestedParameters({ values }: ActionAttributes, action: Action): Map<string, string> {
  const counted = new Map<string, string>();
  for (const [name, value] of values) {
    if (name === 'crm_feature_set' || name === 'pcmk_external_ip') continue;
    if (!name.startsWith('CRM_meta_')) counted.set(name, value);
    else if (name === 'CRM_meta_timeout' && action.intervalMs > 0) counted.set(name, value);
  }
  return counted;
}

class StatusDraft {
  readonly #status: XmlElement;
  readonly #drafts: NodeDraft[];
  readonly #byName = new Map<string, NodeDraft>();

  constructor(status: XmlElement) {
    this.#status = status;
    this.#drafts = status.children.filter(({ name }) => name === 'node_state').map((state) => new NodeDraft(state));
    for (const draft of this.#drafts) {
      const name = draft.state.get('uname');
      if (name !== undefined && !this.#byName.has(name)) this.#byName.set(name, draft);
    }
  }

  /** By name, else by id, else made. */
  nodeNamed(name: string, id: string): NodeDraft {
    const known = this.#byName.get(name) ?? this.#drafts.find(({ state }) => state.id === id);
    if (known !== undefined) return known;
    const made = new NodeDraft(xmlElement('node_state', { id, uname: name }));
    this.#drafts.push(made);
    this.#byName.set(name, made);
    return made;
  }

  finish(): XmlElement {
    const drafts = new Map(this.#drafts.map((draft) => [draft.state, draft]));
    const kept = this.#status.children.map((child) => drafts.get(child)?.finish() ?? child);
    const added = this.#drafts.filter(({ state }) => !this.#status.children.includes(state));
    return this.#status.withNodes([...kept, ...added.map((draft) => draft.finish())]);
  }
}

class NodeDraft {
  readonly state: XmlElement;
  #fenced = false;
  #histories: Map<string, HistoryDraft> | undefined;

  constructor(state: XmlElement) {
    this.state = state;
  }

  /** Nothing runs there any more, and nothing is remembered. */
  fence(): void {
    this.#fenced = true;
    this.#histories = new Map();
  }

  /** The history under the name shown, else under the configured id, else `empty`. */
  historyOf(name: string, empty: XmlElement): HistoryDraft {
    this.#histories ??= new Map(
      (childAt(this.state, 'lrm', 'lrm_resources')?.children ?? []).map((each) => [
        each.id ?? '',
        new HistoryDraft(each),
      ]),
    );
    const id = empty.id ?? name;
    const known = this.#histories.get(name) ?? this.#histories.get(id);
    if (known !== undefined) return known;
    const made = new HistoryDraft(empty);
    this.#histories.set(id, made);
    return made;
  }

  finish(): XmlElement {
    if (this.#histories === undefined) return this.state;
    const resources = xmlElement(
      'lrm_resources',
      {},
      [...this.#histories.values()].map((draft) => draft.finish()),
    );
    const lrm = (childAt(this.state, 'lrm') ?? xmlElement('lrm', { id: this.state.id })).withNodes([resources]);
    const others = this.state.children.filter(
      ({ name }) => name !== 'lrm' && !(this.#fenced && name === 'transient_attributes'),
    );
    const nodes = this.#histories.size > 0 ? [...others, lrm] : others;
    const state = this.state.withNodes(nodes);
    if (!this.#fenced) return state;
    return state.with({ in_ccm: 'false', crmd: 'offline', join: 'down', expected: 'down' });
  }
}

class HistoryDraft {
  readonly #history: XmlElement;
  #entries: XmlElement[] | undefined;
  #callId = 0;

  constructor(history: XmlElement) {
    this.#history = history;
  }

  /** Puts the result of the next call in place of the entry of this id, else after the others. */
  record(id: string, resultOf: (callId: number) => readonly string[]): void {
    this.#callId = (this.#entries === undefined ? lastCallIn(this.#history) : this.#callId) + 1;
    const known = this.#history.children;
    // Most histories had no entry before and get one: a list written out has no room to spare.
    if (this.#entries === undefined && known.length === 0) {
      this.#entries = [new XmlElement('lrm_rsc_op', resultOf(this.#callId))];
      return;
    }
    this.#entries ??= [...known];
    const at = this.#entries.findIndex((entry) => entry.id === id);
    const entry = at === -1 ? undefined : this.#entries[at];
    const pairs = resultOf(this.#callId);
    if (entry === undefined) this.#entries.push(new XmlElement('lrm_rsc_op', pairs));
    else this.#entries[at] = withPairs(entry, pairs);
  }

  finish(): XmlElement {
    return this.#entries === undefined ? this.#history : this.#history.withNodes(this.#entries);
  }
}

function withPairs(entry: XmlElement, pairs: readonly string[]): XmlElement {
  const changes: Record<string, string | undefined> = {};
  for (let index = 0; index < pairs.length; index += 2) changes[pairs[index] ?? ''] = pairs[index + 1];
  return entry.with(changes);
}

function lastCallIn(history: XmlElement): number {
  return history.children.reduce((last, entry) => Math.max(last, Number(entry.get('call-id') ?? 0) || 0), 0);
}
