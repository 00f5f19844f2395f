// Choosing which instances of a promotable clone are promoted.

import { addScores, INFINITY_SCORE } from '../../kit/index.ts';
import { applyColocation } from '../colocation/apply.ts';
import { factorOf, hasInfluence } from '../colocation/influence.ts';
import { thisWithOf, withThisOf } from '../colocation/lists.ts';
import { mergePreferences } from '../colocation/preferences.ts';
import { banEverywhere } from '../configuration/node-score.ts';
import { childrenOf, visitTree } from '../configuration/tree.ts';
import {
  type Clone,
  type ClusterNode,
  type Group,
  isAvailable,
  type Primitive,
  type Resource,
  roles,
} from '../model/index.ts';
import { sortInPlace } from '../model/ordering.ts';
import { compareInstances } from './instance-order.ts';
import { isUsableGuest } from './node-choice.ts';
import { assignedNodes, soleAssignedNode } from './placement.ts';
import { promotionScoreOf } from './promotion-score.ts';
import { currentRoleOf, nextRoleOf } from './role.ts';
import type { Run } from './run.ts';

type Instance = Primitive | Group;

export function chooseRoles(run: Run, clone: Clone): void {
  clone.rolesChosen = true;
  clone.allowed.counts.fill(0);
  const priorities = new Map<Instance, number>();
  for (const instance of clone.instances) setPriority(run, clone, { instance, priorities });
  rankInstances(run, clone, priorities);
  let promoted = 0;
  for (const instance of clone.instances) {
    const priority = priorities.get(instance) ?? 0;
    const node = soleAssignedNode(instance);
    run.listing.addPromotion(instance, node, priority);
    if (isPromoted(run, clone, { instance, priority, promoted })) {
      if (node !== undefined) clone.allowed.counts[node.index] = clone.allowed.count(node.index) + 1;
      promoted += 1;
      promote(instance);
    } else {
      settle(instance);
    }
  }
  clone.promotedCount = promoted;
}

/** How much an instance deserves promotion where it is going to run. */
function setPriority(
  run: Run,
  clone: Clone,
  { instance, priorities }: { readonly instance: Instance; readonly priorities: Map<Instance, number> },
): void {
  if (currentRoleOf(instance) === roles.started) {
    visitTree(instance, (each) => {
      if (each.currentRole === roles.started) each.currentRole = roles.unpromoted;
    });
  }
  const node = soleAssignedNode(instance);
  if (node === undefined) return;
  const nextRole = nextRoleOf(instance);
  switch (nextRole) {
    case roles.started:
    case roles.unknown: {
      const { score, isFound } = promotionScoreOf(instance, node);
      instance.priority = isFound ? score : -1;
      break;
    }
    case roles.unpromoted:
    case roles.stopped:
      instance.priority = -INFINITY_SCORE;
      break;
  }
  addPromotedLocations(instance, instance, node);
  addPromotedLocations(clone, instance, node);
  for (const colocation of thisWithOf(instance)) applyColocation(run, instance, colocation.primary, colocation);
  priorities.set(instance, nextRole === roles.promoted ? INFINITY_SCORE : instance.priority);
}

/** Preferences for the node that are meant for the promoted role. */
function addPromotedLocations(holder: Resource, instance: Instance, node: ClusterNode): void {
  for (const location of holder.locations.toReversed()) {
    if (location.roleFilter !== roles.promoted) continue;
    const entry = location.entries.find((each) => each.node === node);
    if (entry !== undefined) instance.priority = addScores(instance.priority, entry.score);
  }
}

function rankInstances(run: Run, clone: Clone, priorities: Map<Instance, number>): void {
  for (const instance of clone.instances) {
    const priority = priorities.get(instance) ?? 0;
    const node = soleAssignedNode(instance);
    if (priority >= 0 && node !== undefined && clone.allowed.has(node.index)) clone.allowed.add(node.index, priority);
  }
  mergePromotedDependents(run, clone);
  banWithoutTicket(run, clone);
  for (const instance of clone.instances)
    priorities.set(instance, rankOf(clone, instance, priorities.get(instance) ?? 0));
  sortInPlace(
    clone.instances,
    (a, b) =>
      (priorities.get(b) ?? 0) - (priorities.get(a) ?? 0) ||
      currentRoleOf(b) - currentRoleOf(a) ||
      compareInstances(run, a, b),
  );
}

function rankOf(clone: Clone, instance: Instance, priority: number): number {
  if (!instance.managed && nextRoleOf(instance) === roles.promoted) return INFINITY_SCORE;
  const node = soleAssignedNode(instance);
  if (node === undefined) return -INFINITY_SCORE;
  return priority < 0 ? priority : clone.allowed.score(node.index);
}

/** What is to run with the promoted instance has a say in which one that is. */
function mergePromotedDependents({ cluster }: Run, clone: Clone): void {
  clone.merging = true;
  for (const colocation of withThisOf(clone)) {
    if (colocation.primaryRole !== roles.promoted || !hasInfluence(colocation)) continue;
    const mode = { active: true, nonnegative: true, thisWith: false };
    const { dependent: source } = colocation;
    const merge = { source, target: clone, colocation, factor: factorOf(colocation.score), mode };
    clone.allowed.assign(mergePreferences(cluster, clone.allowed, merge));
  }
  clone.merging = false;
}

function banWithoutTicket({ cluster }: Run, clone: Clone): void {
  const missing = clone.tickets.find(
    ({ role, ticket }) => role === roles.promoted && (!ticket.granted || ticket.standby),
  );
  if (missing === undefined) return;
  const state = missing.ticket.granted ? 'standby' : 'not granted';
  banEverywhere(cluster, clone, { kind: 'ticket', id: missing.ticket.id, state });
}

function isPromoted(
  { cluster }: Run,
  clone: Clone,
  {
    instance,
    priority,
    promoted,
  }: { readonly instance: Instance; readonly priority: number; readonly promoted: number },
): boolean {
  if (priority < 0) return false;
  if (clone.managed && promoted >= clone.promotedMax) return false;
  if (!canBePromoted(clone, instance)) return false;
  const isFrozen = !cluster.quorate && cluster.options.quorumPolicy === 'freeze';
  return !(isFrozen && currentRoleOf(instance) < roles.promoted);
}

function canBePromoted(clone: Clone, instance: Resource): boolean {
  if (!childrenOf(instance).every((child) => canBePromoted(clone, child))) return false;
  const node = soleAssignedNode(instance);
  if (node === undefined) return false;
  if (!instance.managed) {
    if (currentRoleOf(instance) !== roles.promoted) return false;
  } else if (instance.priority < 0 || !isAvailable(node) || !isUsableGuest(node)) {
    return false;
  }
  if (!clone.allowed.has(node.index)) return false;
  return !instance.managed || clone.allowed.count(node.index) < clone.promotedNodeMax;
}

function promote(instance: Resource): void {
  if (instance.nextRole === roles.unknown) instance.nextRole = roles.promoted;
  for (const child of childrenOf(instance)) promote(child);
}

/** Runs without being promoted, or does not run. */
function settle(instance: Resource): void {
  instance.nextRole = assignedNodes(instance).length === 0 ? roles.stopped : roles.unpromoted;
  for (const child of childrenOf(instance)) settle(child);
}
