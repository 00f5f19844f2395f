// Assigning every resource to a node, or to none.

import { visitTree } from '../configuration/tree.ts';
import type { Cluster, ClusterNode, Resource } from '../model/index.ts';
import { assignBundle } from './bundle.ts';
import { farEndFirst } from './chain.ts';
import { assignClone } from './clone.ts';
import { assignGroup } from './group.ts';
import { ScoreListing } from './listing.ts';
import { orderResources } from './order.ts';
import { assignPrimitive } from './primitive.ts';
import { type AssignmentRequest, finalRequest, type Run } from './run.ts';

/** Decides where everything runs, and in which role; answers the listing of scores. */
export function assignResources(cluster: Cluster): ScoreListing {
  if (cluster.options.placementStrategy !== 'default') orderResources(cluster);
  const run: Run = { cluster, listing: new ScoreListing(cluster.nodes), assign };
  if (cluster.nodes.some((node) => node.kind === 'remote')) {
    // What runs on remote nodes can be placed only when it is known which of them will be there.
    for (const resource of cluster.resources) {
      if (!isRemoteConnection(resource)) continue;
      assign(run, resource, { ...finalRequest, preferred: resource.migration?.target });
    }
  }
  for (const resource of cluster.resources) {
    if (isRemoteConnection(resource)) continue;
    assignFarEnd(run, resource);
    assign(run, resource, finalRequest);
  }
  return run.listing;
}

/** What a long chain of colocations leads to. A ring leads back to a resource that is being assigned, as it would else. */
function assignFarEnd(run: Run, resource: Resource): void {
  const chain = farEndFirst(resource);
  if (chain === undefined) return;
  if (chain.isRing) mark(resource, 'deciding');
  for (const each of chain.links) if (!each.decided) assign(run, each, finalRequest);
  if (chain.isRing) mark(resource, 'open');
}

function mark(resource: Resource, state: 'deciding' | 'open'): void {
  visitTree(resource, (each) => {
    each.deciding = state === 'deciding';
  });
}

function isRemoteConnection(resource: Resource): resource is Resource & { readonly variant: 'primitive' } {
  return resource.variant === 'primitive' && resource.connectionKind !== 'none';
}

function assign(run: Run, resource: Resource, request: AssignmentRequest): ClusterNode | undefined {
  switch (resource.variant) {
    case 'primitive':
      return assignPrimitive(run, resource, request);
    case 'group':
      return assignGroup(run, resource, request);
    case 'clone':
      return assignClone(run, resource, request);
    case 'bundle':
      return assignBundle(run, resource, request);
  }
}
