// The instance of one clone that belongs with an instance of another.

import { nodesByPreference } from '../assignment/node-choice.ts';
import { soleAssignedNode } from '../assignment/placement.ts';
import { nextRoleOf } from '../assignment/role.ts';
import type { Run } from '../assignment/run.ts';
import { someInTree } from '../configuration/tree.ts';
import { colocationAttribute } from '../constraints/node-attribute.ts';
import type { ClusterNode, Resource, Role } from '../model/index.ts';
import { roles } from '../model/index.ts';

export type Compatibility = {
  /** Unknown: any. */
  readonly role: Role;
  /** Undefined: the very same node. */
  readonly nodeAttribute: string | undefined;
};

/** The first of `instances` on the dependent's node, or on the best node it may go to. */
export function compatibleInstance<T extends Resource>(
  run: Run,
  dependent: Resource,
  instances: readonly T[],
  compatibility: Compatibility,
): T | undefined {
  const sole = soleAssignedNode(dependent);
  const nodes = sole !== undefined ? [sole] : nodesByPreference(run.cluster, dependent.allowed);
  for (const node of nodes) {
    const found = instances.find((instance) => isCompatible(dependent, instance, node, compatibility));
    if (found !== undefined) return found;
  }
  return undefined;
}

function isCompatible(dependent: Resource, instance: Resource, node: ClusterNode, wanted: Compatibility): boolean {
  if (wanted.role !== roles.unknown && nextRoleOf(instance) !== wanted.role) return false;
  if (isBlocked(instance)) return false;
  const there = soleAssignedNode(instance);
  if (there === undefined) return false;
  if (wanted.nodeAttribute === undefined) return there === node;
  const value = colocationAttribute(dependent, node, wanted.nodeAttribute)?.toLowerCase();
  return value === colocationAttribute(instance, there, wanted.nodeAttribute)?.toLowerCase();
}

export function isBlocked(resource: Resource): boolean {
  return someInTree(resource, (each) => each.blocked);
}
