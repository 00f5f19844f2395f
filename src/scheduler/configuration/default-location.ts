// Where a resource may run before any constraint speaks: everywhere in a symmetric cluster, nowhere in any other.

import { type Cluster, probeModes, type Resource } from '../model/index.ts';
import { visitTree } from './tree.ts';

/** Gives a resource and everything below it an entry for every node known by now. */
export function addDefaultLocations(cluster: Cluster, resource: Resource): void {
  const isGuestConnection = resource.variant === 'primitive' && resource.connectionKind === 'guest';
  if (!cluster.options.symmetric && !isGuestConnection) return;
  visitTree(resource, (each) => {
    if (each.exclusiveDiscovery) return;
    for (const node of cluster.nodes) {
      if (node.probeMode === probeModes.never || each.allowed.has(node.index)) continue;
      each.allowed.set(node.index, node.baseScore, node.probeMode);
    }
  });
}
