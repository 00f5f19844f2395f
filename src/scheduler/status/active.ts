// Where a resource is believed active, and what follows when that is in more places than one.

import { INFINITY_SCORE } from '../../kit/index.ts';
import { addNodeScore, replaceByBan } from '../configuration/node-score.ts';
import { childrenOf } from '../configuration/tree.ts';
import {
  type Cluster,
  type ClusterNode,
  isGuestOrBundleNode,
  type Primitive,
  type Resource,
  roles,
} from '../model/index.ts';

/** Takes `resource` as active on `node`, and with it everything it belongs to. */
export function addActiveNode(
  cluster: Cluster,
  resource: Primitive,
  node: ClusterNode,
  { failed }: { readonly failed: boolean },
): void {
  if (resource.activeNodes.includes(node)) return;
  resource.activeNodes.push(node);
  node.running.push(resource);
  if (resource.priority !== 0 && !failed) addNodePriority(resource, node);
  if (node.maintenance) {
    resource.managed = false;
    resource.maintenance = true;
  }
  if (resource.managed) {
    if (isMultiplyActive(resource)) answerMultipleActive(cluster, resource);
    addToCollectives(cluster, resource.parent, node);
  } else {
    hold(cluster, resource, node);
  }
}

/** What a resource belongs to is active where it is. */
function addToCollectives(cluster: Cluster, collective: Resource | undefined, node: ClusterNode): void {
  if (collective === undefined || collective.activeNodes.includes(node)) return;
  collective.activeNodes.push(node);
  if (collective.managed) addToCollectives(cluster, collective.parent, node);
  else hold(cluster, collective, node);
}

/** What is not managed stays where it is; what it belongs to need not. */
function hold(cluster: Cluster, resource: Resource, node: ClusterNode): void {
  addNodeScore(cluster, resource, node, { score: INFINITY_SCORE, cause: { kind: 'unmanaged-active' } });
  for (let above: Resource | undefined = resource.parent; above !== undefined; above = above.parent) {
    if (!above.activeNodes.includes(node)) above.activeNodes.push(node);
  }
}

/** What runs on a node makes it worth sparing when nodes race to fence each other. */
function addNodePriority(resource: Primitive, node: ClusterNode): void {
  const priority = resource.priority + (resource.currentRole === roles.promoted ? 1 : 0);
  node.priority += priority;
  if (!isGuestOrBundleNode(node)) return;
  for (const host of node.connection?.launcher?.activeNodes ?? []) host.priority += priority;
}

function isMultiplyActive(resource: Primitive): boolean {
  return activeCount(resource) > 1;
}

/** How often the resource counts as active: lost nodes count only for what has to be fenced there. */
export function activeCount(resource: Resource): number {
  if (resource.needs.fencing) return resource.activeNodes.length;
  return resource.activeNodes.filter((node) => node.online && !node.unclean).length;
}

function answerMultipleActive(cluster: Cluster, resource: Primitive): void {
  switch (resource.multipleActive) {
    case 'stop_only':
      replaceByBan(cluster, resource, { kind: 'multiply-active' });
      return;
    case 'block': {
      block(resource);
      const { parent } = resource;
      if (parent === undefined || parent.variant === 'clone' || parent.multipleActive !== 'block') return;
      for (const sibling of childrenOf(parent)) block(sibling);
      return;
    }
  }
}

function block(resource: Resource): void {
  resource.managed = false;
  resource.blocked = true;
}

/** The node a resource is on, when it has to be one: the source of a migration, else the first that can be trusted. */
export function currentNode(resource: Resource): ClusterNode | undefined {
  const nodes = resource.activeNodes;
  const source = resource.variant === 'primitive' ? resource.migration?.source : undefined;
  if (source !== undefined && nodes.includes(source)) return source;
  if (resource.needs.fencing) return nodes[0];
  return nodes.find((node) => node.online && !node.unclean) ?? nodes[0];
}
