// The attributes of the nodes that are online, with a remark where a ping resource measures less than it should.

import { parseInteger } from '../../cib/index.ts';
import { parametersOf } from '../configuration/meta.ts';
import type { Cluster, ClusterNode } from '../model/index.ts';
import { Outline } from './outline.ts';

/** Those that the cluster keeps for itself, or shows in other lists. */
const hidden = /^(#|fail-count-|last-failure-|shutdown$|standby$|terminate$)/;

/** Empty where no node has any. */
export function renderNodeAttributes(cluster: Cluster): string {
  const list = new Outline();
  for (const node of cluster.nodes) {
    const shown = node.online ? shownAttributes(node) : [];
    if (shown.length === 0) continue;
    list.heading(2, `Node: ${node.name}`);
    for (const [name, value] of shown) {
      const remark = connectivityRemark(cluster, node, { name, value });
      list.item(3, `${name.padEnd(32)}\t: ${value.padEnd(10)}${remark === undefined ? '' : `\t: ${remark}`}`);
    }
  }
  if (list.isEmpty) return '';
  const out = new Outline();
  out.blank();
  out.heading(1, 'Node Attributes');
  out.append(list);
  return out.toString();
}

function shownAttributes({ attributes }: ClusterNode): [string, string][] {
  return [...attributes].filter(([name]) => !hidden.test(name)).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

type Attribute = { readonly name: string; readonly value: string };

function connectivityRemark(cluster: Cluster, node: ClusterNode, { name, value }: Attribute): string | undefined {
  const expected = expectedConnectivity(cluster, node, name);
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
