// Node attributes as a resource sees them: inside a guest or bundle node they may be meant to be those of the host.

import { topOf } from '../configuration/tree.ts';
import { assignedHost, type ClusterNode, isBundleNode, isGuestOrBundleNode, type Resource } from '../model/index.ts';

/** The attribute where the host is the one the guest runs on now. */
export function currentAttribute(resource: Resource, node: ClusterNode, name: string): string | undefined {
  if (!asksHost(resource, node)) return node.attributes.get(name);
  return node.connection?.launcher?.activeNodes[0]?.attributes.get(name);
}

/** The attribute where the host is the one the guest is assigned to; none while it is assigned nowhere. */
export function assignedAttribute(resource: Resource, node: ClusterNode, name: string): string | undefined {
  if (!asksHost(resource, node)) return node.attributes.get(name);
  return assignedHost(node.connection?.launcher)?.attributes.get(name);
}

/** As `assignedAttribute`; what is inside a bundle is placed with others by the hosts of the containers. */
export function colocationAttribute(resource: Resource, node: ClusterNode, name: string): string | undefined {
  if (isBundleNode(node) && topOf(resource).parent?.variant === 'bundle' && topOf(resource).variant === 'clone') {
    return assignedHost(node.connection?.launcher)?.attributes.get(name);
  }
  return assignedAttribute(resource, node, name);
}

function asksHost(resource: Resource, node: ClusterNode): boolean {
  return isGuestOrBundleNode(node) && resource.meta.get('container-attribute-target')?.toLowerCase() === 'host';
}
