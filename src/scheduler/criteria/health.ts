// Node health: attributes that start with `#health` add up to a preference for or against the node.

import { type HealthScores, isTrue, parseScore } from '../../cib/index.ts';
import { addScores, INFINITY_SCORE } from '../../kit/index.ts';
import { type Cluster, type ClusterNode, type ClusterOptions, probeModes, roles } from '../model/index.ts';

/** What red, yellow and green count for. */
export function healthScoresOf(options: ClusterOptions): HealthScores {
  switch (options.healthStrategy) {
    case 'none':
      return { red: 0, yellow: 0, green: 0 };
    case 'migrate-on-red':
      return { red: -INFINITY_SCORE, yellow: 0, green: 0 };
    case 'only-green':
      return { red: -INFINITY_SCORE, yellow: -INFINITY_SCORE, green: 0 };
    case 'progressive':
    case 'custom':
      return { red: options.healthRed, yellow: options.healthYellow, green: options.healthGreen };
  }
}

export function nodeHealth(options: ClusterOptions, node: ClusterNode): number {
  const scores = healthScoresOf(options);
  let health = options.healthStrategy === 'progressive' ? options.healthBase : 0;
  for (const [name, value] of node.attributes) {
    if (name.startsWith('#health')) health = addScores(health, parseScore(value, scores) ?? 0);
  }
  return health;
}

/** Health becomes a location of every top-level resource, except what may run on unhealthy nodes. */
export function addHealthLocations(cluster: Cluster): void {
  if (cluster.options.healthStrategy === 'none') return;
  for (const node of cluster.nodes) {
    const health = nodeHealth(cluster.options, node);
    if (health === 0) continue;
    for (const resource of cluster.resources) {
      if (health < 0 && isTrue(resource.meta.get('allow-unhealthy-nodes'))) continue;
      const location = {
        id: cluster.options.healthStrategy,
        resource,
        roleFilter: roles.unknown,
        probeMode: probeModes.always,
        entries: [{ node, score: health }],
        origin: 'health' as const,
      };
      cluster.locations.push(location);
      resource.locations.push(location);
    }
  }
}
