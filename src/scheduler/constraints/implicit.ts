// Constraints nobody wrote: what follows from groups, launchers, remote connections and bundles.

import { INFINITY_SCORE } from '../../kit/index.ts';
import { instanceNumber } from '../configuration/naming.ts';
import { overrideScore } from '../configuration/node-score.ts';
import {
  type Bundle,
  type Clone,
  type Cluster,
  type ClusterNode,
  type Group,
  type Primitive,
  type Resource,
  roles,
  type ScoreCause,
} from '../model/index.ts';
import { addColocation } from './colocation.ts';

/** A bundle's connection may run elsewhere than its container when the container's host is itself a remote node. */
const nestedConnectionScore = 10_000;

export function addImplicitConstraints(cluster: Cluster): void {
  for (const resource of cluster.resources) addImplicit(cluster, resource);
}

function addImplicit(cluster: Cluster, resource: Resource): void {
  switch (resource.variant) {
    case 'primitive':
      addForPrimitive(cluster, resource);
      return;
    case 'group':
      addForGroup(cluster, resource);
      return;
    case 'clone':
      addForClone(cluster, resource);
      return;
    case 'bundle':
      addForBundle(cluster, resource);
      return;
  }
}

type Pair = { readonly id: string; readonly dependent: Resource; readonly primary: Resource; readonly score: number };

/** Field by field: of objects that begin with a copy V8 makes a class for each, and whoever reads them looks it up anew. */
function colocate(cluster: Cluster, pair: Pair, influence: boolean): void {
  addColocation(cluster, {
    id: pair.id,
    dependent: pair.dependent,
    primary: pair.primary,
    dependentRole: roles.unknown,
    primaryRole: roles.unknown,
    score: pair.score,
    nodeAttribute: '#uname',
    influence,
    explicit: false,
  });
}

function addForGroup(cluster: Cluster, group: Group): void {
  group.members.forEach((member, index) => {
    addForPrimitive(cluster, member);
    const previous = group.members[index - 1];
    if (!group.colocated || previous === undefined) return;
    const pair = { id: '#group-members', dependent: member, primary: previous, score: INFINITY_SCORE };
    colocate(cluster, pair, member.critical);
  });
}

function addForClone(cluster: Cluster, clone: Clone): void {
  if (clone.ordered) clone.instances.sort((a, b) => instanceNumber(a.id) - instanceNumber(b.id));
  for (const instance of clone.instances) addImplicit(cluster, instance);
}

function addForBundle(cluster: Cluster, bundle: Bundle): void {
  for (const { container, ip, connection } of bundle.replicas) {
    addForPrimitive(cluster, container);
    if (ip !== undefined) {
      addForPrimitive(cluster, ip);
      const pair = { id: '#ip-with-container', dependent: ip, primary: container, score: INFINITY_SCORE };
      colocate(cluster, pair, true);
    }
    if (connection !== undefined) addForPrimitive(cluster, connection);
  }
  if (bundle.clone !== undefined) addForClone(cluster, bundle.clone);
}

function addForPrimitive(cluster: Cluster, resource: Primitive): void {
  if (!resource.managed) return;
  if (resource.launcher !== undefined) addForLaunched(cluster, resource, resource.launcher);
  if (resource.connectionKind !== 'none' || resource.isFenceDevice) {
    banWhere(cluster, resource, { kind: 'remote-node' }, isConnectedRemote);
  }
}

function isConnectedRemote(node: ClusterNode): boolean {
  return node.kind === 'remote' && node.connection !== undefined;
}

function addForLaunched(cluster: Cluster, resource: Primitive, launcher: Resource): void {
  if (resource.connectionKind !== 'none') {
    if (!resource.nestedAllowed) banWhere(cluster, launcher, { kind: 'remote-node' }, isConnectedRemote);
  } else {
    const remote = remoteInside(launcher);
    if (remote !== undefined && remote !== resource) {
      const cause = { kind: 'container', id: launcher.id } as const;
      banWhere(cluster, resource, cause, (node) => node.connection !== remote);
      return;
    }
  }
  const score = resource.nestedAllowed ? nestedConnectionScore : INFINITY_SCORE;
  colocate(cluster, { id: '#resource-with-container', dependent: resource, primary: launcher, score }, true);
}

/** The connection through which the inside of `launcher` is reached, where it is a node of the cluster. */
function remoteInside(launcher: Resource): Primitive | undefined {
  if (launcher.variant === 'primitive' && launcher.connectionKind !== 'none') return launcher;
  return launcher.launched.find((launched) => launched.connectionKind !== 'none');
}

function banWhere(
  cluster: Cluster,
  resource: Resource,
  cause: ScoreCause,
  isBanned: (node: ClusterNode) => boolean,
): void {
  for (const node of cluster.nodes) {
    if (resource.allowed.has(node.index) && isBanned(node)) {
      overrideScore(cluster, resource, node, { score: -INFINITY_SCORE, cause });
    }
  }
}
