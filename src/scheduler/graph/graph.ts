// The transition graph: every action that will be done, each with what has to be confirmed before it.

import { parseInteger, parseIntervalMs } from '../../cib/index.ts';
import { type Action, ALWAYS_IN_GRAPH, IN_GRAPH, type Metadata } from '../actions/action.ts';
import { createNotifyActions } from '../actions/notify-actions.ts';
import type { Plan } from '../actions/plan.ts';
import { orderingFlags } from '../actions/summary-flags.ts';
import { childrenOf } from '../configuration/tree.ts';
import { type ClusterNode, isRemoteType, type Resource } from '../model/index.ts';
import { belongsInGraph, inputsOf, mergeBefores } from './inputs.ts';

export type Synapse = {
  /** Position in the graph. */
  readonly id: number;
  readonly action: Action;
  /** What has to be confirmed first, by ascending id. */
  readonly inputs: readonly Action[];
  /** 0 unless it is to be preferred. */
  readonly priority: number;
};

export type TransitionGraph = {
  readonly attributes: ReadonlyMap<string, string>;
  readonly synapses: readonly Synapse[];
  /** Remote-type nodes whose maintenance state changed. */
  readonly maintenanceChanges: readonly ClusterNode[];
};

/** Decides what goes into the graph, in its order. Notifications are made here: only now is it known what will happen. */
export function createGraph(plan: Plan): TransitionGraph {
  const builder = new GraphBuilder(plan);
  for (const resource of plan.cluster.resources) builder.addResource(resource);
  const maintenanceChanges = builder.addMaintenance();
  for (let index = plan.actions.length - 1; index >= 0; index--) {
    const action = plan.actions[index];
    if (action !== undefined) builder.add(action);
  }
  return { attributes: headerOf(plan), synapses: builder.synapses, maintenanceChanges };
}

const nothingAdded: Metadata = new Map();

class GraphBuilder {
  readonly synapses: Synapse[] = [];
  readonly #plan: Plan;
  /** By what was added before, and by node index. */
  readonly #addedWithNode = new Map<Metadata, Metadata[]>();

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  addResource(resource: Resource): void {
    switch (resource.variant) {
      case 'primitive':
      case 'group':
        this.#addOwn(resource);
        for (const member of childrenOf(resource)) this.addResource(member);
        break;
      case 'clone':
        for (const action of this.#plan.actionsOf(resource)) orderingFlags(this.#plan, action, undefined);
        createNotifyActions(this.#plan, resource);
        for (const instance of resource.instances) this.addResource(instance);
        this.#addOwn(resource);
        break;
      case 'bundle':
        if (resource.clone !== undefined) this.addResource(resource.clone);
        for (const { ip, container, connection } of resource.replicas) {
          for (const part of [ip, container, connection]) if (part !== undefined) this.addResource(part);
        }
    }
  }

  /** Tells the agents on remote-type nodes that maintenance began or ended there. */
  addMaintenance(): ClusterNode[] {
    const changed = this.#plan.cluster.nodes.filter(
      (node) => isRemoteType(node) && node.maintenance !== node.remoteMaintenance,
    );
    if (changed.length > 0) {
      const action = this.#plan.milestone('maintenance_nodes');
      action.set(ALWAYS_IN_GRAPH);
    }
    return changed;
  }

  add(action: Action): void {
    if (action.has(IN_GRAPH)) return;
    mergeBefores(action);
    if (!belongsInGraph(action)) return;
    action.set(IN_GRAPH);
    const inputs = inputsOf(action);
    this.#noteNode(action);
    const priority = Math.max(action.resource?.priority ?? 0, action.priority, 0);
    this.synapses.push({ id: this.synapses.length, action, inputs, priority });
  }

  /** What was added besides is mostly the same for all actions on a node: those share one map. */
  #noteNode(action: Action): void {
    const { node, added = nothingAdded } = action;
    if (node === undefined || !hasNodeInformation(action)) return;
    let byNode = this.#addedWithNode.get(added);
    if (byNode === undefined) {
      byNode = [];
      this.#addedWithNode.set(added, byNode);
    }
    byNode[node.index] ??= new Map([...added, ['on_node', node.name], ['on_node_uuid', node.id]]);
    action.added = byNode[node.index];
  }

  #addOwn(resource: Resource): void {
    const actions = this.#plan.actionsOf(resource);
    for (let index = actions.length - 1; index >= 0; index--) {
      const action = actions[index];
      if (action !== undefined) this.add(action);
    }
  }
}

/** The element of the graph that stands for an action. */
export type ActionElement = 'pseudo_event' | 'crm_event' | 'rsc_op';

export function elementOf(action: Action): ActionElement {
  switch (action.task) {
    case 'stonith':
      return action.pseudo ? 'pseudo_event' : 'crm_event';
    case 'do_shutdown':
    case 'clear_failcount':
    case 'lrm_delete':
      return 'crm_event';
    default:
      return action.pseudo ? 'pseudo_event' : 'rsc_op';
  }
}

/** Milestones have no node, but the fencing of a guest has. */
export function hasNodeInformation(action: Action): boolean {
  if (action.node === undefined) return false;
  return !action.pseudo || elementOf(action) !== 'pseudo_event' || action.task === 'stonith';
}

function headerOf({ cluster }: Plan): Map<string, string> {
  const { configured } = cluster.options;
  const durationText = (...names: readonly string[]) => {
    const text = names.map((name) => configured.get(name)).find((value) => value !== undefined);
    return text !== undefined && parseIntervalMs(text) !== undefined ? text : '60s';
  };
  const startFailureIsFatal = configured.get('start-failure-is-fatal')?.toLowerCase() ?? 'true';
  const batchLimit = configured.get('batch-limit') ?? '0';
  const attributes = new Map([
    ['cluster-delay', durationText('cluster-delay')],
    ['fencing-timeout', durationText('fencing-timeout', 'stonith-timeout')],
    ['failed-stop-offset', 'INFINITY'],
    ['failed-start-offset', ['false', 'off', 'no', 'n', '0'].includes(startFailureIsFatal) ? '1' : 'INFINITY'],
    ['batch-limit', parseInteger(batchLimit) === undefined ? '0' : batchLimit],
    ['transition_id', '1'],
  ]);
  const migrationLimit = configured.get('migration-limit') ?? '';
  if ((parseInteger(migrationLimit) ?? -1) > 0) attributes.set('migration-limit', migrationLimit);
  if (cluster.recheckBy !== undefined) attributes.set('recheck-by', String(cluster.recheckBy));
  return attributes;
}
