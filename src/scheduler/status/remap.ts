// What a recorded result means: the exit code, seen against what was expected, decides more than the recorded status.

import { isProbe } from '../configuration/operation-meta.ts';
import { bundleOf } from '../configuration/tree.ts';
import { type HistoryEntry, onFailResponses, operationStatuses, type Primitive, roles } from '../model/index.ts';
import type { Evaluation, Outcome } from './evaluation.ts';
import { recordFailure } from './failed-operations.ts';
import { canFence } from './fencing.ts';

/** Exit codes of OCF agents, as far as they have names here. */
export const exitCodes = {
  ok: 0,
  invalidParameter: 2,
  unimplemented: 3,
  insufficientPrivileges: 4,
  notInstalled: 5,
  notConfigured: 6,
  notRunning: 7,
  runningPromoted: 8,
  failedPromoted: 9,
  degraded: 190,
  degradedPromoted: 191,
} as const;

/** A probe that could not even look because the agent is missing or not usable there: the resource does not run there. */
export function isMaskedProbe(entry: HistoryEntry): boolean {
  return (
    isProbe(entry) &&
    (entry.exitCode === exitCodes.notInstalled ||
      entry.exitCode === exitCodes.invalidParameter ||
      entry.status === operationStatuses.notInstalled)
  );
}

export function isMasked(resource: Primitive, entry: HistoryEntry): boolean {
  return isMaskedProbe(entry) && bundleOf(resource) === undefined;
}

/** Rewrites `outcome` to what the result means, and notes roles that it proves. */
export function remap(evaluation: Evaluation, entry: HistoryEntry, outcome: Outcome): void {
  remapDegraded(evaluation, entry, outcome);
  if (isMasked(evaluation.resource, entry)) {
    outcome.status = operationStatuses.done;
    outcome.exitCode = exitCodes.notRunning;
  }
  switch (outcome.status) {
    case operationStatuses.done:
    case operationStatuses.error:
      break;
    case operationStatuses.noFenceDevice:
    case operationStatuses.noSecrets:
      outcome.status = operationStatuses.hardError;
      return;
    default:
      return;
  }
  const isExpected = entry.expectedExitCode >= 0 && outcome.exitCode === entry.expectedExitCode;
  outcome.status = isExpected ? operationStatuses.done : operationStatuses.error;
  remapByExitCode(evaluation, entry, outcome);
}

/** Degraded is fine, but worth showing. */
function remapDegraded(evaluation: Evaluation, entry: HistoryEntry, outcome: Outcome): void {
  if (outcome.exitCode === exitCodes.degraded) outcome.exitCode = exitCodes.ok;
  else if (outcome.exitCode === exitCodes.degradedPromoted) outcome.exitCode = exitCodes.runningPromoted;
  else return;
  const { node } = evaluation;
  if (!outcome.isExpired && (!node.shuttingDown || node.online)) recordFailure(evaluation, entry);
}

function remapByExitCode(evaluation: Evaluation, entry: HistoryEntry, outcome: Outcome): void {
  const { resource } = evaluation;
  const { expectedExitCode } = entry;
  switch (outcome.exitCode) {
    case exitCodes.ok:
      if (isProbe(entry) && expectedExitCode === exitCodes.notRunning) outcome.status = operationStatuses.done;
      return;
    case exitCodes.notRunning:
      if (isProbe(entry) || expectedExitCode === exitCodes.notRunning || !resource.managed) {
        outcome.status = operationStatuses.done;
        resource.currentRole = roles.stopped;
        evaluation.onFail = onFailResponses.ignore;
        resource.nextRole = roles.unknown;
      }
      return;
    case exitCodes.runningPromoted:
      if (isProbe(entry) && expectedExitCode !== exitCodes.runningPromoted) outcome.status = operationStatuses.done;
      if (!outcome.isExpired || expectedExitCode === exitCodes.runningPromoted) resource.currentRole = roles.promoted;
      return;
    case exitCodes.failedPromoted:
      if (!outcome.isExpired) resource.currentRole = roles.promoted;
      outcome.status = operationStatuses.error;
      return;
    case exitCodes.notConfigured:
      outcome.status = operationStatuses.fatalError;
      return;
    case exitCodes.unimplemented:
      if (entry.intervalMs > 0) outcome.status = operationStatuses.notSupported;
      else markHardError(evaluation, entry, outcome);
      return;
    case exitCodes.invalidParameter:
    case exitCodes.insufficientPrivileges:
    case exitCodes.notInstalled:
      markHardError(evaluation, entry, outcome);
      return;
    default:
      if (outcome.status === operationStatuses.done) outcome.status = operationStatuses.error;
  }
}

/** A stop that cannot work and a node that cannot be fenced: nothing is left to try. */
function markHardError({ cluster, resource, node }: Evaluation, entry: HistoryEntry, outcome: Outcome): void {
  if (!outcome.isExpired && entry.task === 'stop' && !canFence(cluster, node)) {
    resource.managed = false;
    resource.blocked = true;
  }
  outcome.status = operationStatuses.hardError;
}
