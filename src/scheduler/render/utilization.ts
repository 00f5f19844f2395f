// What nodes had before the assignment, what each placement took, and what is left.

import type { ScoreListing } from '../assignment/listing.ts';
import type { Cluster } from '../model/index.ts';

/** A line for each node, each placement in its order, and each node again; amounts in the order of their names. */
export function renderUtilization({
  cluster,
  scores,
}: {
  readonly cluster: Cluster;
  readonly scores: ScoreListing;
}): string {
  const original = cluster.nodes.map((node) => `Original: ${node.name} capacity:${amounts(node.capacity)}`);
  const taken = scores.placements.map(
    ({ resource, node }) =>
      `pcmk__assign_resource: ${resource.id} utilization on ${node.name}:${amounts(resource.utilization)}`,
  );
  const left = cluster.nodes.map((node) => `Remaining: ${node.name} capacity:${amounts(node.remaining)}`);
  return [...original, ...taken, ...left].map((line) => `  * ${line}\n`).join('');
}

function amounts(values: ReadonlyMap<string, number>): string {
  return [...values]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => ` ${name}=${value}`)
    .join('');
}
