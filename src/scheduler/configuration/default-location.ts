// Where a resource may run before any constraint speaks: everywhere in a symmetric cluster, nowhere in any other.

import { type Cluster, probeModes, type Resource } from '../model/index.ts';
import { ensureEntry } from './node-score.ts';
import { visitTree } from './tree.ts';

/**
 * Gives a resource and everything below it an entry for every node known by now. Nobody can write a location for the
 * connection to a guest, so in an asymmetric cluster it has all nodes too, even those that nothing else may be looked
 * for on.
 */
export function addDefaultLocations(cluster: Cluster, resource: Resource): void {
  if (!cluster.options.symmetric) {
    const isGuestConnection = resource.variant === 'primitive' && resource.connectionKind === 'guest';
    if (isGuestConnection) for (const node of cluster.nodes) ensureEntry(resource, node);
    return;
  }
  visitTree(resource, (each) => {
    if (each.exclusiveDiscovery) return;
    cluster.nodes.forEach((node) => {
      if (node.probeMode === probeModes.never || each.allowed.has(node.index)) return;
      each.allowed.set(node.index, node.baseScore, node.probeMode);
    });
  });
}
