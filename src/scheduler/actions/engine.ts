// The fixpoint engine: orderings decide which actions are needed and which can run, and every change may change others.
// An action is updated from what comes before it; whatever that changes is updated in turn.
//
// Flags only ever lose `optional` and `runnable` (milestones that count their inputs aside), so it ends. Changes are
// followed depth first, because the first reason found is the one that is shown. A chain longer than the stack would
// bear is continued from a list: the result is the same, only the order of discovery changes there.

import { bundleOf } from '../configuration/tree.ts';
import type { ClusterNode } from '../model/index.ts';
import { type Action, ALWAYS_IN_GRAPH, OPTIONAL, RUNNABLE } from './action.ts';
import { blockColocationDependents } from './colocation-block.ts';
import { applyEffect, FIRST_CHANGED, saysNothing, THEN_CHANGED } from './effects.ts';
import { isAncestor, isCloneLike } from './family.ts';
import type { Plan } from './plan.ts';
import {
  ASYMMETRIC,
  FIRST_ELSE_THEN,
  FIRST_IMPLIES_SAME_NODE_THEN,
  FIRST_IMPLIES_THEN,
  FIRST_IMPLIES_THEN_GRAPHED,
  GUEST_ALLOWED,
  IF_FIRST_UNMIGRATABLE,
  IF_ON_SAME_NODE,
  IF_ON_SAME_NODE_OR_TARGET,
  IF_REQUIRED_ON_SAME_NODE,
  INTERMEDIATE_STOP,
  MIN_RUNNABLE,
  NESTED_REMOTE_PROBE,
  ORDERED,
  PROMOTED_THEN_IMPLIES_FIRST,
  type Relation,
  relate,
  SERIALIZE,
  THEN_CANCELS_FIRST,
  THEN_IMPLIES_FIRST,
  THEN_IMPLIES_FIRST_GRAPHED,
  UNMIGRATABLE_THEN_BLOCKS,
  UNRUNNABLE_FIRST_BLOCKS,
} from './relation.ts';
import { orderingFlags } from './summary-flags.ts';
import { completionOf, taskCompletedBy } from './tasks.ts';

/** Nested updates; a frame of each takes a few hundred bytes of stack. */
const depthMax = 400;

export class Engine {
  readonly plan: Plan;
  /** Of dependents, since they have to run with what cannot; what is ordered after them may have been updated before. */
  readonly blocked: Action[] = [];
  #depth = 0;
  readonly #postponed: Action[] = [];

  constructor(plan: Plan) {
    this.plan = plan;
  }

  /** Brings an action, and all that follows from it, up to date. */
  update(next: Action): void {
    if (this.#depth >= depthMax) {
      this.#postponed.push(next);
      return;
    }
    this.#depth += 1;
    this.#updateNow(next);
    this.#depth -= 1;
    if (this.#depth > 0) return;
    for (let next = this.#postponed.pop(); next !== undefined; next = this.#postponed.pop()) this.update(next);
  }

  /** Brings everything ordered after the action up to date. */
  updateAfters(first: Action): void {
    for (let index = first.afters.length - 1; index >= 0; index--) {
      const relation = first.afters[index];
      if (relation !== undefined) this.update(relation.next);
    }
  }

  #updateNow(next: Action): void {
    const flagsBefore = next.flags;
    if (next.runnableFirstsMin > 0) {
      next.runnableFirsts = 0;
      next.clear(RUNNABLE);
    }
    let changed = false;
    let summedUp = false;
    for (let index = next.befores.length - 1; index >= 0; index--) {
      const relation = next.befores[index];
      if (relation === undefined || relation.kinds === 0) continue;
      const sumsUp = onlySumsUp(relation);
      if (sumsUp && summedUp) continue;
      const result = this.#apply(relation);
      summedUp = result === 0 && (summedUp || sumsUp);
      if ((result & FIRST_CHANGED) !== 0) {
        this.updateAfters(relation.first);
        this.update(relation.first);
      }
      changed ||= (result & THEN_CHANGED) !== 0;
    }
    if (next.runnableFirstsMin > 0) changed = next.flags !== flagsBefore;
    if (!changed) return;
    if ((flagsBefore & RUNNABLE) !== 0 && !next.runnable) blockColocationDependents(this, next);
    this.update(next);
    this.updateAfters(next);
  }

  #apply(relation: Relation): number {
    const { first, next } = relation;
    if ((relation.kinds & ~mereOrder) === 0 && isOfPrimitive(first) && isOfPrimitive(next)) return 0;
    const firstNode = effectiveNode(first);
    const thenNode = effectiveNode(next);
    if ((relation.kinds & IF_ON_SAME_NODE) !== 0 && firstNode && thenNode && firstNode !== thenNode) {
      relation.kinds = 0;
      return 0;
    }
    if ((relation.kinds & THEN_CANCELS_FIRST) !== 0 && next.required) this.#cancel(first);
    const meant = this.#meantBy(first, next);
    if (meant === first) return this.#evaluate(relation, firstNode, thenNode);
    if (!relate(meant, next, relation.kinds)) return 0;
    relation.kinds = 0;
    return THEN_CHANGED;
  }

