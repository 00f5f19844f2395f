// What rules nodes in or out for a resource, before resources are looked at together.

import { intervalSeconds, parseInteger } from '../../cib/index.ts';
import { INFINITY_SCORE } from '../../kit/index.ts';
import { noteRecheck } from '../configuration/cluster.ts';
import { banNode, changeScore, enter } from '../configuration/node-score.ts';
import { childrenOf, topOf, uniqueOrTop, visitPrimitives } from '../configuration/tree.ts';
import { type Cluster, type ClusterNode, type Primitive, probeModes, type Resource } from '../model/index.ts';
import { failCountWithLaunched, hasFailures, isFailCountCleared } from '../status/fail-count.ts';
import { applyLocations } from './location.ts';

/** After this, every table holds all that concerns its resource alone. */
export function applyCriteria(cluster: Cluster): void {
  if (cluster.options.shutdownLock) lockResources(cluster);
  applyLocations(cluster);
  for (const resource of cluster.resources) visitPrimitives(resource, (each) => stick(cluster, each));
  const exclusive = cluster.resources.filter((each) => each.exclusiveDiscovery);
  for (const node of cluster.nodes) {
    if (hasFailures(cluster, node)) {
      for (const resource of cluster.resources) {
        visitPrimitives(resource, (each) => checkThreshold(cluster, each, node));
      }
    }
    for (const resource of exclusive) keepExclusive(cluster, resource, node);
  }
}

/** Resources of a node that an administrator shuts down wait for it, instead of moving elsewhere. */
function lockResources(cluster: Cluster): void {
  for (const resource of cluster.resources) {
    const candidates = resource.variant === 'group' ? resource.members : [resource];
    for (const each of candidates) {
      if (each.variant !== 'primitive' || each.isFenceDevice || each.connectionKind !== 'none') continue;
      determineLock(cluster, each);
      applyLock(cluster, each);
    }
  }
}

function determineLock(cluster: Cluster, resource: Primitive): void {
  const { lock, activeNodes } = resource;
  const [node] = activeNodes;
  if (lock !== undefined && node !== undefined) {
    cluster.demands.push({ kind: 'delete-history', resource, node: lock.node });
    resource.lock = undefined;
    return;
  }
  if (lock !== undefined || node === undefined || activeNodes.length > 1) return;
  if (!node.shuttingDown || node.unclean) return;
  const requested = parseInteger(node.attributes.get('shutdown')) ?? 0;
  resource.lock = { node, time: requested > 0 ? requested : cluster.now.epochSeconds };
}

function applyLock(cluster: Cluster, resource: Primitive): void {
  const { lock } = resource;
  if (lock === undefined) return;
  const limit = intervalSeconds(cluster.options.shutdownLockLimitMs);
  if (limit > 0) noteRecheck(cluster, lock.time + limit + 1);
  for (const node of cluster.nodes) {
    if (node !== lock.node) banNode(cluster, resource, node, { kind: 'shutdown-lock', node: lock.node.name });
  }
}

/** What runs prefers to stay where it runs. */
function stick(cluster: Cluster, resource: Primitive): void {
  const [node] = resource.activeNodes;
  if (!resource.managed || resource.stickiness < 1 || node === undefined || resource.activeNodes.length > 1) return;
  if (!cluster.options.symmetric && !resource.allowed.has(node.index)) return;
  if (!resource.allowed.has(node.index)) resource.allowed.set(node.index, node.baseScore, node.probeMode);
  changeScore(cluster, resource, node, { score: resource.stickiness, cause: { kind: 'stickiness' } });
}

/** Too many failures on a node: somebody else's turn. */
function checkThreshold(cluster: Cluster, resource: Primitive, node: ClusterNode): void {
  const failure = thresholdReached(cluster, resource, node);
  if (failure !== undefined) banNode(cluster, uniqueOrTop(resource), node, { kind: 'fail-count', ...failure });
}

export function thresholdReached(
  cluster: Cluster,
  resource: Primitive,
  node: ClusterNode,
): { readonly count: number; readonly threshold: number } | undefined {
  const threshold = resource.migrationThreshold;
  if (threshold === 0 || resource.ignoreFailure) return undefined;
  const count = failCountWithLaunched(cluster, resource, node);
  if (count === 0 || isFailCountCleared(cluster, resource, node)) return undefined;
  return count > 0 && count >= threshold ? { count, threshold } : undefined;
}

/** A resource that may be looked for only on some nodes may run only there. */
function keepExclusive(cluster: Cluster, resource: Resource, node: ClusterNode): void {
  if (!resource.exclusiveDiscovery && !topOf(resource).exclusiveDiscovery) return;
  for (const child of childrenOf(resource)) keepExclusive(cluster, child, node);
  const { allowed } = resource;
  if (!allowed.has(node.index) || allowed.probeMode(node.index) === probeModes.exclusive) return;
  const before = allowed.score(node.index);
  allowed.setScore(node.index, -INFINITY_SCORE);
  enter(cluster, resource, { node, before, cause: { kind: 'exclusive-discovery' } });
}
