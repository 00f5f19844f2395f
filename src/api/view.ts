// The cluster's document as people look at it: nodes, resources with their places and states, failures, addresses.
import { childAt, cibVersionOf, exitCodeText, formatCibVersion, type Instant, type XmlElement } from '../cib/index.ts';
import {
  type Cluster,
  type ClusterNode,
  childrenOf,
  isRemoteType,
  type Primitive,
  type Resource,
  readCluster,
  roles,
} from '../scheduler/index.ts';
import type { FailureView, NodeView, ResourceState, ResourceView } from './types.ts';

export type DocumentView = {
  readonly nodes: readonly Omit<NodeView, 'coordinator' | 'self'>[];
  readonly resources: readonly ResourceView[];
  readonly addresses: readonly { readonly address: string; readonly resource: string; readonly node: string }[];
  readonly failures: readonly FailureView[];
  readonly documentVersion: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
};

/** Reads the document; pure, and cheap enough to be asked for at each refresh. */
export function documentView(cib: XmlElement, now: Instant): DocumentView {
  const cluster = readCluster(cib, { now, reasons: false });
  return {
    nodes: cluster.nodes.map(nodeView),
    resources: cluster.resources.filter(isShown).map((resource) => resourceView(cluster, resource)),
    addresses: cluster.resourcesByIndex.flatMap(addressesOf),
    failures: cluster.failedOperations.map((failed) => failureView(cib, failed)),
    documentVersion: formatCibVersion(cibVersionOf(cib)),
    properties: Object.fromEntries(cluster.options.configured),
    warnings: warningsOf(cluster),
  };
}

function nodeView(node: ClusterNode): Omit<NodeView, 'coordinator' | 'self'> {
  const attributes = [...node.attributes].filter(([name]) => !name.startsWith('#'));
  return {
    id: node.id,
    name: node.name,
    state: nodeState(node),
    running: node.running.length,
    attributes: Object.fromEntries(attributes),
  };
}

function nodeState(node: ClusterNode): NodeView['state'] {
  if (node.unclean) return 'lost';
  if (node.pending) return 'joining';
  if (!node.online) return 'offline';
  if (node.shuttingDown) return 'stopping';
  if (node.maintenance) return 'maintenance';
  return node.standby ? 'standby' : 'online';
}

/** What history alone knows is shown only while it runs. */
function isShown(resource: Resource): boolean {
  return !resource.removed || resource.activeNodes.length > 0;
}

function resourceView(cluster: Cluster, resource: Resource): ResourceView {
  const children = childrenOf(resource)
    .filter(isShown)
    .map((child) => resourceView(cluster, child));
  const primitive = resource.variant === 'primitive' ? resource : undefined;
  return {
    id: resource.id,
    kind: resource.variant,
    agent: primitive === undefined ? undefined : agentName(primitive),
    state: primitive === undefined ? collectiveState(children) : primitiveState(primitive),
    nodes: [
      ...new Set(
        primitive === undefined
          ? children.flatMap((child) => child.nodes)
          : primitive.activeNodes.map((node) => node.name),
      ),
    ],
    managed: resource.managed,
    maintenance: resource.maintenance,
    disabled: resource.disabled,
    removed: resource.removed,
    children,
  };
}

function agentName({ agent }: Primitive): string {
  return [agent.standard, agent.provider, agent.type].filter((part) => part !== undefined).join(':');
}

function primitiveState(primitive: Primitive): ResourceState {
  if (primitive.blocked) return 'blocked';
  if (primitive.failed) return 'failed';
  if (primitive.pendingTask === 'start') return 'starting';
  if (primitive.pendingTask === 'stop') return 'stopping';
  if (primitive.activeNodes.length > 1) return 'multiple';
  switch (primitive.currentRole) {
    case roles.promoted:
      return 'promoted';
    case roles.unpromoted:
      return 'unpromoted';
    case roles.started:
      return startedState(primitive);
    default:
      return primitive.activeNodes.length > 0 ? startedState(primitive) : 'stopped';
  }
}

