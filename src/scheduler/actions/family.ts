// Walking the tree of resources, and the questions about a resource that many phases ask.

import { isTrue } from '../../cib/index.ts';
import { childrenOf, visitPrimitives } from '../configuration/tree.ts';
import {
  type Bundle,
  type Clone,
  type ClusterNode,
  type Collective,
  type Primitive,
  type Resource,
  type Role,
  roles,
} from '../model/index.ts';

const nothing: readonly never[] = [];

/** What a clone distributes: its instances; for a bundle its containers. */
export function instancesOf(collective: Resource): readonly Resource[] {
  return collective.variant === 'bundle' ? containersOf(collective) : childrenOf(collective);
}

export function containersOf(bundle: Bundle): readonly Primitive[] {
  return bundle.replicas.map((replica) => replica.container);
}

/** Every primitive below (or the resource itself), in order. */
export function* primitivesOf(resource: Resource): Generator<Primitive> {
  if (resource.variant === 'primitive') yield resource;
  else for (const child of childrenOf(resource)) yield* primitivesOf(child);
}

export function isAncestor(ancestor: Resource, resource: Resource): boolean {
  for (let above: Collective | undefined = resource.parent; above !== undefined; above = above.parent) {
    if (above === ancestor) return true;
  }
  return false;
}

export function isCloneLike(resource: Resource | undefined): resource is Clone | Bundle {
  return resource?.variant === 'clone' || resource?.variant === 'bundle';
}

/** The resource's own definition allows live migration. */
export function isMigratable(resource: Resource): boolean {
  return resource.variant === 'primitive' ? resource.migratable : isTrue(resource.meta.get('allow-migrate'));
}

/** `fully`: every part is active; `partially`: some part is. */
export function isActive(resource: Resource, extent: 'fully' | 'partially'): boolean {
  switch (resource.variant) {
    case 'primitive':
      return resource.activeNodes.some((node) => node.unclean || node.online || !resource.managed);
    case 'group':
    case 'clone': {
      const children = childrenOf(resource);
      return extent === 'fully'
        ? children.every((child) => isActive(child, extent))
        : children.some((child) => isActive(child, extent));
    }
    case 'bundle':
      return isBundleActive(resource, extent);
  }
}

function isBundleActive(bundle: Bundle, extent: 'fully' | 'partially'): boolean {
  for (const { ip, child, container, connection } of bundle.replicas) {
    for (const part of [ip, child, container, connection]) {
      if (part === undefined) continue;
      const active = isActive(part, extent);
      if (active && extent === 'partially') return true;
      if (!active && extent === 'fully') return false;
    }
  }
  return extent === 'fully';
}

/** Role of a primitive; of a collective the highest among its primitives. */
export function currentRoleOf(resource: Resource): Role {
  return highestRole(resource, (primitive) => primitive.currentRole);
}

export function nextRoleOf(resource: Resource): Role {
  return highestRole(resource, (primitive) => primitive.nextRole);
}

function highestRole(resource: Resource, roleOf: (primitive: Primitive) => Role): Role {
  if (resource.variant === 'primitive') return roleOf(resource);
  let highest: Role = roles.unknown;
  visitPrimitives(resource, (primitive) => {
    const role = roleOf(primitive);
    if (role > highest) highest = role;
  });
  return highest;
}

/** The node a resource is taken to run on. */
export function currentNodeOf(resource: Resource): ClusterNode | undefined {
  const { activeNodes } = resource;
  const migration = resource.variant === 'primitive' ? resource.migration : undefined;
  if (migration !== undefined && activeNodes.includes(migration.source)) return migration.source;
  if (resource.needs.fencing) return activeNodes[0];
  return activeNodes.find((node) => node.online && !node.unclean) ?? activeNodes[0];
}

/** Nodes a resource is assigned to, without duplicates. */
export function assignedNodesOf(resource: Resource): ClusterNode[] {
  return distinct(resource, (primitive) => (primitive.assignedNode === undefined ? nothing : [primitive.assignedNode]));
}

/** Nodes a resource is believed active on, without duplicates. */
export function activeNodesOf(resource: Resource): ClusterNode[] {
  return distinct(resource, (primitive) => primitive.activeNodes);
}

function distinct(resource: Resource, nodesOf: (primitive: Primitive) => readonly ClusterNode[]): ClusterNode[] {
  const found: ClusterNode[] = [];
  visitPrimitives(resource, (primitive) => {
    for (const node of nodesOf(primitive)) if (!found.includes(node)) found.push(node);
  });
  return found;
}

/** Whether the resource or anything in it may not be touched after a failure. */
export function isBlockedAnywhere(resource: Resource): boolean {
  return resource.blocked || childrenOf(resource).some(isBlockedAnywhere);
}

/** Some part of the resource is managed. */
export function isManagedAnywhere(resource: Resource): boolean {
  return resource.variant === 'primitive' ? resource.managed : childrenOf(resource).some(isManagedAnywhere);
}

/** The resource inside which a guest or bundle node lives. */
export function containerOf(node: ClusterNode | undefined): Resource | undefined {
  return node?.connection?.launcher;
}
