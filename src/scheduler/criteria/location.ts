// Applying locations: how a score given for a collective reaches what it consists of.

import { addScores } from '../../kit/index.ts';
import { enter } from '../configuration/node-score.ts';
import {
  type Bundle,
  type Cluster,
  type ClusterNode,
  type Group,
  type Location,
  type NodeTable,
  probeModes,
  type Resource,
  roles,
  type ScoreCause,
} from '../model/index.ts';

export function applyLocations(cluster: Cluster): void {
  for (const location of cluster.locations.toReversed()) applyLocation(cluster, location.resource, location);
}

function applyLocation(cluster: Cluster, resource: Resource, location: Location): void {
  switch (resource.variant) {
    case 'primitive':
      applyTo(cluster, resource, location);
      return;
    case 'group':
      applyToGroup(cluster, resource, location);
      return;
    case 'clone':
      applyTo(cluster, resource, location);
      for (const instance of resource.instances) applyLocation(cluster, instance, location);
      return;
    case 'bundle':
      applyToBundle(cluster, resource, location);
      return;
  }
}

/** The first member decides for a colocated group: the others follow it, and need an entry only. */
function applyToGroup(cluster: Cluster, group: Group, location: Location): void {
  applyTo(cluster, group, location);
  const unscored = { ...location, entries: location.entries.map(({ node }) => ({ node, score: 0 })) };
  group.members.forEach((member, index) => {
    applyTo(cluster, member, group.colocated && index > 0 ? unscored : location);
  });
}

function applyToBundle(cluster: Cluster, bundle: Bundle, location: Location): void {
  applyTo(cluster, bundle, location);
  for (const { container, ip } of bundle.replicas) {
    applyTo(cluster, container, location);
    if (ip !== undefined) applyTo(cluster, ip, location);
  }
  const isForRole = location.roleFilter === roles.promoted || location.roleFilter === roles.unpromoted;
  if (bundle.clone === undefined || !isForRole) return;
  applyLocation(cluster, bundle.clone, location);
  bundle.clone.locations.push(location);
}

function applyTo(cluster: Cluster, resource: Resource, location: Location): void {
  if (location.roleFilter !== roles.unknown && location.roleFilter !== resource.nextRole) return;
  for (const { node, score } of location.entries) {
    const before = resource.allowed.has(node.index) ? resource.allowed.score(node.index) : 0;
    addToTable(resource.allowed, node, { score, location });
    enter(cluster, resource, { node, before, cause: causeOf(location) });
  }
  const becomesExclusive =
    location.probeMode === probeModes.exclusive ||
    location.entries.some(({ node }) => resource.allowed.probeMode(node.index) === probeModes.exclusive);
  if (becomesExclusive && location.entries.length > 0) resource.exclusiveDiscovery = true;
}

/** A node that had no entry gets one with the constraint's score: the node's own worth does not count then. */
function addToTable(
  table: NodeTable,
  node: ClusterNode,
  { score, location }: { readonly score: number; readonly location: Location },
): void {
  if (table.has(node.index)) table.add(node.index, score);
  else table.set(node.index, score, node.probeMode);
  table.raiseProbeMode(node.index, location.probeMode);
}

function causeOf(location: Location): ScoreCause {
  return location.origin === 'health' ? { kind: 'health' } : { kind: 'location', id: location.id };
}

/** The table with the scores of locations added, for a look at how things would be. */
export function withLocations(resource: Resource, locations: readonly Location[]): NodeTable {
  const table = resource.allowed.copy();
  for (const location of locations) {
    if (location.roleFilter !== roles.unknown && location.roleFilter !== resource.nextRole) continue;
    for (const { node, score } of location.entries) {
      if (table.has(node.index)) table.setScore(node.index, addScores(table.score(node.index), score));
      else table.set(node.index, score, node.probeMode);
    }
  }
  return table;
}
