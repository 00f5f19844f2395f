// The actions of one scheduler run and what orders them, while they are being made. Phases request actions; a request
// finds the action it means or makes it, and evaluates anew whether it can run.

import { childrenOf } from '../configuration/tree.ts';
import type { Clone, Cluster, ClusterNode, HistoryEntry, Primitive, Resource } from '../model/index.ts';
import { Action, type ActionOptions, actionKey, OPTIONAL, PSEUDO, RUNNABLE } from './action.ts';
import type { Notifications } from './notification.ts';
import { OperationMetadata } from './operation-metadata.ts';
import type { Ordering } from './ordering.ts';
import { ParameterDigests } from './parameter-digests.ts';

/** The actions of one resource, by what they do. */
type ActionList = { readonly all: Action[]; readonly byName: Map<string, NamedActions> };

/** The resource's actions of one name, oldest first. */
export type NamedActions = {
  readonly resource: Resource;
  readonly all: Action[];
  /** By node index, the oldest action there, of those before `indexed`: all of these have a node, which they keep. */
  readonly oldestOn: (Action | undefined)[];
  indexed: number;
  /** Whether the operation has instance attributes of its own; undefined until somebody asks. */
  hasParameters: boolean | undefined;
};

/** What the parts of a collective do, and how many actions there were when it was looked up. */
type PartActions = {
  readonly madeAt: number;
  readonly byPart: readonly (readonly Action[])[];
  /** The newest of each part. */
  readonly newest: readonly (Action | undefined)[];
};

const noActions: readonly Action[] = [];

export class Plan {
  readonly cluster: Cluster;
  /** By id, from 1: the action of id N is at N - 1. */
  readonly actions: Action[] = [];
  /** In order of creation; they become relations once all actions exist. */
  readonly orderings: Ordering[] = [];
  readonly metadata: OperationMetadata;
  /** Resources that take new parameters without a restart. */
  readonly reloading = new Set<Primitive>();
  /** Resources that are active where they should not be, and are stopped only there (multiple-active=stop_unexpected). */
  readonly stoppingUnexpected = new Set<Primitive>();
  /** Comparisons of recorded operations that have to wait for assignment. */
  readonly deferredChecks: DeferredCheck[] = [];
  readonly digests: ParameterDigests;
  /** How often a relation was evaluated: the work that tests hold to near-linear growth, where time would be noise. */
  evaluations = 0;
  readonly notifications = new Map<Clone, Notifications>();
  /** What orders the probes of a primitive before its start, by its index. */
  readonly probesBeforeStart: (Ordering | undefined)[] = [];
  readonly #ofResource: (ActionList | undefined)[] = [];
  readonly #ofParts = new Map<Resource, Map<string, PartActions>>();
  readonly #ofCluster = new Map<string, Action[]>();

  constructor(cluster: Cluster) {
    this.cluster = cluster;
    this.metadata = new OperationMetadata(cluster);
    this.digests = new ParameterDigests(cluster, this.metadata);
  }

