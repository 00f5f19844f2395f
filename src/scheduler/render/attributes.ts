// The attributes of the nodes that are online, with a remark where a ping resource measures less than it should.

import { parseInteger, type XmlElement, xmlElement } from '../../cib/index.ts';
import { parametersOf } from '../configuration/meta.ts';
import type { Cluster, ClusterNode } from '../model/index.ts';
import { Outline } from './outline.ts';

/** Those that the cluster keeps for itself, or shows in other lists. */
const hidden = /^(#|fail-count-|last-failure-|shutdown$|standby$|terminate$)/;

/** Empty where no node has any. */
export function renderNodeAttributes(cluster: Cluster): string {
  const nodes = nodesWithAttributes(cluster);
  if (nodes.length === 0) return '';
  const out = new Outline();
  out.blank();
  out.heading(1, 'Node Attributes');
  for (const { node, shown } of nodes) {
    out.heading(2, `Node: ${node.name}`);
    for (const attribute of shown) {
      const { name, value } = attribute;
      const remark = connectivityRemark(attribute);
      out.item(3, `${name.padEnd(32)}\t: ${value.padEnd(10)}${remark === undefined ? '' : `\t: ${remark}`}`);
    }
  }
  return out.toString();
}

/** `<node_attributes>`; nothing where no node has any. */
export function nodeAttributesXml(cluster: Cluster): XmlElement[] {
  const nodes = nodesWithAttributes(cluster);
  if (nodes.length === 0) return [];
  const listed = nodes.map(({ node, shown }) => xmlElement('node', { name: node.name }, shown.map(attributeXml)));
  return [xmlElement('node_attributes', {}, listed)];
}

function attributeXml({ name, value, expected }: ShownAttribute): XmlElement {
  return xmlElement('attribute', { name, value, expected: expected === undefined ? undefined : String(expected) });
}

type ShownAttribute = {
  readonly name: string;
  readonly value: string;
  /** Where a ping resource writes it: what it should be. */
  readonly expected: number | undefined;
};

type NodeAttributes = { readonly node: ClusterNode; readonly shown: readonly ShownAttribute[] };

function nodesWithAttributes(cluster: Cluster): NodeAttributes[] {
  return cluster.nodes
    .filter(({ online }) => online)
    .map((node) => ({ node, shown: shownAttributes(cluster, node) }))
    .filter(({ shown }) => shown.length > 0);
}

function shownAttributes(cluster: Cluster, node: ClusterNode): ShownAttribute[] {
  return [...node.attributes]
    .filter(([name]) => !hidden.test(name))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => ({ name, value, expected: expectedConnectivity(cluster, node, name) }));
}

function connectivityRemark({ value, expected }: ShownAttribute): string | undefined {
  if (expected === undefined) return undefined;
  const measured = parseInteger(value) ?? 0;
  if (measured <= 0) return 'Connectivity is lost';
  return measured < expected ? `Connectivity is degraded (Expected=${expected})` : undefined;
}

/** Hosts to be reached times their weight, where a ping resource on the node writes the attribute. */
function expectedConnectivity(cluster: Cluster, node: ClusterNode, attribute: string): number | undefined {
  for (const resource of node.running) {
    if (resource.agent.type !== 'ping' && resource.agent.type !== 'pingd') continue;
    const parameters = parametersOf(cluster, resource, node);
    if ((parameters.get('name') ?? 'pingd') !== attribute) continue;
    const hosts = (parameters.get('host_list') ?? '').split(/\s+/).filter((host) => host !== '').length;
    return hosts * (parseInteger(parameters.get('multiplier') ?? '1') ?? 1);
  }
  return undefined;
}
