// An action: something the transition may do, or a milestone that others are ordered against. Every action ever made
// takes the next id, also one that is dropped later: ids are how two runs, and two programs, are compared.

import type { ClusterNode, Primitive, Resource } from '../model/index.ts';
import type { Relation } from './relation.ts';

/** Nothing is sent to any agent. */
export const PSEUDO = 1 << 0;
/** May be done. */
export const RUNNABLE = 1 << 1;
/** Not needed. Its opposite is called required. */
export const OPTIONAL = 1 << 2;
/** Goes into the graph even if optional. */
export const ALWAYS_IN_GRAPH = 1 << 3;
/** Part of a live migration. */
export const MIGRATABLE = 1 << 4;
/** Runs on the coordinator, whatever the state of its node. */
export const ON_DC = 1 << 5;
/** The stop of a resource on the source of a migration that was left dangling. */
export const MIGRATION_ABORT = 1 << 6;
/** A recurring action whose parameters changed. */
export const RESCHEDULE = 1 << 7;
/** Has a synapse in the graph. */
export const IN_GRAPH = 1 << 8;

export type Needs = 'nothing' | 'quorum' | 'fencing';

/** Names and values; what many actions share is never copied. */
export type Metadata = ReadonlyMap<string, string>;

/** Shared by all that have none: relations are added by `relate`, which replaces a list this short. */
const noRelations: Relation[] = [];
const noMetadata: Metadata = new Map();

export class Action {
  readonly id: number;
  /** `RSC_TASK_INTERVALMS`, or a name of its own for what belongs to no resource. */
  readonly key: string;
  task: string;
  readonly resource: Resource | undefined;
  node: ClusterNode | undefined;
  flags: number;
  needs: Needs = 'nothing';
  /** Shown after `due to`. */
  reason: string | undefined = undefined;
  readonly intervalMs: number;
  /** What the operation's configuration says; shared. */
  readonly configured: Metadata;
  /** What was added to this action, before or over `configured`; may be shared, so it is replaced, never changed. */
  added: Metadata | undefined = undefined;
  /** The operation's own instance attributes; undefined until a node is known. */
  ownParameters: Metadata | undefined = undefined;
  priority = 0;
  /** Runnable once this many of its inputs are; 0 for ordinary actions. */
  runnableFirstsMin = 0;
  runnableFirsts = 0;
  /** Oldest relation first; the rules walk them newest first. */
  befores: Relation[] = noRelations;
  afters: Relation[] = noRelations;
  /** Afters by the id of their action, once there are many. */
  afterIndex: Map<number, Relation[]> | undefined = undefined;
  /** Mark of the last walk that saw it. */
  visited = 0;

  constructor(id: number, key: string, task: string, options: ActionOptions) {
    this.id = id;
    this.key = key;
    this.task = task;
    this.resource = options.series?.resource;
    this.node = options.node;
    this.flags = options.need === 'optional' ? RUNNABLE | OPTIONAL : RUNNABLE;
    this.intervalMs = options.intervalMs ?? 0;
    this.configured = options.configured ?? noMetadata;
  }

  has(flag: number): boolean {
    return (this.flags & flag) !== 0;
  }

  get runnable(): boolean {
    return (this.flags & RUNNABLE) !== 0;
  }

  get optional(): boolean {
    return (this.flags & OPTIONAL) !== 0;
  }

  get required(): boolean {
    return (this.flags & OPTIONAL) === 0;
  }

  get pseudo(): boolean {
    return (this.flags & PSEUDO) !== 0;
  }

  set(flag: number): void {
    this.flags |= flag;
  }

  clear(flag: number): void {
    this.flags &= ~flag;
  }

  /** As a side of an ordering, an action stands for itself. */
  get action(): this {
    return this;
  }

  /** The value of a metadata name. */
  meta(name: string): string | undefined {
    return this.added?.get(name) ?? this.configured.get(name);
  }

  addMeta(name: string, value: string): void {
    this.added = new Map(this.added).set(name, value);
  }

  /** The first reason stays. */
  explain(reason: string): void {
    this.reason ??= reason;
  }
}

export type ActionOptions = {
  /** The resource's actions of this name; undefined for what belongs to no resource. */
  readonly series?: { readonly resource: Resource };
  readonly node: ClusterNode | undefined;
  readonly need: 'required' | 'optional';
  readonly intervalMs?: number;
  readonly configured?: Metadata;
};

export function actionKey(resourceId: string, task: string, intervalMs: number): string {
  return `${resourceId}_${task}_${intervalMs}`;
}

export type NotifyPhase = 'pre' | 'post' | 'confirmed-pre' | 'confirmed-post';

export function notifyKey(resourceId: string, phase: NotifyPhase, task: string): string {
  return `${resourceId}_${phase}_notify_${task}_0`;
}

/** The action's resource where it is a primitive. */
export function primitiveOf(action: Action): Primitive | undefined {
  return action.resource?.variant === 'primitive' ? action.resource : undefined;
}
