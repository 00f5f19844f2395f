// Resources: everything below `<resources>`, with what is implied by it, in resource order.

import { childAt, tagsOf, type XmlElement, xmlIndexOf } from '../../cib/index.ts';
import type { Cluster, Resource } from '../model/index.ts';
import { unpackBundle } from './bundle.ts';
import { unpackClone } from './clone.ts';
import { noteMistake } from './cluster.ts';
import { addDefaultLocations } from './default-location.ts';
import { unpackGroup } from './group.ts';
import { readImplicitConnections } from './implicit-connection.ts';
import { linkConnections, linkLaunchers } from './launchers.ts';
import { unpackPrimitive } from './primitive.ts';
import { type Place, topLevel } from './resource-basis.ts';
import { visitTree } from './tree.ts';

/** Reads the resources into `cluster`, by descending priority and else in document order. */
export function readResources(cluster: Cluster): void {
  const configured = childAt(cluster.cib, 'configuration', 'resources')?.children ?? [];
  const implied = readImplicitConnections(cluster, configured);
  for (const element of [...configured, ...implied]) {
    if (element.name === 'template') {
      if (element.id !== undefined && !cluster.templates.has(element.id)) cluster.templates.set(element.id, []);
      continue;
    }
    const resource = unpackResource(cluster, element, topLevel);
    if (resource !== undefined) addTopLevel(cluster, resource);
  }
  cluster.resources.sort((a, b) => b.priority - a.priority);
  linkLaunchers(cluster);
  linkConnections(cluster);
}

/** Appends a resource to the top level. */
export function addTopLevel(cluster: Cluster, resource: Resource): void {
  cluster.resources.push(resource);
  register(cluster, resource);
}

/** Makes a resource and everything below it findable. */
export function register(cluster: Cluster, resource: Resource): void {
  visitTree(resource, (each) => {
    each.index = cluster.resourcesByIndex.length;
    cluster.resourcesByIndex.push(each);
    if (!cluster.resourcesById.has(each.id)) cluster.resourcesById.set(each.id, each);
  });
}

/** Unpacks an element and everything below it, and registers what comes of it. */
export function unpackResource(cluster: Cluster, element: XmlElement, place: Place): Resource | undefined {
  if (element.id === undefined) {
    noteMistake(cluster, element, `a ${element.name} needs an id`);
    return undefined;
  }
  const resource = unpackVariant(cluster, element, place);
  if (resource === undefined) return undefined;
  addDefaultLocations(cluster, resource);
  return resource;
}

function unpackVariant(cluster: Cluster, element: XmlElement, place: Place): Resource | undefined {
  switch (element.name) {
    case 'primitive':
      return unpackPrimitive(cluster, element, place);
    case 'group':
      return unpackGroup(cluster, element, place, unpackResource);
    case 'clone':
    case 'master':
      return unpackClone(cluster, element, place, unpackResource);
    case 'bundle':
      return unpackBundle(cluster, element, place, unpackResource);
    default:
      noteMistake(cluster, element, `'${element.name}' is no kind of resource`);
      return undefined;
  }
}

export function readTags(cluster: Cluster): void {
  for (const [id, members] of tagsOf(xmlIndexOf(cluster.cib))) cluster.tags.set(id, members);
}
