// Applying a colocation to its dependent, whatever the primary is made of. Answers the change of the dependent's priority.

import { isTrue } from '../../cib/index.ts';
import { addScores, INFINITY_SCORE } from '../../kit/index.ts';
import { nodesByPreference } from '../assignment/node-choice.ts';
import { place, soleAssignedNode } from '../assignment/placement.ts';
import { nextRoleOf } from '../assignment/role.ts';
import type { Run } from '../assignment/run.ts';
import { enter } from '../configuration/node-score.ts';
import { colocationAttribute } from '../constraints/node-attribute.ts';
import {
  assignedHost,
  type Bundle,
  type Clone,
  type ClusterNode,
  type Colocation,
  type Group,
  isBundleNode,
  type Primitive,
  type Resource,
  roles,
} from '../model/index.ts';
import { compatibleInstance, isBlocked } from './compatible.ts';
import { applyToLocation, applyToPriority, effectOf } from './effect.ts';

/** Applies `colocation` with `dependent` (its configured dependent, or an instance of it) and `primary` in its roles. */
export function applyColocation(run: Run, dependent: Resource, primary: Resource, colocation: Colocation): number {
  if (dependent.variant === 'group') return applyToGroup(run, dependent, primary, colocation);
  switch (primary.variant) {
    case 'primitive':
      return applyWithPrimitive(run, dependent, primary, colocation);
    case 'group':
      return applyWithGroup(run, dependent, primary, colocation);
    case 'clone':
      return applyWithClone(run, dependent, primary, colocation);
    case 'bundle':
      return applyWithBundle(run, dependent, primary, colocation);
  }
}

function applyToGroup(run: Run, group: Group, primary: Resource, colocation: Colocation): number {
  const members = group.colocated ? group.members.slice(0, 1) : group.members;
  let delta = 0;
  for (const member of members) delta = addScores(delta, applyColocation(run, member, primary, colocation));
  group.priority = addScores(group.priority, delta);
  return delta;
}

function applyWithPrimitive(run: Run, dependent: Resource, primary: Primitive, colocation: Colocation): number {
  switch (effectOf(colocation, dependent, primary, 'decide')) {
    case 'nothing':
      return 0;
    case 'role':
      return applyToPriority(dependent, primary, colocation);
    case 'location':
      applyToLocation(run, dependent, primary, colocation);
      return 0;
  }
}

function applyWithGroup(run: Run, dependent: Resource, group: Group, colocation: Colocation): number {
  if (!group.decided) return 0;
  const isMandatory = colocation.score >= INFINITY_SCORE;
  if (!group.colocated) return isMandatory ? 0 : applyWithEach(run, dependent, group.members, colocation);
  const member = isMandatory ? group.members.at(-1) : group.members[0];
  return member === undefined ? 0 : applyColocation(run, dependent, member, colocation);
}

function applyWithEach(run: Run, dependent: Resource, primaries: readonly Resource[], colocation: Colocation): number {
  let delta = 0;
  for (const primary of primaries) delta = addScores(delta, applyColocation(run, dependent, primary, colocation));
  return delta;
}

function applyWithClone(run: Run, dependent: Resource, clone: Clone, colocation: Colocation): number {
  if (!clone.decided) return 0;
  if (clone.promotable && colocation.primaryRole !== roles.unknown) {
    if (!dependent.decided) {
      placeWithPromotable(run, dependent, clone, colocation);
      return 0;
    }
    if (colocation.dependentRole === roles.promoted) return promoteWith(run, dependent, clone, colocation);
  }
  if (interleaves(colocation, clone)) {
    const compatibility = { role: roles.unknown, nodeAttribute: undefined };
    const instance = compatibleInstance(run, dependent, clone.instances, compatibility);
    return applyWithCompatible(run, dependent, instance, colocation);
  }
  if (colocation.score < INFINITY_SCORE) return applyWithEach(run, dependent, clone.instances, colocation);
  const nodes = clone.instances.flatMap((instance) => {
    const node = soleAssignedNode(instance);
    return node === undefined || isBlocked(instance) ? [] : [node];
  });
  restrictTo(run, dependent, nodes, colocation);
  return 0;
}

function applyWithCompatible(
  run: Run,
  dependent: Resource,
  instance: Resource | undefined,
  colocation: Colocation,
): number {
  if (instance !== undefined) return applyColocation(run, dependent, instance, colocation);
  if (colocation.score >= INFINITY_SCORE) place(dependent, undefined, { force: true, stopIfFail: true });
  return 0;
}

