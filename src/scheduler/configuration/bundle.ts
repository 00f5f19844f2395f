// Bundles: replicas of a container, each with its address, a connection to its inside, and an instance of the bundled primitive.

import type { XmlElement } from '../../cib/index.ts';
import { INFINITY_SCORE } from '../../kit/index.ts';
import {
  type Bundle,
  type Clone,
  type Cluster,
  type ClusterNode,
  isRemoteType,
  type Primitive,
  probeModes,
  type Replica,
} from '../model/index.ts';
import {
  addressElement,
  type BundleDefinition,
  bundleCloneElement,
  containerElement,
  controlPortOf,
  type ReplicaAddress,
  readBundleDefinition,
  replicaAddresses,
} from './bundle-definition.ts';
import { noteMistake } from './cluster.ts';
import { connectionElement } from './implicit-connection.ts';
import { createNode, nodeNamed } from './nodes.ts';
import { commonOf, type Place, type UnpackResource } from './resource-basis.ts';
import { visitTree } from './tree.ts';

/** The score with which an instance is tied to its own replica until assignment decides. */
const ownReplicaScore = 500;

export function unpackBundle(
  cluster: Cluster,
  element: XmlElement,
  place: Place,
  unpack: UnpackResource,
): Bundle | undefined {
  const definition = readBundleDefinition(element, (what, fix) => noteMistake(cluster, element, what, fix));
  if (definition === undefined) return undefined;
  const bundle: Bundle = Object.assign(commonOf(cluster, 'bundle', element, place), {
    variant: 'bundle' as const,
    launcherType: definition.launcherType,
    image: definition.image,
    replicas: [],
    replicasPerHost: definition.replicasPerHost,
    promotedMax: definition.promotedMax,
    clone: undefined,
    children: [],
  });
  bundle.unique = definition.unique;
  if (definition.primitive !== undefined) {
    const clone = unpackBundledClone(cluster, bundle, { definition, primitive: definition.primitive, unpack });
    if (clone === undefined) return undefined;
    bundle.clone = clone;
  }
  addReplicas(cluster, bundle, definition, unpack);
  if (bundle.clone !== undefined) bundle.children.push(bundle.clone);
  return bundle;
}

function unpackBundledClone(
  cluster: Cluster,
  bundle: Bundle,
  options: { readonly definition: BundleDefinition; readonly primitive: XmlElement; readonly unpack: UnpackResource },
): Clone | undefined {
  const element = bundleCloneElement(options.definition, options.primitive);
  const clone = options.unpack(cluster, element, { parent: bundle, suffix: '', extraMeta: {} });
  return clone?.variant === 'clone' ? clone : undefined;
}

function addReplicas(cluster: Cluster, bundle: Bundle, definition: BundleDefinition, unpack: UnpackResource): void {
  const addresses = replicaAddresses(definition).map((address, offset): ReplicaAddress => ({ offset, address }));
  for (const replica of addresses) {
    const child = bundle.clone?.instances[replica.offset];
    if (bundle.clone !== undefined && child?.variant !== 'primitive') continue;
    const instance = child?.variant === 'primitive' ? child : undefined;
    if (instance !== undefined) adoptChild(bundle, instance);
  }
  for (const replica of addresses) {
    const child = bundle.clone?.instances[replica.offset];
    const unpackChild = (element: XmlElement): Primitive | undefined => {
      const resource = unpack(cluster, element, { parent: bundle, suffix: '', extraMeta: {} });
      if (resource?.variant !== 'primitive') return undefined;
      bundle.children.push(resource);
      return resource;
    };
    const container = unpackChild(containerElement(definition, replica, addresses));
    if (container === undefined) continue;
    const ip = replica.address === undefined ? undefined : unpackChild(addressElement(definition, replica.address));
    const primitive = child?.variant === 'primitive' ? child : undefined;
    const parts = { container, ip, child: primitive, unpackChild };
    bundle.replicas.push(makeReplica(cluster, bundle, { definition, replica, ...parts }));
  }
}

function adoptChild(bundle: Bundle, child: Primitive): void {
  child.exclusiveDiscovery = true;
  const { clone } = bundle;
  if (clone === undefined) return;
  if (child.notify) clone.notify = true;
  const target = child.meta.get('container-attribute-target');
  if (target === undefined) return;
  bundle.meta.set('container-attribute-target', target);
  clone.meta.set('container-attribute-target', target);
}

type ReplicaParts = {
  readonly definition: BundleDefinition;
  readonly replica: ReplicaAddress;
  readonly container: Primitive;
  readonly ip: Primitive | undefined;
  readonly child: Primitive | undefined;
  readonly unpackChild: (element: XmlElement) => Primitive | undefined;
};

function makeReplica(cluster: Cluster, bundle: Bundle, parts: ReplicaParts): Replica {
  const { definition, replica, container, ip, child } = parts;
  const common = { offset: replica.offset, container, ip, ipAddress: replica.address };
  if (child === undefined) return { ...common, child, connection: undefined, node: undefined };
  const node = replicaNode(cluster, connectionName(cluster, definition, { child, offset: replica.offset }));
  tieToReplica(bundle, child, node);
  const connection = parts.unpackChild(
    connectionElement({
      name: node.name,
      container: container.id,
      address: replica.address ?? '#uname',
      port: controlPortOf(definition),
      startTimeout: undefined,
    }),
  );
  if (connection !== undefined) linkReplica(cluster, connection, { container, node });
  if (replica.address !== undefined) child.meta.set('external-ip', replica.address);
  for (const [name, value] of child.utilization) container.utilization.set(name, value);
  child.utilization.clear();
  return { ...common, child, connection, node };
}

function connectionName(
  cluster: Cluster,
  { id }: BundleDefinition,
  { child, offset }: { readonly child: Primitive; readonly offset: number },
): string {
  const name = `${id}-${offset}`;
  return cluster.resourcesById.has(name) ? `pcmk-internal-${child.id}-remote-${offset}` : name;
}

/** The node that stands for the inside of a replica: nothing else may run, or be probed, on it. */
function replicaNode(cluster: Cluster, name: string): ClusterNode {
  const known = nodeNamed(cluster, name);
  const node = known ?? createNode(cluster, { id: name, name, kind: 'remote' });
  node.baseScore = -INFINITY_SCORE;
  node.probeMode = probeModes.never;
  if (known === undefined) return node;
  for (const resource of cluster.resources) {
    visitTree(resource, ({ allowed }) => {
      if (allowed.has(node.index)) allowed.set(node.index, -INFINITY_SCORE, probeModes.never);
    });
  }
  return node;
}

function tieToReplica(bundle: Bundle, child: Primitive, node: ClusterNode): void {
  child.allowed.clear();
  child.allowed.set(node.index, ownReplicaScore, probeModes.exclusive);
  bundle.clone?.allowed.set(node.index, -INFINITY_SCORE, probeModes.exclusive);
}

function linkReplica(
  cluster: Cluster,
  connection: Primitive,
  { container, node }: { readonly container: Primitive; readonly node: ClusterNode },
): void {
  for (const each of cluster.nodes) {
    if (isRemoteType(each) && connection.allowed.has(each.index))
      connection.allowed.setScore(each.index, -INFINITY_SCORE);
  }
  node.connection = connection;
  node.attributes.set('#kind', 'container');
  connection.nestedAllowed = true;
  connection.launcher = container;
  container.launched.push(connection);
}
