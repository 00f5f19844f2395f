// What one kind of relation does to the two actions it orders. A relation with several kinds is applied one kind at a
// time, through the resource on the side that the kind is about: a group passes the effect on to its members, a clone
// to its instances, and two interleaved clones relate their instances pairwise instead.

import { type ClusterNode, type Resource, roles } from '../model/index.ts';
import { type Action, MIGRATABLE, OPTIONAL, PSEUDO, primitiveOf, RUNNABLE } from './action.ts';
import type { Engine } from './engine.ts';
import { currentRoleOf, instancesOf } from './family.ts';
import { areInterleaved, updateInterleaved } from './interleave.ts';
import { newestOf } from './plan.ts';
import {
  ASYMMETRIC,
  FIRST_ELSE_THEN,
  FIRST_IMPLIES_THEN,
  INTERMEDIATE_STOP,
  MIN_RUNNABLE,
  ORDERED,
  PROMOTED_THEN_IMPLIES_FIRST,
  THEN_IMPLIES_FIRST,
  UNMIGRATABLE_THEN_BLOCKS,
  UNRUNNABLE_FIRST_BLOCKS,
} from './relation.ts';
import { orderingFlags } from './summary-flags.ts';

export const FIRST_CHANGED = 1;
export const THEN_CHANGED = 2;

export type Effect = {
  readonly first: Action;
  readonly next: Action;
  /** Limits look-ups among a collective's parts. */
  readonly node: ClusterNode | undefined;
  /** Flags of first as the kind sees them. */
  readonly flags: number;
  /** Which effects are considered: OPTIONAL, RUNNABLE or both. */
  readonly filter: number;
  /** One kind of relation. */
  readonly kind: number;
};

/** Applies the effect through `owner`; the answer says which of the two actions changed. */
export function applyEffect(engine: Engine, owner: Resource, effect: Effect): number {
  switch (owner.variant) {
    case 'primitive':
      return applyToPair(engine, effect);
    case 'group':
      return applyToGroup(engine, effect);
    case 'clone':
    case 'bundle':
      return applyToInstances(engine, effect);
  }
}

function applyToGroup(engine: Engine, effect: Effect): number {
  const { first, next, node, flags, filter, kind } = effect;
  let changed = applyToPair(engine, effect);
  if (next.resource === undefined) return changed;
  const { byPart } = engine.plan.partsNamed(next.resource, next.task);
  for (let index = 0; index < byPart.length; index++) {
    const part = newestOf(byPart[index] ?? [], node);
    if (part?.resource === undefined) continue;
    changed |= applyEffect(engine, part.resource, { first, next: part, node, flags, filter, kind });
  }
  return changed;
}

function applyToInstances(engine: Engine, effect: Effect): number {
  const { first, next, node } = effect;
  if (next.resource === undefined) return 0;
  if (areInterleaved(first, next)) return updateInterleaved(engine, effect, applyEffect);
  let changed = applyToPair(engine, effect);
  for (const instance of instancesOf(next.resource)) {
    const part = engine.plan.newest(instance, next.task, node);
    if (part === undefined || (orderingFlags(engine.plan, part, node) & RUNNABLE) === 0) continue;
    const partChanged = applyEffect(engine, instance, { ...effect, next: part });
    changed |= partChanged;
    if ((partChanged & THEN_CHANGED) !== 0) engine.updateAfters(part);
  }
  return changed;
}

/** The effect on the two actions themselves. */
function applyToPair(engine: Engine, effect: Effect): number {
  const { first, next } = effect;
  const firstFlags = first.flags;
  const thenFlags = next.flags;
  applyKind(effect);
  let changed = 0;
  if (next.flags !== thenFlags) {
    changed |= THEN_CHANGED;
    if (next.resource?.parent !== undefined) engine.update(next);
  }
  if (first.flags !== firstFlags) changed |= FIRST_CHANGED;
  return changed;
}

/** Whether a kind has no effect as `first` is now, whatever comes after it. As `applyKind`, which knows `next`, too. */
export function saysNothing(kind: number, first: Action, flags: number): boolean {
  switch (kind) {
    case FIRST_IMPLIES_THEN:
      return (flags & OPTIONAL) !== 0 || first.has(MIGRATABLE);
    case THEN_IMPLIES_FIRST:
      return ((flags & OPTIONAL) !== 0 || first.required) && (flags & MIGRATABLE) === 0;
    case UNRUNNABLE_FIRST_BLOCKS:
      return (flags & RUNNABLE) !== 0;
    case ASYMMETRIC:
    case FIRST_ELSE_THEN:
      return first.runnable;
    case ORDERED:
    case MIN_RUNNABLE:
      return true;
    default:
      return false;
  }
}

