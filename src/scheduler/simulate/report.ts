// What `crm_simulate` prints, assembled from its parts.

import type { Instant } from '../../cib/index.ts';
import { formatScoreLine } from '../assignment/listing.ts';
import { readCluster } from '../placement.ts';
import { renderNotices, renderStatus } from '../render/status.ts';
import { renderTransitionSummary } from '../render/transition-summary.ts';
import { type RunRequest, type Schedule, scheduleCluster } from '../schedule.ts';
import { applyEffects } from './effects.ts';
import { execute } from './execution.ts';
import { renderExecution } from './lines.ts';

export type SimulationRequest = RunRequest & {
  /** When the simulated operations take place. */
  readonly clock: Instant;
};

/** The summary of a simulated transition: before, what is done and why, after. `timeNote` is repeated at the end. */
export function simulationSummary(request: SimulationRequest, timeNote: string): string {
  const cluster = readCluster(request.cib, request);
  const notices = renderNotices(cluster);
  const current = renderStatus(cluster, 'Current cluster status', 'show-pending');
  const { plan, graph, changes } = scheduleCluster(cluster);
  const execution = execute(graph);
  const cib = applyEffects(cluster, { synapses: execution.done, nowSeconds: request.clock.epochSeconds });
  const revised = renderStatus(readCluster(cib, request), 'Revised Cluster Status', 'hide-pending');
  return [
    notices === '' ? current : `${notices}\n${current}`,
    '\n',
    renderTransitionSummary(plan, changes),
    '\n',
    renderExecution(cluster, execution),
    timeNote === '' ? '' : `${timeNote}\n`,
    '\n',
    revised,
  ].join('');
}

export function scoreListing({ scores }: Schedule): string {
  return scores.map((line) => `${formatScoreLine(line)}\n`).join('');
}
