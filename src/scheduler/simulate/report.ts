// What `crm_simulate` prints, assembled from its parts.

import type { Instant, XmlElement } from '../../cib/index.ts';
import { formatScoreLine } from '../assignment/listing.ts';
import type { Cluster } from '../model/index.ts';
import { readCluster } from '../placement.ts';
import { renderNodeAttributes } from '../render/attributes.ts';
import { renderFailures } from '../render/failures.ts';
import { renderNotices, renderStatus } from '../render/status.ts';
import { renderTransitionSummary } from '../render/transition-summary.ts';
import { type RunRequest, type Schedule, scheduleCluster } from '../schedule.ts';
import { outcomeOf } from './effects.ts';
import { type Execution, execute } from './execution.ts';
import type { OperationResult } from './injection.ts';
import { executionTexts, transitionErrors } from './lines.ts';
import { documentAfter, type Outcome } from './outcome.ts';

export type SimulationRequest = RunRequest & {
  /** `none`: nobody is going to read them, and they are left empty. */
  readonly texts?: 'all' | 'none';
  /** When the simulated operations take place. */
  readonly clock: Instant;
  /** Operations that fail if the transition comes to them. */
  readonly failures?: readonly OperationResult[];
};

/** A cluster as it is, and what can be listed below. */
export type StateTexts = {
  readonly notices: string;
  readonly current: string;
  readonly attributes: string;
  readonly failures: string;
};

/** A run with the texts that depend on its stage: the state before, what is done and why, the state after. */
export type Simulation = Schedule & StateTexts & { readonly transition: string };

export type SimulatedTransition = {
  readonly execution: Execution;
  /** What it leaves behind. */
  readonly outcome: Outcome;
};

const noTexts: StateTexts = { notices: '', current: '', attributes: '', failures: '' };

/** The cluster as it is, and what would be done. */
export function simulate(request: Omit<SimulationRequest, 'clock'>): Simulation {
  const cluster = readCluster(request.cib, request);
  if (request.texts === 'none') return { ...scheduleCluster(cluster), ...noTexts, transition: '' };
  // Rendered before anything is decided: deciding changes tables and roles.
  const state = stateTexts(cluster);
  const result = scheduleCluster(cluster);
  return { ...result, ...state, transition: renderTransitionSummary(result.plan, result.changes) };
}

/** The cluster as a document has it, looked at as `request` looks at its own. */
export function stateOf(cib: XmlElement, request: RunRequest): StateTexts {
  return stateTexts(readCluster(cib, { ...request, purpose: 'display' }));
}

function stateTexts(cluster: Cluster): StateTexts {
  const current = renderStatus(cluster, 'Current cluster status', 'show-pending');
  return { notices: renderNotices(cluster), current, ...listsOf(cluster) };
}

/** The transition, if every operation does what it should. */
export function simulateTransition(request: SimulationRequest, { cluster, graph }: Schedule): SimulatedTransition {
  const execution = execute(graph, request.failures);
  const nowSeconds = request.clock.epochSeconds;
  const outcome = outcomeOf(cluster, { synapses: execution.done, failed: execution.failed, nowSeconds });
  return { execution, outcome };
}

/** The state that the document of a simulated transition shows. */
export function revisedState(cib: XmlElement, request: RunRequest): Omit<StateTexts, 'notices'> {
  const cluster = readCluster(cib, { ...request, purpose: 'display' });
  return { current: renderStatus(cluster, 'Revised Cluster Status', 'hide-pending'), ...listsOf(cluster) };
}

function listsOf(cluster: Cluster): { attributes: string; failures: string } {
  return { attributes: renderNodeAttributes(cluster), failures: renderFailures(cluster) };
}

/** The summary of a simulated transition: before, what is done and why, errors, after. `timeNote` is repeated. */
export function simulationSummary(request: SimulationRequest, timeNote: string): string {
  const simulation = simulate(request);
  const { execution, outcome } = simulateTransition(request, simulation);
  const executed = [...executionTexts(simulation.cluster, execution, request.clock.epochSeconds)].join('');
  const errors = transitionErrors(execution).map((line) => `${line}\n`);
  const { current } = revisedState(documentAfter(outcome), request);
  const time = timeNote === '' ? '' : `${timeNote}\n`;
  return `${statusText(simulation)}\n${simulation.transition}\n${executed}${errors.join('')}${time}\n${current}`;
}

export function statusText({ notices, current }: StateTexts): string {
  return notices === '' ? current : `${notices}\n${current}`;
}

export function scoreListing({ scores }: Schedule): string {
  return [...scores.lines()].map((line) => `${formatScoreLine(line)}\n`).join('');
}