  #cancel(first: Action): void {
    first.set(OPTIONAL);
    if (first.task === 'reload-agent' && first.resource?.variant === 'primitive')
      this.plan.reloading.delete(first.resource);
  }

  /** To be ordered after what a collective does means to be ordered after its completion, and its notifications. */
  #meantBy(first: Action, next: Action): Action {
    const { resource } = first;
    if (resource === undefined || resource.variant === 'primitive' || next.resource === undefined) return first;
    if (resource === next.resource || isAncestor(resource, next.resource)) return first;
    if (first.intervalMs !== 0 || first.key.includes('notify')) return first;
    const completion = completionOf(taskCompletedBy(first.task));
    if (completion === undefined) return first;
    const notified = resource.notify && (resource.variant === 'clone' || bundleOf(resource) !== undefined);
    const name = notified ? `confirmed-post_notify_${completion}` : completion;
    return this.plan.find(resource, name, undefined) ?? first;
  }

  /** Applies every kind of the relation, in the fixed order that decides which reason comes first. */
  #evaluate(relation: Relation, firstNode: ClusterNode | undefined, thenNode: ClusterNode | undefined): number {
    const { first, next } = relation;
    this.plan.evaluations += 1;
    let node = thenNode;
    if ((relation.kinds & FIRST_IMPLIES_SAME_NODE_THEN) !== 0) {
      relation.kinds = (relation.kinds & ~FIRST_IMPLIES_SAME_NODE_THEN) | FIRST_IMPLIES_THEN;
      node = firstNode;
    }
    const firstFlags = orderingFlags(this.plan, first, thenNode);
    const thenFlags = orderingFlags(this.plan, next, firstNode);
    const { kinds } = relation;
    let changed = 0;
    const applied = rulesOf(kinds);
    // The instances of clones are summed up on the way, even where there is nothing to pass on to them.
    const sumsUpInstances = isCloneLike(first.resource) || isCloneLike(next.resource);
    for (let index = 0; index < applied.length; index++) {
      const rule = applied[index] as Rule;
      if (rule.kind === NESTED_REMOTE_PROBE && voidsNestedProbe(relation, firstFlags)) continue;
      const owner = rule.on === 'then' ? next.resource : first.resource;
      if (owner === undefined) {
        changed |= rule.withoutResource?.(relation, firstFlags) ?? 0;
      } else {
        const flags = rule.optionalOnly ? firstFlags & OPTIONAL : firstFlags;
        const kind = rule.kind === NESTED_REMOTE_PROBE ? UNRUNNABLE_FIRST_BLOCKS : rule.kind;
        if (!sumsUpInstances && saysNothing(kind, first, flags)) continue;
        changed |= applyEffect(this, owner, { first, next, node, flags, filter: rule.filter, kind });
      }
    }
    return changed | markGraphed(relation, firstFlags, thenFlags) | blockBehindBlockedStop(relation);
  }
}

/**
 * What says nothing about whether the two actions happen. Most relations of a large cluster are of this kind, those of
 * probes above all. Between collectives even they have to be evaluated: their parts are related, and summed up, then.
 */
const mereOrder =
  ORDERED | SERIALIZE | IF_ON_SAME_NODE_OR_TARGET | IF_REQUIRED_ON_SAME_NODE | IF_FIRST_UNMIGRATABLE | GUEST_ALLOWED;

/**
 * Before what a group does, mere order after a primitive has one effect: the group's flags are summed up from its
 * members'. Until something changes, once is enough for all of them (there can be a probe for each member and node).
 */
function onlySumsUp({ first, next, kinds }: Relation): boolean {
  return (kinds & ~mereOrder) === 0 && next.resource?.variant === 'group' && isOfPrimitive(first);
}

function isOfPrimitive({ resource }: Action): boolean {
  return resource === undefined || resource.variant === 'primitive';
}

/** How a kind is evaluated: through the resource of which side, for which flags, and what it means without one. */
type Rule = {
  readonly kind: number;
  readonly on: 'first' | 'then';
  readonly optionalOnly?: true;
  readonly filter: number;
  readonly withoutResource?: (relation: Relation, firstFlags: number) => number;
};