function applyKind(effect: Effect): void {
  const { first, next, flags } = effect;
  const onOptional = (effect.filter & OPTIONAL) !== 0;
  const onRunnable = (effect.filter & RUNNABLE) !== 0;
  switch (effect.kind) {
    case ASYMMETRIC:
      if (next.resource !== undefined && !first.runnable) applyAsymmetric(first, next);
      break;
    case THEN_IMPLIES_FIRST:
      if (!onOptional || next.optional) break;
      if ((flags & OPTIONAL) === 0 && first.optional) clearBecause(first, OPTIONAL, next);
      if ((flags & MIGRATABLE) !== 0 && !next.has(MIGRATABLE)) clearBecause(first, MIGRATABLE, next);
      break;
    case PROMOTED_THEN_IMPLIES_FIRST:
      if (!onOptional || next.optional || primitiveOf(next)?.currentRole !== roles.promoted) break;
      clearBecause(first, OPTIONAL, next);
      if (first.has(MIGRATABLE) && !next.has(MIGRATABLE)) clearBecause(first, MIGRATABLE, next);
      break;
    case UNMIGRATABLE_THEN_BLOCKS:
      if (!onOptional) break;
      if (!next.has(MIGRATABLE) || !next.runnable) clearBecause(first, RUNNABLE, next);
      if (next.required) clearBecause(first, OPTIONAL, next);
      break;
    case FIRST_ELSE_THEN:
      if (!onOptional || first.runnable) break;
      clearBecause(next, MIGRATABLE, first);
      next.clear(PSEUDO);
      break;
    case UNRUNNABLE_FIRST_BLOCKS:
      if (!onRunnable || !next.runnable || (flags & RUNNABLE) !== 0) break;
      clearBecause(next, RUNNABLE, first);
      clearBecause(next, MIGRATABLE, first);
      break;
    case FIRST_IMPLIES_THEN:
      if (!onOptional || next.required || (flags & OPTIONAL) !== 0 || first.has(MIGRATABLE)) break;
      clearBecause(next, OPTIONAL, first);
      break;
    case INTERMEDIATE_STOP:
      applyRestart(effect);
      break;
  }
}

/** A one-way constraint: then may not happen without first, so it is wanted, and cannot be had. */
function applyAsymmetric(first: Action, next: Action): void {
  const { resource } = next;
  if (next.optional && resource !== undefined) {
    // Of a collective it is the highest role that counts (2 §8.6.2): what is stopped already need not be ordered.
    const role = currentRoleOf(resource);
    const [only, ...others] = resource.activeNodes;
    const runsThere = only !== undefined && others.length === 0 && only === next.node;
    if (next.task === 'stop' && role === roles.stopped) return;
    if (next.task === 'start' && role >= roles.started && runsThere) return;
  }
  clearBecause(next, OPTIONAL, first);
  clearBecause(next, RUNNABLE, first);
}

/** first is a stop, then what can only follow it: something that has to start anew must be stopped. */
function applyRestart({ first, next, filter }: Effect): void {
  if (primitiveOf(first) === undefined || primitiveOf(next) === undefined) return;
  const wanted = (filter & OPTIONAL) !== 0 && next.required;
  const impossible =
    (filter & RUNNABLE) !== 0 && !next.runnable && next.resource?.managed === true && next.resource === first.resource;
  if (!wanted && !impossible) return;
  if (first.runnable) clearBecause(first, OPTIONAL, next);
  if (next.required) clearBecause(first, OPTIONAL, next);
  if (!next.has(MIGRATABLE)) clearBecause(first, MIGRATABLE, next);
  if (first.required && !first.runnable) clearBecause(next, RUNNABLE, first);
}

const changeWords = new Map([
  [RUNNABLE, 'unrunnable'],
  [MIGRATABLE, 'unmigrateable'],
  [OPTIONAL, 'required'],
]);

/** Clears a flag; the action of another resource (or of none) that made it so is the reason, unless there is one. */
export function clearBecause(action: Action, flag: number, cause: Action): void {
  if ((action.flags & flag) === 0) return;
  action.clear(flag);
  if (action.reason !== undefined || (action.resource !== undefined && action.resource === cause.resource)) return;
  const subject = cause.resource === undefined ? '' : ` ${cause.resource.id}`;
  action.reason = `${changeWords.get(flag)}${subject} ${cause.task}`;
}
