// Lists beside the cluster's state: failures that are remembered, and what nodes have and resources need.
import type { Cluster, Resource } from '../../../scheduler/index.ts';

const failCountName = /^fail-count-(.+)#(.+)_(\d+)$/;

/** `node1: vip monitor_10000 failed 2 times` for each fail count. */
export function renderFailCounts(cluster: Cluster): string {
  const lines: string[] = [];
  for (const node of cluster.nodes) {
    for (const [name, value] of node.attributes) {
      const match = failCountName.exec(name);
      if (match === null) continue;
      const [, resource, task, interval] = match;
      lines.push(`  * ${node.name}: ${resource}: fail-count=${value} ${task}_${interval}\n`);
    }
  }
  return `Migration Summary:\n${lines.length === 0 ? '  * nothing failed\n' : lines.join('')}`;
}

/** Whole capacity of nodes and need of resources, as configured. */
export function renderUtilization(cluster: Cluster): string {
  const lines: string[] = [];
  for (const node of cluster.nodes) {
    if (node.capacity.size > 0) lines.push(`  * Capacity of ${node.name}: ${amounts(node.capacity)}\n`);
  }
  const visit = (resource: Resource) => {
    if (resource.utilization.size > 0) lines.push(`  * Need of ${resource.id}: ${amounts(resource.utilization)}\n`);
  };
  for (const resource of cluster.resourcesByIndex) visit(resource);
  return `Utilization Information:\n${lines.join('')}`;
}

function amounts(values: ReadonlyMap<string, number>): string {
  return [...values].map(([name, value]) => `${name}=${value}`).join(' ');
}