/** Whether each instance of the dependent needs only the instance of the primary on its own node. */
function interleaves({ dependent }: Colocation, clone: Clone): boolean {
  if (dependent.variant !== 'clone' && dependent.variant !== 'bundle') return false;
  const perNode = dependent.variant === 'clone' ? dependent.cloneNodeMax : dependent.replicasPerHost;
  return isTrue(dependent.meta.get('interleave')) && perNode === clone.cloneNodeMax;
}

/** The dependent goes where an instance is going to have the primary's role. */
function placeWithPromotable(run: Run, dependent: Resource, clone: Clone, colocation: Colocation): void {
  const { score, primaryRole, dependentRole, nodeAttribute } = colocation;
  const cause = { kind: 'colocation', id: colocation.id, primary: clone.id } as const;
  const placed: Placed[] = [];
  for (const instance of clone.instances) {
    const node = soleAssignedNode(instance);
    if (node === undefined || nextRoleOf(instance) !== primaryRole) continue;
    const member =
      instance.variant === 'group' ? instance.members.find((each) => each.assignedNode === node) : instance;
    placed.push({ node, score: member?.assignedScore ?? 0 });
    if (score >= INFINITY_SCORE) continue;
    const value = colocationAttribute(clone, node, nodeAttribute)?.toLowerCase();
    for (const entry of run.cluster.nodes) {
      if (!dependent.allowed.has(entry.index)) continue;
      if (colocationAttribute(dependent, entry, nodeAttribute)?.toLowerCase() !== value) continue;
      const before = dependent.allowed.score(entry.index);
      dependent.allowed.add(entry.index, score);
      enter(run.cluster, dependent, { node: entry, before, cause });
    }
  }
  const bothPromoted = dependentRole === roles.promoted && primaryRole === roles.promoted;
  if (score >= INFINITY_SCORE && !bothPromoted) restrictTo(run, dependent, placed, colocation);
}

function promoteWith(run: Run, dependent: Resource, clone: Clone, colocation: Colocation): number {
  const { score, primaryRole, nodeAttribute } = colocation;
  const instance = compatibleInstance(run, dependent, clone.instances, { role: primaryRole, nodeAttribute });
  if (instance !== undefined) {
    dependent.priority = addScores(dependent.priority, score);
    return score;
  }
  if (score < INFINITY_SCORE) return 0;
  dependent.priority = -INFINITY_SCORE;
  return -INFINITY_SCORE;
}

/** A node, and the score with which something was placed there, to be added where given. */
type Placed = { readonly node: ClusterNode; readonly score: number };

/** Rules out every node that is not among `nodes`. */
function restrictTo(
  run: Run,
  dependent: Resource,
  nodes: readonly (ClusterNode | Placed)[],
  colocation: Colocation,
): void {
  const cause = { kind: 'colocation', id: colocation.id, primary: colocation.primary.id } as const;
  for (const entry of run.cluster.nodes) {
    if (!dependent.allowed.has(entry.index)) continue;
    const before = dependent.allowed.score(entry.index);
    const listed = nodes.find((each) => ('node' in each ? each.node : each) === entry);
    if (listed === undefined) dependent.allowed.setScore(entry.index, -INFINITY_SCORE);
    else if ('node' in listed) dependent.allowed.add(entry.index, listed.score);
    enter(run.cluster, dependent, { node: entry, before, cause });
  }
}

function applyWithBundle(run: Run, dependent: Resource, bundle: Bundle, colocation: Colocation): number {
  if (!bundle.decided) return 0;
  const { score, primaryRole } = colocation;
  if (colocation.dependent.variant === 'clone' || colocation.dependent.variant === 'bundle') {
    return applyWithCompatible(run, dependent, compatibleContainer(run, dependent, bundle), colocation);
  }
  const containers = bundle.replicas.map(({ container }) => container);
  if (score < INFINITY_SCORE) return applyWithEach(run, dependent, containers, colocation);
  const nodes = bundle.replicas.flatMap(({ container, child }) => {
    const node = container.assignedNode;
    if (node === undefined || isBlocked(container)) return [];
    if (primaryRole === roles.promoted && child?.nextRole !== roles.promoted) return [];
    return [node];
  });
  restrictTo(run, dependent, nodes, colocation);
  return 0;
}

/** The container on the host where the dependent is, or would best be. */
function compatibleContainer(run: Run, dependent: Resource, bundle: Bundle): Primitive | undefined {
  const sole = soleAssignedNode(dependent);
  const nodes = sole !== undefined ? [sole] : nodesByPreference(run.cluster, dependent.allowed);
  for (const node of nodes) {
    const host = isBundleNode(node) ? assignedHost(node.connection?.launcher) : node;
    if (host === undefined) continue;
    const replica = bundle.replicas.find(({ container }) => container.assignedNode === host && !isBlocked(container));
    if (replica !== undefined) return replica.container;
  }
  return undefined;
}
