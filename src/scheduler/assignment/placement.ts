// Making, and taking back, the decision where a resource runs.

import { childrenOf, visitPrimitives } from '../configuration/tree.ts';
import {
  type ClusterNode,
  isAvailable,
  isGuestOrBundleNode,
  type Primitive,
  type Resource,
  roles,
} from '../model/index.ts';
import { changeCapacity } from './capacity.ts';

export type PlacementOptions = {
  /** The node is taken as given, whatever its score and state. */
  readonly force: boolean;
  readonly stopIfFail: boolean;
};

/** Assigns a resource (or all that it consists of) to `node`, or nowhere. */
export function place(resource: Resource, node: ClusterNode | undefined, options: PlacementOptions): void {
  if (resource.variant === 'primitive') placePrimitive(resource, node, options);
  else for (const child of childrenOf(resource)) place(child, node, options);
}

function placePrimitive(resource: Primitive, wanted: ClusterNode | undefined, options: PlacementOptions): void {
  const { force, stopIfFail } = options;
  let node = wanted;
  if (!force && node !== undefined && !mayTake(resource, node)) {
    node = undefined;
    if (stopIfFail) resource.nextRole = roles.stopped;
  }
  unplace(resource);
  resource.decided = true;
  if (node === undefined) {
    if (stopIfFail) {
      resource.nextRole = roles.stopped;
      resource.wasLeftOut = true;
    }
    return;
  }
  resource.assignedNode = node;
  resource.assignedScore = force ? node.baseScore : resource.allowed.score(node.index);
  node.assigned.push(resource);
  resource.allowed.counts[node.index] = resource.allowed.count(node.index) + 1;
  changeCapacity(node, resource.utilization, 'take');
}

function mayTake(resource: Primitive, node: ClusterNode): boolean {
  const score = resource.allowed.score(node.index);
  return score >= 0 && (isAvailable(node) || isGuestOrBundleNode(node));
}

/** Takes the decision back. */
export function unplace(resource: Primitive): void {
  const node = resource.assignedNode;
  resource.decided = false;
  if (node === undefined) return;
  resource.assignedNode = undefined;
  node.assigned.splice(node.assigned.lastIndexOf(resource), 1);
  changeCapacity(node, resource.utilization, 'give');
}

export function unplaceAll(resource: Resource): void {
  visitPrimitives(resource, unplace);
}

/** The nodes a resource's primitives are assigned to, each once. */
export function assignedNodes(resource: Resource): ClusterNode[] {
  if (resource.variant === 'primitive') return resource.assignedNode === undefined ? [] : [resource.assignedNode];
  const nodes: ClusterNode[] = [];
  visitPrimitives(resource, ({ assignedNode }) => {
    if (assignedNode !== undefined && !nodes.includes(assignedNode)) nodes.push(assignedNode);
  });
  return nodes;
}

/** The node a resource is assigned to, if it is exactly one. */
export function soleAssignedNode(resource: Resource): ClusterNode | undefined {
  if (resource.variant === 'primitive') return resource.assignedNode;
  const nodes = assignedNodes(resource);
  return nodes.length === 1 ? nodes[0] : undefined;
}
