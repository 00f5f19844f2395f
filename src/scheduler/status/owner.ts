// Which resource a recorded history belongs to. Instances of an anonymous clone are interchangeable: their records are all under
// the same name, so an instance is chosen for them, node by node.

import { type XmlElement, xmlElement } from '../../cib/index.ts';
import { addInstance } from '../configuration/clone.ts';
import { linkConnection } from '../configuration/launchers.ts';
import { baseName } from '../configuration/naming.ts';
import { banEverywhere } from '../configuration/node-score.ts';
import { createNode, nodeNamed } from '../configuration/nodes.ts';
import { topLevel } from '../configuration/resource-basis.ts';
import { addTopLevel, register, unpackResource } from '../configuration/resources.ts';
import { findResource, isAnonymousClone, topOf } from '../configuration/tree.ts';
import {
  type Clone,
  type Cluster,
  type ClusterNode,
  type Group,
  isGuestOrBundleNode,
  type Primitive,
} from '../model/index.ts';

/** The primitive whose history `record` (an `lrm_resource`) is; made up as a removed one when nothing configured fits. */
export function ownerOf(cluster: Cluster, node: ClusterNode, record: XmlElement): Primitive | undefined {
  const id = record.id;
  if (id === undefined) return undefined;
  const owner = configuredOwner(cluster, node, id) ?? removedResource(cluster, node, record);
  if (owner === undefined) return undefined;
  if (owner.id !== id && owner.historyId !== id) nameInHistory(cluster, owner, id);
  return owner;
}

function nameInHistory(cluster: Cluster, resource: Primitive, id: string): void {
  resource.historyId = id;
  const sharing = cluster.resourcesByHistoryId.get(id);
  if (sharing === undefined) cluster.resourcesByHistoryId.set(id, [resource]);
  else if (!sharing.includes(resource)) sharing.push(resource);
}

function configuredOwner(cluster: Cluster, node: ClusterNode, id: string): Primitive | undefined {
  const representative = findResource(cluster, id) ?? anyInstance(cluster, id);
  if (representative?.variant !== 'primitive') return undefined;
  const top = topOf(representative);
  if (!isAnonymousClone(top)) return representative;
  const { parent } = top;
  if (parent?.variant === 'bundle') return parent.replicas.find((replica) => replica.node === node)?.child;
  return instanceFor(cluster, top, node, baseName(id));
}

/** Instance 0 stands for all of its clone. */
function anyInstance(cluster: Cluster, id: string): Primitive | undefined {
  const instance = cluster.resourcesById.get(`${baseName(id)}:0`);
  return instance?.variant === 'primitive' && !instance.unique ? instance : undefined;
}

function instanceFor(cluster: Cluster, clone: Clone, node: ClusterNode, name: string): Primitive | undefined {
  const chosen = knownInstance(clone, node, name);
  if (chosen !== undefined && !isWasted(cluster, clone, { node, chosen })) return chosen;
  const made = addInstance(cluster, clone, unpackResource);
  if (made === undefined) return undefined;
  register(cluster, made);
  return memberNamed(made, name);
}

/** The instance already taken to be on the node; else the first that is nowhere, unless the node has one twice. */
function knownInstance(clone: Clone, node: ClusterNode, name: string): Primitive | undefined {
  let candidate: Primitive | undefined;
  let hasDuplicate = false;
  for (const instance of clone.instances) {
    const location = firstLocation(instance);
    const member = memberNamed(instance, name);
    if (location === node) {
      if (member !== undefined && member.activeNodes.length === 0) return member;
      if (member !== undefined) hasDuplicate = true;
    } else if (location === undefined && !hasDuplicate && candidate === undefined && !instance.blocked) {
      if (member?.pendingNode === undefined || member.pendingNode === node) candidate = member;
    }
  }
  return hasDuplicate ? undefined : candidate;
}

function firstLocation(instance: Primitive | Group): ClusterNode | undefined {
  const members = instance.variant === 'group' ? instance.members : [instance];
  for (const member of members) {
    const location = member.activeNodes[0] ?? member.pendingNode;
    if (location !== undefined) return location;
  }
  return undefined;
}

/** An instance is not spent on a node that is lost and holds nothing back, where instances are fewer than nodes. */
function isWasted(
  cluster: Cluster,
  clone: Clone,
  { node, chosen }: { readonly node: ClusterNode; readonly chosen: Primitive },
): boolean {
  const isLost = !node.online || node.unclean;
  return !chosen.needs.fencing && isLost && !isGuestOrBundleNode(node) && clone.cloneMax !== cluster.nodes.length;
}

/** The primitive of an instance that has this name without its number. */
export function memberNamed(instance: Primitive | Group, name: string): Primitive | undefined {
  const members = instance.variant === 'group' ? instance.members : [instance];
  return members.find((member) => baseName(member.id) === name || member.id === name);
}

/** What history knows and the configuration does not: to be stopped, or left alone, as the options say. */
function removedResource(cluster: Cluster, node: ClusterNode, record: XmlElement): Primitive | undefined {
  const element = xmlElement('primitive', Object.fromEntries(record.attributes()));
  const resource = unpackResource(cluster, element, topLevel);
  if (resource?.variant !== 'primitive') return undefined;
  addTopLevel(cluster, resource);
  resource.removed = true;
  if (resource.connectionKind !== 'none') {
    const known = nodeNamed(cluster, resource.id);
    const remote = known ?? createNode(cluster, { id: resource.id, name: resource.id, kind: 'remote' });
    linkConnection(cluster, resource);
    remote.shuttingDown = true;
  }
  if (resource.meta.has('container')) resource.removedLaunched = true;
  if (cluster.options.stopRemovedResources) banEverywhere(cluster, resource, { kind: 'removed' });
  else resource.managed = false;
  cluster.caches.failures[node.index] = undefined;
  return resource;
}
