// What the actions of a transition leave behind in the status section: results of operations, and nodes that were fenced.
//
// Changes are collected per node_state and written into the document in one pass, so that the cost follows the size of
// the transition and not its product with the size of the document.

import { childAt, parametersDigest, replaceElements, type XmlElement, xmlElement } from '../../cib/index.ts';
import type { Action } from '../actions/action.ts';
import { featureSet } from '../actions/parameter-digests.ts';
import { parametersOf } from '../configuration/meta.ts';
import { type ActionAttributes, attributesOf } from '../graph/attributes.ts';
import { elementOf, type Synapse } from '../graph/graph.ts';
import { agentNames } from '../graph/graph-xml.ts';
import type { Cluster } from '../model/index.ts';
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
  const run: Run = { cluster, states: new StatusDraft(status), digests: new ResultDigests(cluster), nowSeconds };
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
  readonly digests: ResultDigests;
  readonly nowSeconds: number;
};

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
  const { cluster, states } = run;
  const { node, task } = action;
  if (elementOf(action) === 'pseudo_event' || node === undefined || withoutTrace.has(task)) return;
  if (task === 'stonith') {
    if (action.meta('stonith_action') !== 'on') states.nodeNamed(node.name, node.id).fence();
    return;
  }
  const { resource } = action;
  if (resource?.variant !== 'primitive') return;
  const history = states.nodeNamed(node.name, node.id).historyOf(shownResourceName(cluster, resource), {
    id: agentNames(resource).id,
    class: resource.agent.standard,
    provider: resource.agent.provider,
    type: resource.agent.type,
  });
  history.record(resultOf(run, action, agentNames(resource).id));
}

/** An operation's result without its call id, which follows from what was recorded before. */
type Result = { readonly id: string; readonly attributesFor: (callId: number) => Record<string, string> };

const transitionUuid = 'xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx';

function resultOf({ digests, nowSeconds }: Run, action: Action, name: string): Result {
  const operation = action.task === 'reload-agent' ? 'start' : action.task;
  const interval = action.meta('interval') ?? '0';
  const key = resultKey(action, name, interval);
  const id = resultId(action, name, key);
  const exitCode = action.meta('op_target_rc') ?? '0';
  const migration = operation.startsWith('migrate_')
    ? { migrate_source: action.meta('migrate_source') ?? '', migrate_target: action.meta('migrate_target') ?? '' }
    : {};
  const digest = digests.of(action);
  const attributesFor = (callId: number) => {
    const transitionKey = `${callId}:-1:${exitCode}:${transitionUuid}`;
    return {
      id,
      operation_key: key,
      operation,
      'crm-debug-origin': 'crm_simulate',
      crm_feature_set: featureSet,
      'transition-key': transitionKey,
      'transition-magic': `0:${exitCode};${transitionKey}`,
      'exit-reason': '',
      on_node: action.node?.name ?? '',
      'call-id': String(callId),
      'rc-code': exitCode,
      'op-status': '0',
      interval,
      'last-rc-change': String(nowSeconds),
      'exec-time': '0',
      'queue-time': '0',
      'op-digest': digest,
      ...migration,
    };
  };
  return { id, attributesFor };
}

function resultKey(action: Action, name: string, interval: string): string {
  const operation = action.task === 'reload-agent' ? 'start' : action.task;
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

  /** The history under the name shown, else under the configured id, else made. */
  historyOf(name: string, agent: Agent): HistoryDraft {
    this.#histories ??= new Map(
      (childAt(this.state, 'lrm', 'lrm_resources')?.children ?? []).map((each) => [
        each.id ?? '',
        new HistoryDraft(each),
      ]),
    );
    const known = this.#histories.get(name) ?? this.#histories.get(agent.id);
    if (known !== undefined) return known;
    const made = new HistoryDraft(xmlElement('lrm_resource', agent));
    this.#histories.set(agent.id, made);
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

type Agent = {
  readonly id: string;
  readonly class: string;
  readonly provider: string | undefined;
  readonly type: string;
};

class HistoryDraft {
  readonly #history: XmlElement;
  #entries: Map<string, XmlElement> | undefined;
  #callId = 0;

  constructor(history: XmlElement) {
    this.#history = history;
  }

  record({ id, attributesFor }: Result): void {
    if (this.#entries === undefined) {
      this.#entries = new Map(this.#history.children.map((entry) => [entry.id ?? '', entry]));
      this.#callId = this.#history.children.reduce(
        (max, entry) => Math.max(max, Number(entry.get('call-id') ?? 0) || 0),
        0,
      );
    }
    this.#callId += 1;
    const known = this.#entries.get(id);
    const attributes = attributesFor(this.#callId);
    this.#entries.set(id, known === undefined ? xmlElement('lrm_rsc_op', attributes) : known.with(attributes));
  }

  finish(): XmlElement {
    return this.#entries === undefined ? this.#history : this.#history.withNodes([...this.#entries.values()]);
  }
}
