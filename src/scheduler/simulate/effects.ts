// What the actions of a transition leave behind: which operations were recorded on which node, and which nodes were fenced.
//
// This is small, and knows nothing of the actions: of a large cluster, the decision and the document after it need not be in
// memory together (./outcome.ts).

import { parametersDigest, type XmlElement, xmlElement } from '../../cib/index.ts';
import type { Action } from '../actions/action.ts';
import { featureSet } from '../actions/parameter-digests.ts';
import { parametersOf } from '../configuration/meta.ts';
import { type ActionAttributes, attributesOf } from '../graph/attributes.ts';
import { elementOf, type Synapse } from '../graph/graph.ts';
import { agentNames } from '../graph/graph-xml.ts';
import type { Cluster, ClusterNode, Primitive } from '../model/index.ts';
import { isAddressedByName } from '../status/expiry.ts';
import type { FailedSynapse } from './execution.ts';
import { shownResourceName } from './lines.ts';
import type { NodeOutcome, OperationRecord, Outcome } from './outcome.ts';

export type SimulatedResult = {
  readonly synapses: readonly Synapse[];
  readonly failed?: FailedSynapse | undefined;
  readonly nowSeconds: number;
};

/** What is to be seen of the transition once it is done. */
export function outcomeOf(cluster: Cluster, { synapses, failed, nowSeconds }: SimulatedResult): Outcome {
  const records = new Records(cluster, String(nowSeconds));
  const nodes = new NodeOutcomes();
  for (const synapse of synapses) if (synapse !== failed?.synapse) noteEffect(nodes, records, synapse.action);
  return { cib: cluster.cib, nodes: nodes.all(), failed: failed?.result, nowSeconds };
}

type OpenOutcome = NodeOutcome & { fenced: boolean; records: OperationRecord[] };

/** In the order in which something was first done there. */
class NodeOutcomes {
  readonly #byName = new Map<string, OpenOutcome>();

  of({ name, id }: ClusterNode): OpenOutcome {
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    const made = { name, id, fenced: false, records: [] };
    this.#byName.set(name, made);
    return made;
  }

  all(): NodeOutcome[] {
    return [...this.#byName.values()];
  }
}

const withoutTrace = new Set(['do_shutdown', 'clear_failcount', 'lrm_delete', 'delete', 'maintenance_nodes']);

function noteEffect(nodes: NodeOutcomes, records: Records, action: Action): void {
  const { node, task, resource } = action;
  if (elementOf(action) === 'pseudo_event' || node === undefined || withoutTrace.has(task)) return;
  if (task === 'stonith') {
    if (action.meta('stonith_action') === 'on') return;
    // Nothing runs there any more, and nothing is remembered.
    const outcome = nodes.of(node);
    outcome.fenced = true;
    outcome.records.length = 0;
  } else if (resource?.variant === 'primitive') nodes.of(node).records.push(records.of(action, resource));
}

/** A record, and what it follows from. */
type Recorded = {
  readonly task: string;
  readonly resource: Primitive;
  readonly interval: string;
  readonly digest: string;
  readonly record: OperationRecord;
};

/** There may be a million actions, but most are those of another node again. */
class Records {
  readonly #cluster: Cluster;
  /** Epoch seconds, as they are recorded. */
  readonly #time: string;
  readonly #byKey = new Map<string, Recorded>();
  readonly #histories = new Map<Primitive, XmlElement>();
  readonly #digests: ResultDigests;

  constructor(cluster: Cluster, time: string) {
    this.#cluster = cluster;
    this.#time = time;
    this.#digests = new ResultDigests(cluster);
  }

  of(action: Action, resource: Primitive): OperationRecord {
    const { task, key } = action;
    const interval = action.meta('interval') ?? '0';
    const exitCode = action.meta('op_target_rc') ?? '0';
    const digest = this.#digests.of(action);
    const known = this.#byKey.get(key);
    // Notifications of one key may tell of different things, and migrations lead elsewhere.
    const isAlike = task !== 'notify' && !isMigration(action) && known?.task === task && known.resource === resource;
    if (isAlike && known.interval === interval && known.digest === digest && known.record.exitCode === exitCode)
      return known.record;
    const record = this.#make(action, resource, { interval, exitCode, digest });
    this.#byKey.set(key, { task, resource, interval, digest, record });
    return record;
  }

  #make(action: Action, resource: Primitive, { interval, exitCode, digest }: Result): OperationRecord {
    const name = agentNames(resource).id;
    const task = recordedTask(action);
    const key = `${name}_${task}_${interval}`;
    const id = resultId(action, name, key);
    const operation = ['id', id, 'operation_key', key, 'operation', task];
    const times = ['last-rc-change', this.#time, 'exec-time', '0', 'queue-time', '0'];
    const [source, target] = [action.meta('migrate_source') ?? '', action.meta('migrate_target') ?? ''];
    const migration = isMigration(action) ? ['migrate_source', source, 'migrate_target', target] : [];
    return {
      shownName: shownResourceName(this.#cluster, resource),
      history: this.#historyOf(resource, name),
      id,
      exitCode,
      beginning: operation.concat(['crm-debug-origin', 'crm_simulate', 'crm_feature_set', featureSet]),
      ending: ['interval', interval, ...times, 'op-digest', digest, ...migration],
    };
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

type Result = { readonly interval: string; readonly exitCode: string; readonly digest: string };

function isMigration({ task }: Action): boolean {
  return task.startsWith('migrate_');
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

/** A reload is recorded as the start that it stands for. */
function recordedTask({ task }: Action): string {
  return task === 'reload-agent' ? 'start' : task;
}

/** One-time operations share an entry: only the last one counts. */
function resultId(action: Action, name: string, key: string): string {
  const { task } = action;
  if (task === 'notify') return `${name}_${action.meta('notify_type')}_notify_${action.meta('notify_operation')}_0`;
  if (isMigration(action)) return key;
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