const rules: readonly Rule[] = [
  { kind: FIRST_IMPLIES_THEN, on: 'then', optionalOnly: true, filter: OPTIONAL, withoutResource: requireThen },
  { kind: INTERMEDIATE_STOP, on: 'then', filter: OPTIONAL | RUNNABLE },
  { kind: THEN_IMPLIES_FIRST, on: 'first', filter: OPTIONAL, withoutResource: blockFirst },
  { kind: PROMOTED_THEN_IMPLIES_FIRST, on: 'then', optionalOnly: true, filter: OPTIONAL },
  { kind: MIN_RUNNABLE, on: 'then', filter: RUNNABLE, withoutResource: countRunnable },
  { kind: NESTED_REMOTE_PROBE, on: 'then', filter: RUNNABLE },
  { kind: UNRUNNABLE_FIRST_BLOCKS, on: 'then', filter: RUNNABLE, withoutResource: blockThen },
  { kind: UNMIGRATABLE_THEN_BLOCKS, on: 'then', filter: OPTIONAL },
  { kind: FIRST_ELSE_THEN, on: 'then', filter: OPTIONAL },
  { kind: ORDERED, on: 'then', filter: RUNNABLE },
  { kind: ASYMMETRIC, on: 'then', filter: RUNNABLE },
];

const rulesByKinds = new Map<number, readonly Rule[]>();

/** The rules for a set of kinds, in their order: few different sets occur, and most name one rule or two. */
function rulesOf(kinds: number): readonly Rule[] {
  const known = rulesByKinds.get(kinds);
  if (known !== undefined) return known;
  const chosen = rules.filter(({ kind }) => (kinds & kind) !== 0);
  rulesByKinds.set(kinds, chosen);
  return chosen;
}

/** What runs inside an active container can be looked for, although the container is not started anew. */
function voidsNestedProbe(relation: Relation, firstFlags: number): boolean {
  const { resource } = relation.first;
  if ((firstFlags & RUNNABLE) !== 0 || resource === undefined || resource.activeNodes.length === 0) return false;
  relation.kinds = 0;
  return true;
}

function requireThen({ next }: Relation, firstFlags: number): number {
  if ((firstFlags & OPTIONAL) !== 0 || next.required) return 0;
  next.clear(OPTIONAL);
  return THEN_CHANGED;
}

function blockFirst({ first }: Relation, firstFlags: number): number {
  if ((firstFlags & OPTIONAL) !== 0 || !first.runnable) return 0;
  first.clear(RUNNABLE);
  return FIRST_CHANGED;
}

function countRunnable({ next }: Relation, firstFlags: number): number {
  if ((firstFlags & RUNNABLE) === 0) return 0;
  next.runnableFirsts += 1;
  if (next.runnableFirsts < next.runnableFirstsMin || next.runnable) return 0;
  next.set(RUNNABLE);
  return THEN_CHANGED;
}

function blockThen({ next }: Relation, firstFlags: number): number {
  if ((firstFlags & RUNNABLE) !== 0 || !next.runnable) return 0;
  next.clear(RUNNABLE);
  return THEN_CHANGED;
}

/** Some relations only ask that an action be shown in the graph. */
function markGraphed({ first, next, kinds }: Relation, firstFlags: number, thenFlags: number): number {
  const firstHappens = first.runnable && (firstFlags & OPTIONAL) === 0;
  if ((kinds & FIRST_IMPLIES_THEN_GRAPHED) !== 0 && firstHappens) next.set(ALWAYS_IN_GRAPH);
  if ((kinds & THEN_IMPLIES_FIRST_GRAPHED) !== 0 && (thenFlags & OPTIONAL) === 0) first.set(ALWAYS_IN_GRAPH);
  return 0;
}

/** What a blocked resource will not do cannot be waited for. */
function blockBehindBlockedStop({ first, next, kinds }: Relation): number {
  if ((kinds & (FIRST_IMPLIES_THEN | THEN_IMPLIES_FIRST | INTERMEDIATE_STOP)) === 0) return 0;
  const { resource } = first;
  if (resource === undefined || resource.managed || !resource.blocked) return 0;
  if (first.task !== 'stop' || first.runnable || !next.runnable) return 0;
  next.clear(RUNNABLE);
  return THEN_CHANGED;
}

/** A group starts on the node of its members, when that is one. */
function effectiveNode(action: Action): ClusterNode | undefined {
  if (action.resource?.variant !== 'group' || action.task !== 'start') return action.node;
  let only: ClusterNode | undefined;
  const { members } = action.resource;
  for (let index = 0; index < members.length; index++) {
    const assignedNode = members[index]?.assignedNode;
    if (only !== undefined && assignedNode !== undefined && assignedNode !== only) return undefined;
    only ??= assignedNode;
  }
  return only;
}
