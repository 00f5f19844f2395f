// Guest nodes: a resource that names a `remote-node` gets a connection resource, and the cluster gets a node, that nobody wrote
// down. Remote nodes: their connection is written down, their node is not.

import { type XmlElement, xmlElement } from '../../cib/index.ts';
import type { Cluster } from '../model/index.ts';
import { agentOf } from './meta.ts';
import { createNode, nodeNamed } from './nodes.ts';
import { isRemoteAgent } from './resource-basis.ts';

/** Makes the nodes behind remote connections; answers the implicit connections to unpack after all that is configured. */
export function readImplicitConnections(cluster: Cluster, resources: readonly XmlElement[]): XmlElement[] {
  const connections: XmlElement[] = [];
  for (const element of resources) {
    if (isRemoteAgent(agentOf(element)) && element.id !== undefined) {
      ensureRemoteNode(cluster, element.id);
      continue;
    }
    for (const guest of element.name === 'group' ? element.childrenNamed('primitive') : [element]) {
      const connection = guest.name === 'primitive' ? guestConnection(guest) : undefined;
      if (connection === undefined) continue;
      connections.push(connection);
      ensureRemoteNode(cluster, connection.id ?? '');
    }
  }
  return connections;
}

function ensureRemoteNode(cluster: Cluster, name: string): void {
  if (nodeNamed(cluster, name) === undefined) createNode(cluster, { id: name, name, kind: 'remote' });
}

/** Rules and references do not count here: the values are taken as they stand in the resource's own sets. */
function guestConnection(guest: XmlElement): XmlElement | undefined {
  const meta = new Map<string, string>();
  for (const set of guest.childrenNamed('meta_attributes')) {
    for (const pair of set.childrenNamed('nvpair')) meta.set(pair.get('name') ?? '', pair.get('value') ?? '');
  }
  const name = meta.get('remote-node');
  if (name === undefined) return undefined;
  return connectionElement({
    name,
    container: guest.id ?? '',
    address: meta.get('remote-addr'),
    port: meta.get('remote-port'),
    allowMigrate: meta.get('remote-allow-migrate'),
    managed: meta.get('is-managed'),
    startTimeout: meta.get('remote-connect-timeout') ?? '60s',
  });
}

export type ConnectionSettings = {
  readonly name: string;
  /** The resource inside which the node lives. */
  readonly container: string;
  readonly address: string | undefined;
  readonly port: string | undefined;
  readonly allowMigrate?: string | undefined;
  readonly managed?: string | undefined;
  /** Undefined: no start operation is configured. */
  readonly startTimeout: string | undefined;
};

/** The definition of a connection to a guest or bundle node. */
export function connectionElement(settings: ConnectionSettings): XmlElement {
  const { name, container, address, port, startTimeout } = settings;
  const meta = {
    internal_rsc: 'true',
    container,
    'allow-migrate': settings.allowMigrate,
    'is-managed': settings.managed,
  };
  const operations = [operation(name, { name: 'monitor', interval: '30s', timeout: '30s' })];
  if (startTimeout !== undefined)
    operations.push(operation(name, { name: 'start', interval: '0', timeout: startTimeout }));
  const agent = { id: name, class: 'ocf', provider: 'pacemaker', type: 'remote' };
  return xmlElement('primitive', agent, [
    nvset('meta_attributes', `${name}-meta_attributes`, meta),
    xmlElement('operations', {}, operations),
    nvset('instance_attributes', `${name}-instance_attributes`, { addr: address, port }),
  ]);
}

/** A set made by this program; ids are made from the set's id and the names. */
export function nvset(
  name: 'meta_attributes' | 'instance_attributes',
  id: string,
  values: Readonly<Record<string, string | undefined>>,
): XmlElement {
  const pairs = Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => xmlElement('nvpair', { id: `${id}-${key}`, name: key, value }));
  return xmlElement(name, { id }, pairs);
}

export function operation(
  resourceId: string,
  { name, interval, timeout }: { readonly name: string; readonly interval: string; readonly timeout?: string },
): XmlElement {
  return xmlElement('op', { id: `${resourceId}-${name}-${interval}`, name, interval, timeout });
}
