// Nodes: from the `<nodes>` section, and made for what connects to a machine or container.

import { compareNodeNames, isTrue, parseInteger, parseScore, type XmlElement, xmlIndexOf } from '../../cib/index.ts';
import { type Cluster, type ClusterNode, type ProbeMode, probeModes } from '../model/index.ts';
import { noteMistake, plainContext } from './cluster.ts';
import { replaceValues, valuesOf } from './nvset.ts';

export function readNodes(cluster: Cluster): void {
  const section = xmlIndexOf(cluster.cib).only('nodes');
  for (const element of section?.children ?? []) {
    if (element.name !== 'node') continue;
    const kind = kindOf(element.get('type'));
    if (kind === undefined) {
      // Reading stops here, as the peer's does: what stands behind is not known either way.
      noteMistake(cluster, element, `the node type '${element.get('type')}' is unknown`, "Use 'member' or 'remote'");
      return;
    }
    const id = element.get('id');
    const name = element.get('uname');
    if (id === undefined || name === undefined) {
      noteMistake(cluster, element, 'a node needs an id and a uname');
      continue;
    }
    const node = createNode(cluster, { id, name, kind, baseScore: parseScore(element.get('score')) ?? 0 });
    mergePermanentAttributes(cluster, node, element);
  }
}

function kindOf(type: string | undefined): ClusterNode['kind'] | undefined {
  if (type === undefined || type === 'member') return 'cluster';
  return type === 'remote' ? 'remote' : undefined;
}

export type NewNode = {
  readonly id: string;
  readonly name: string;
  readonly kind: ClusterNode['kind'];
  readonly baseScore?: number;
  readonly probeMode?: ProbeMode;
};

/** Makes a node, offline for the time being, and files it in node order. */
export function createNode(cluster: Cluster, { id, name, kind, baseScore, probeMode }: NewNode): ClusterNode {
  const isDc = cluster.dcUuid !== undefined && cluster.dcUuid.toLowerCase() === id.toLowerCase();
  const node: ClusterNode = {
    index: cluster.nodesByIndex.length,
    id,
    name,
    kind,
    connection: undefined,
    baseScore: baseScore ?? 0,
    probeMode: probeMode ?? probeModes.always,
    attributes: new Map([['#kind', kind]]),
    capacity: new Map(),
    remaining: new Map(),
    online: false,
    unclean: kind === 'cluster' && cluster.options.startupFencing,
    seen: false,
    pending: false,
    standby: false,
    standbyByFailure: false,
    maintenance: false,
    shuttingDown: false,
    expectedUp: false,
    probesAllowed: true,
    remoteReset: false,
    remoteFenced: false,
    remoteMaintenance: false,
    isDc,
    priority: 0,
    running: [],
    assigned: [],
  };
  cluster.nodesByIndex.push(node);
  cluster.histories.push([]);
  fileNode(cluster, node);
  return node;
}

function fileNode(cluster: Cluster, node: ClusterNode): void {
  const before = cluster.nodes.findIndex((other) => compareNodeNames(node.name, other.name) <= 0);
  cluster.nodes.splice(before < 0 ? cluster.nodes.length : before, 0, node);
  if (!cluster.nodesById.has(node.id.toLowerCase())) cluster.nodesById.set(node.id.toLowerCase(), node);
  if (!cluster.nodesByName.has(node.name.toLowerCase())) cluster.nodesByName.set(node.name.toLowerCase(), node);
}

export function nodeNamed(cluster: Cluster, name: string | undefined): ClusterNode | undefined {
  return name === undefined ? undefined : cluster.nodesByName.get(name.toLowerCase());
}

/** A node by its id, else by its name. */
export function nodeByIdOrName(
  cluster: Cluster,
  id: string | undefined,
  name: string | undefined,
): ClusterNode | undefined {
  return (id === undefined ? undefined : cluster.nodesById.get(id.toLowerCase())) ?? nodeNamed(cluster, name);
}

/**
 * What every node says of itself once the configuration or the status has an element for it. A remote-type node that
 * is known from its connection only has no name to be compared with others.
 */
function nameNode({ options }: Cluster, node: ClusterNode): void {
  node.attributes.set('#uname', node.name);
  node.attributes.set('#id', node.id);
  node.attributes.set('#is_dc', String(node.isDc));
  if (options.clusterName !== undefined) node.attributes.set('#cluster-name', options.clusterName);
}

function mergePermanentAttributes(cluster: Cluster, node: ClusterNode, element: XmlElement): void {
  const context = plainContext(cluster);
  nameNode(cluster, node);
  for (const [name, value] of valuesOf(element, 'instance_attributes', context)) {
    if (!node.attributes.has(name)) node.attributes.set(name, value);
  }
  nameSite(cluster, node);
  mergeCapacity(cluster, node, element);
}

/** Transient attributes, which a `node_state` carries, override everything known before. */
export function mergeTransientAttributes(cluster: Cluster, node: ClusterNode, nodeState: XmlElement): void {
  cluster.caches.failures[node.index] = undefined;
  nameNode(cluster, node);
  const section = nodeState.child('transient_attributes');
  if (section !== undefined) {
    replaceValues(node.attributes, { parent: section, setName: 'instance_attributes' }, plainContext(cluster));
    mergeCapacity(cluster, node, section);
  }
  nameSite(cluster, node);
}

function nameSite(cluster: Cluster, node: ClusterNode): void {
  if (node.attributes.has('#site-name')) return;
  const site = node.attributes.get('site-name') ?? cluster.options.clusterName;
  if (site !== undefined) node.attributes.set('#site-name', site);
}

function mergeCapacity(cluster: Cluster, node: ClusterNode, element: XmlElement): void {
  for (const [name, value] of valuesOf(element, 'utilization', plainContext(cluster))) {
    if (node.capacity.has(name)) continue;
    node.capacity.set(name, parseInteger(value) ?? 0);
    node.remaining.set(name, parseInteger(value) ?? 0);
  }
}

/** Whether an attribute of the node is set to a true value. */
export function hasTrueAttribute(node: ClusterNode, name: string): boolean {
  return isTrue(node.attributes.get(name));
}
