// Moving about in the tree of resources.

import type { Bundle, Clone, Cluster, Primitive, Resource } from '../model/index.ts';

/** The outermost collective a resource belongs to, but not beyond the inside of a bundle. */
export function topOf(resource: Resource): Resource {
  let top = resource;
  while (top.parent !== undefined && top.parent.variant !== 'bundle') top = top.parent;
  return top;
}

/** As `topOf`, the bundle included. */
export function outermostOf(resource: Resource): Resource {
  let top = resource;
  while (top.parent !== undefined) top = top.parent;
  return top;
}

/** The bundle a resource is part of: as container, address or connection, or inside it. */
export function bundleOf(resource: Resource): Bundle | undefined {
  const outermost = outermostOf(resource);
  return outermost.variant === 'bundle' ? outermost : undefined;
}

/** Whether a resource runs inside a bundle's containers. */
export function isBundled(resource: Resource): boolean {
  return topOf(resource).parent?.variant === 'bundle' && topOf(resource).variant === 'clone';
}

const noChildren: readonly Resource[] = [];

export function childrenOf(resource: Resource): readonly Resource[] {
  switch (resource.variant) {
    case 'primitive':
      return noChildren;
    case 'group':
      return resource.members;
    case 'clone':
      return resource.instances;
    case 'bundle':
      return resource.children;
  }
}

/** Calls `visit` for a resource and everything below it, parents first. */
export function visitTree(resource: Resource, visit: (resource: Resource) => void): void {
  visit(resource);
  for (const child of childrenOf(resource)) visitTree(child, visit);
}

export function visitPrimitives(resource: Resource, visit: (primitive: Primitive) => void): void {
  if (resource.variant === 'primitive') visit(resource);
  else for (const child of childrenOf(resource)) visitPrimitives(child, visit);
}

/** Whether a resource or something below it satisfies `test`. */
export function someInTree(resource: Resource, test: (resource: Resource) => boolean): boolean {
  return test(resource) || childrenOf(resource).some((child) => someInTree(child, test));
}

export function isAnonymousClone(resource: Resource): resource is Clone {
  return resource.variant === 'clone' && !resource.unique;
}

/** The resource by its id, or else one that is recorded in history under that name. */
export function findResource(cluster: Cluster, name: string): Resource | undefined {
  const exact = cluster.resourcesById.get(name);
  if (exact !== undefined) return exact;
  return cluster.resourcesByHistoryId.get(name)?.find((resource) => resource.historyId === name);
}

/** The resource itself where instances differ from one another, else the clone (or whatever is its top). */
export function uniqueOrTop(resource: Resource): Resource {
  return resource.unique ? resource : topOf(resource);
}