  /** Makes an action: runnable, with the next id. It belongs to no resource, or to the one of the series it continues. */
  create(key: string, task: string, options: CreateOptions): Action {
    const { series } = options;
    const action = new Action(this.actions.length + 1, key, task, options);
    this.actions.push(action);
    if (series === undefined) listIn(this.#ofCluster, key.toLowerCase()).push(action);
    else {
      this.#listOf(series.resource).all.push(action);
      series.all.push(action);
    }
    return action;
  }

  /** Oldest first. */
  actionsOf(resource: Resource): readonly Action[] {
    return this.#ofResource[resource.index]?.all ?? noActions;
  }

  /** The resource's actions of this name (for all but notifications, the task), oldest first, on any node or none. */
  named(resource: Resource, name: string, intervalMs = 0): readonly Action[] {
    return this.#listNamed(resource, name, intervalMs)?.all ?? noActions;
  }

  /**
   * `named` for each direct part of a collective, and the newest of each. Kept until the next action is made: while flags
   * are propagated, when collectives are summed up again and again, there is none.
   */
  partsNamed(collective: Resource, name: string): PartActions {
    let ofCollective = this.#ofParts.get(collective);
    if (ofCollective === undefined) {
      ofCollective = new Map();
      this.#ofParts.set(collective, ofCollective);
    }
    const known = ofCollective.get(name);
    if (known?.madeAt === this.actions.length) return known;
    const byPart = childrenOf(collective).map((part) => this.named(part, name));
    const made = { madeAt: this.actions.length, byPart, newest: byPart.map((actions) => actions.at(-1)) };
    ofCollective.set(name, made);
    return made;
  }

  /** The resource's actions of this name, now and later. */
  series(resource: Resource, name: string, intervalMs = 0): NamedActions {
    const { byName } = this.#listOf(resource);
    const index = nameIndex(name, intervalMs);
    const known = byName.get(index);
    if (known !== undefined) return known;
    const made: NamedActions = { resource, all: [], oldestOn: [], indexed: 0, hasParameters: undefined };
    byName.set(index, made);
    return made;
  }

  /**
   * The oldest action of this name on `node` (on any node when undefined). One that has no node yet is what a search
   * for a node means, too, and is bound to that node from then on.
   */
  find(resource: Resource, name: string, node: ClusterNode | undefined, intervalMs = 0): Action | undefined {
    const series = this.#listNamed(resource, name, intervalMs);
    return series === undefined ? undefined : oldestOf(series, node);
  }

  /** All actions of this name on `node`, oldest first; those without node are bound to it. */
  findAll(resource: Resource, name: string, node: ClusterNode | undefined, intervalMs = 0): readonly Action[] {
    const actions = this.named(resource, name, intervalMs);
    if (node === undefined) return actions;
    return actions.filter((action) => bindsTo(action, node));
  }

  /** The newest action of this name that has this node (any, or none, when undefined). Binds nothing. */
  newest(resource: Resource, name: string, node: ClusterNode | undefined): Action | undefined {
    return newestOf(this.named(resource, name), node);
  }

  findOfCluster(key: string, node?: ClusterNode): Action | undefined {
    return oldestOn(this.#ofCluster.get(key.toLowerCase()) ?? noActions, node);
  }

  /** The milestone of this name that belongs to no resource: optional, pseudo, runnable. */
  milestone(name: string): Action {
    const known = this.findOfCluster(name);
    if (known !== undefined) return known;
    const action = this.create(name, name, { node: undefined, need: 'optional' });
    action.set(PSEUDO | RUNNABLE);
    return action;
  }

  /** The moment when all that leaves `node` has left it. */
  loadStopped(node: ClusterNode): Action {
    const milestone = this.milestone(`load_stopped_${node.name}`);
    if (milestone.node === undefined) {
      milestone.node = node;
      milestone.clear(OPTIONAL);
    }
    return milestone;
  }

  #listNamed(resource: Resource, name: string, intervalMs: number): NamedActions | undefined {
    return this.#ofResource[resource.index]?.byName.get(nameIndex(name, intervalMs));
  }

  #listOf(resource: Resource): ActionList {
    const known = this.#ofResource[resource.index];
    if (known !== undefined) return known;
    const list = { all: [], byName: new Map() };
    this.#ofResource[resource.index] = list;
    return list;
  }
}

/** A recorded operation whose parameters are known only once its resource is placed. */
export type DeferredCheck = {
  readonly resource: Primitive;
  readonly node: ClusterNode;
  readonly entry: HistoryEntry;
  readonly subject: 'active-operation' | 'last-failure';
};

export type CreateOptions = ActionOptions & { readonly series?: NamedActions };

export function keyOf(resource: Resource | Primitive, name: string, intervalMs = 0): string {
  return actionKey(resource.id, name, intervalMs);
}

function oldestOn(actions: readonly Action[], node: ClusterNode | undefined): Action | undefined {
  if (node === undefined) return actions[0];
  for (let index = 0; index < actions.length; index++) {
    const action = actions[index];
    if (action !== undefined && bindsTo(action, node)) return action;
  }
  return undefined;
}

/** The newest of these on `node`, as `Plan.newest` has it. */
export function newestOf(actions: readonly Action[], node: ClusterNode | undefined): Action | undefined {
  for (let index = actions.length - 1; index >= 0; index--) {
    const action = actions[index];
    if (node === undefined || action?.node === node) return action;
  }
  return undefined;
}

/** The oldest of a series on `node`, as `Plan.find` has it. */
export function oldestOf(series: NamedActions, node: ClusterNode | undefined): Action | undefined {
  return node === undefined ? series.all[0] : oldestIndexed(series, node);
}

/** Up to this many actions a scan needs less time, and no memory. */
const scannedMax = 3;

/** A resource has a probe on each node: a scan for every one of them would grow with the square of the nodes. */
function oldestIndexed(list: NamedActions, node: ClusterNode): Action | undefined {
  const { all, oldestOn: index } = list;
  if (all.length <= scannedMax) return oldestOn(all, node);
  while (list.indexed < all.length) {
    const next = all[list.indexed];
    if (next?.node === undefined) break;
    index[next.node.index] ??= next;
    list.indexed += 1;
  }
  const known = index[node.index];
  if (known !== undefined) return known;
  for (let index = list.indexed; index < all.length; index++) {
    const action = all[index];
    if (action !== undefined && bindsTo(action, node)) return action;
  }
  return undefined;
}

function bindsTo(action: Action, node: ClusterNode): boolean {
  action.node ??= node;
  return action.node === node;
}

function nameIndex(name: string, intervalMs: number): string {
  return intervalMs === 0 ? name : `${name}:${intervalMs}`;
}

function listIn<T>(lists: Map<string, T[]>, key: string): T[] {
  const known = lists.get(key);
  if (known !== undefined) return known;
  const list: T[] = [];
  lists.set(key, list);
  return list;
}
