// The listing of scores, as administrators know it from `crm_simulate -s`. What is listed, and how often, shows the course of the
// assignment: tables appear as they are when the decision about their resource is due.

import { formatScore } from '../../kit/index.ts';
import { childrenOf } from '../configuration/tree.ts';
import type { ClusterNode, Resource } from '../model/index.ts';
import type { Run } from './run.ts';

export type ScoreLine =
  | {
      readonly kind: 'allocation';
      readonly variant: Resource['variant'];
      readonly resource: string;
      readonly node: ClusterNode;
      readonly score: number;
    }
  | {
      readonly kind: 'promotion';
      readonly resource: string;
      readonly node: ClusterNode | undefined;
      readonly score: number;
    };

/** Lists the table of a resource and of everything below it; what only history knows is not listed. */
export function listScores(run: Run, resource: Resource): void {
  listTables(run, resource, resource.variant);
}

function listTables(run: Run, resource: Resource, variant: Resource['variant']): void {
  if (resource.removed) return;
  for (const node of run.cluster.nodes) {
    if (!resource.allowed.has(node.index)) continue;
    const score = resource.allowed.score(node.index);
    run.listing.push({ kind: 'allocation', variant, resource: resource.id, node, score });
  }
  for (const child of childrenOf(resource)) listTables(run, child, variant);
}

/** One line of the listing. */
export function formatScoreLine(line: ScoreLine): string {
  if (line.kind === 'allocation') {
    const label = `pcmk__${line.variant}_assign`;
    return `${label}: ${line.resource} allocation score on ${line.node.name}: ${formatScore(line.score)}`;
  }
  const place = line.node === undefined ? '(inactive)' : `on ${line.node.name}`;
  return `${line.resource} promotion score ${place}: ${formatScore(line.score)}`;
}