/** What may be promoted, and is not. */
function startedState({ promotable }: Primitive): ResourceState {
  return promotable ? 'unpromoted' : 'started';
}

/** The worst of its members; started only when all of them are. */
function collectiveState(children: readonly ResourceView[]): ResourceState {
  const states = children.map((child) => child.state);
  for (const state of ['blocked', 'failed', 'multiple', 'stopping', 'starting'] as const) {
    if (states.includes(state)) return state;
  }
  if (states.includes('promoted')) return 'promoted';
  if (states.includes('unpromoted')) return 'unpromoted';
  return states.length > 0 && states.every((state) => state === 'stopped') ? 'stopped' : 'started';
}

/** Agents whose parameter `ip` is a virtual address. */
const addressTypes = ['IPaddr2', 'IPaddr', 'IPv6addr', 'ip'];

function addressesOf(resource: Resource): { address: string; resource: string; node: string }[] {
  if (resource.variant !== 'primitive' || !addressTypes.includes(resource.agent.type)) return [];
  const parameters = childAt(resource.xml, 'instance_attributes')?.children ?? [];
  const address = parameters.find((pair) => pair.get('name') === 'ip')?.get('value');
  if (address === undefined) return [];
  return resource.activeNodes.map((node) => ({ address, resource: resource.id, node: node.name }));
}

function failureView(cib: XmlElement, entry: Cluster['failedOperations'][number]): FailureView {
  const resource = entry.key.replace(/_[a-z-]+_\d+$/, '');
  return {
    resource,
    node: entry.nodeName,
    operation: entry.task,
    intervalMs: entry.intervalMs,
    code: entry.exitCode,
    meaning: exitCodeText(entry.exitCode),
    reason: entry.xml.get('exit-reason') ?? '',
    at: entry.lastChange,
    failCount: failCountOf(cib, { nodeName: entry.nodeName, resource }),
  };
}

function failCountOf(
  cib: XmlElement,
  { nodeName, resource }: { readonly nodeName: string; readonly resource: string },
): number {
  const state = childAt(cib, 'status')?.children.find((each) => each.get('uname') === nodeName);
  const pairs = childAt(state, 'transient_attributes', 'instance_attributes')?.children ?? [];
  return pairs
    .filter((pair) => (pair.get('name') ?? '').startsWith(`fail-count-${resource}#`))
    .reduce((sum, pair) => sum + (pair.get('value') === 'INFINITY' ? 1_000_000 : Number(pair.get('value') ?? 0)), 0);
}

/** What holds of a cluster of two nodes without fencing. */
export const twoNodes =
  'two nodes have no majority between them: without fencing or a third vote a cut between them leaves both running';

/** What the cluster, so configured, does not cover. */
function warningsOf(cluster: Cluster): string[] {
  const warnings: string[] = [];
  if (!cluster.options.fencingEnabled) {
    warnings.push(
      'fencing is off: a lost node is trusted to have given up what it ran when its lease ended; services other than addresses may run twice if it hangs',
    );
  } else if (!cluster.fenceDeviceKnown) {
    warnings.push(
      'fencing is on, but there is no fence device: nothing starts in place of a lost node, and no resource starts at all',
    );
  }
  const isFenced = cluster.options.fencingEnabled && cluster.fenceDeviceKnown;
  if (!isFenced && cluster.nodes.filter((node) => node.kind === 'cluster').length === 2) warnings.push(twoNodes);
  const remote = cluster.nodes.filter(isRemoteType).map((node) => node.name);
  if (remote.length > 0) {
    warnings.push(
      `nothing runs on ${remote.join(', ')}: Haven makes no connections to Pacemaker Remote, by which remote nodes and the insides of containers are reached`,
    );
  }
  return warnings;
}
