// One recorded operation: what it says about the state of its resource, and how a failure is answered.

import { banEverywhere, banNode, replaceByBan } from '../configuration/node-score.ts';
import { nodeNamed } from '../configuration/nodes.ts';
import { isProbe } from '../configuration/operation-meta.ts';
import { isAnonymousClone, topOf, uniqueOrTop } from '../configuration/tree.ts';
import {
  type HistoryEntry,
  isRemoteType,
  onFailResponses,
  operationStatuses,
  type Primitive,
  roles,
} from '../model/index.ts';
import { activeRole, type Evaluation, forgetFailure, type Outcome } from './evaluation.ts';
import { isExpired } from './expiry.ts';
import { recordFailure } from './failed-operations.ts';
import { demandStop } from './fencing.ts';
import { readFailedMigration, readMigrateTo } from './migration.ts';
import { type FailureAnswer, failureAnswer } from './on-fail.ts';
import { exitCodes, isMasked, remap } from './remap.ts';

export function readRecordedOperation(evaluation: Evaluation, entry: HistoryEntry): void {
  if (!entry.isComplete) return;
  const outcome: Outcome = {
    status: entry.status,
    exitCode: entry.exitCode,
    isExpired: isExpired(evaluation, entry),
  };
  remap(evaluation, entry, outcome);
  if (outcome.isExpired && isOverlooked(evaluation, entry, outcome)) return;
  if (isMasked(evaluation.resource, entry)) {
    readMaskedProbe(evaluation, entry);
    return;
  }
  dispatch(evaluation, entry, outcome);
}

/** Whether an expired result says nothing any more. */
function isOverlooked({ cluster, resource, node }: Evaluation, entry: HistoryEntry, outcome: Outcome): boolean {
  const isExpected = outcome.exitCode === entry.expectedExitCode;
  // By the recorded code: the masked one is always the expected one. Once expired, only a new probe can tell.
  if (isMasked(resource, entry) && entry.exitCode !== entry.expectedExitCode) {
    if (resource.currentRole <= roles.stopped) resource.currentRole = roles.unknown;
    return true;
  }
  if (isExpected) return false;
  if (entry.intervalMs === 0) return true;
  if (!node.online || node.unclean) return false;
  // The agent may have changed its mind since: the monitor is to be scheduled anew.
  cluster.staleEntries.add(entry.xml);
  return true;
}

function readMaskedProbe(evaluation: Evaluation, entry: HistoryEntry): void {
  const { cluster, resource, node } = evaluation;
  readSuccess(evaluation, entry, entry.expectedExitCode);
  recordFailure(evaluation, entry);
  banNode(cluster, uniqueOrTop(resource), node, { kind: 'failed-operation', key: entry.key });
}

function dispatch(evaluation: Evaluation, entry: HistoryEntry, outcome: Outcome): void {
  const { cluster, resource, node } = evaluation;
  switch (outcome.status) {
    case operationStatuses.pending:
      readPending(evaluation, entry);
      return;
    case operationStatuses.done:
      readSuccess(evaluation, entry, outcome.exitCode);
      return;
    case operationStatuses.notInstalled: {
      const answer = failureAnswer(cluster, resource, entry);
      if (answer.onFail === onFailResponses.ignore) evaluation.onFail = onFailResponses.ban;
      banNode(cluster, uniqueOrTop(resource), node, { kind: 'failed-operation', key: entry.key });
      readFailure(evaluation, entry, answer);
      return;
    }
    case operationStatuses.notConnected:
      if (isRemoteType(node) && node.connection?.managed === true) {
        node.connection.failed = true;
        node.connection.stopIfFailed = true;
      }
      break;
  }
  readError(evaluation, entry, outcome);
}

function readError(evaluation: Evaluation, entry: HistoryEntry, outcome: Outcome): void {
  const { cluster, resource, node } = evaluation;
  const answer = failureAnswer(cluster, resource, entry);
  const restartsContainer = answer.onFail === onFailResponses.restartContainer && entry.task === 'stop';
  if (answer.onFail === onFailResponses.ignore || restartsContainer) {
    readSuccess(evaluation, entry, entry.expectedExitCode);
    resource.ignoreFailure = true;
    recordFailure(evaluation, entry);
    if (restartsContainer && evaluation.onFail <= onFailResponses.restart) {
      evaluation.onFail = onFailResponses.restartContainer;
    }
    return;
  }
  readFailure(evaluation, entry, answer);
  const cause = { kind: 'failed-operation', key: entry.key } as const;
  if (outcome.status === operationStatuses.hardError) banNode(cluster, uniqueOrTop(resource), node, cause);
  else if (outcome.status === operationStatuses.fatalError) banEverywhere(cluster, uniqueOrTop(resource), cause);
}

function readFailure(evaluation: Evaluation, entry: HistoryEntry, answer: FailureAnswer): void {
  const { cluster, resource, node } = evaluation;
  resource.lastFailure = entry;
  if (cluster.options.symmetric || entry.exitCode !== exitCodes.notInstalled) recordFailure(evaluation, entry);
  if (answer.onFail > evaluation.onFail) evaluation.onFail = answer.onFail;
  const cause = { kind: 'failed-operation', key: entry.key } as const;
  switch (entry.task) {
    case 'stop':
      banNode(cluster, resource, node, cause);
      break;
    case 'migrate_to':
    case 'migrate_from':
      readFailedMigration(evaluation, entry);
      break;
    case 'promote':
      resource.currentRole = roles.promoted;
      break;
    case 'demote':
      readFailedDemote(resource, entry, answer);
      break;
  }
  if (isProbe(entry) && entry.exitCode === exitCodes.notInstalled) resource.currentRole = roles.stopped;
  else if (resource.currentRole < roles.started) resource.currentRole = activeRole(resource);
  if (answer.roleAfter !== roles.started && resource.nextRole < answer.roleAfter) resource.nextRole = answer.roleAfter;
  if (answer.roleAfter === roles.stopped) {
    const top = topOf(resource);
    replaceByBan(cluster, isAnonymousClone(top) ? top : resource, cause);
  }
}

function readFailedDemote(resource: Primitive, entry: HistoryEntry, { onFail }: FailureAnswer): void {
  if (onFail === onFailResponses.block) {
    resource.currentRole = roles.promoted;
    resource.nextRole = roles.stopped;
  } else {
    resource.currentRole = entry.exitCode === exitCodes.notRunning ? roles.stopped : roles.unpromoted;
  }
}

/** The operation ended with `exitCode`, as it should. */
function readSuccess(evaluation: Evaluation, entry: HistoryEntry, exitCode: number): void {
  const { resource } = evaluation;
  if (exitCode === exitCodes.notInstalled || isMasked(resource, entry)) {
    resource.currentRole = roles.stopped;
    return;
  }
  if (exitCode === exitCodes.notRunning) {
    forgetFailure(evaluation);
    return;
  }
  switch (entry.task) {
    case 'monitor':
      if (resource.currentRole < roles.started) resource.currentRole = activeRole(resource);
      if (resource.lastFailure?.key === entry.key) forgetFailure(evaluation);
      return;
    case 'start':
    case 'migrate_from':
      resource.currentRole = roles.started;
      forgetFailure(evaluation);
      return;
    case 'stop':
      resource.currentRole = roles.stopped;
      forgetFailure(evaluation);
      return;
    case 'promote':
      resource.currentRole = roles.promoted;
      forgetFailure(evaluation);
      return;
    case 'demote':
      resource.currentRole = roles.unpromoted;
      if (evaluation.onFail === onFailResponses.demote) forgetFailure(evaluation);
      return;
    case 'migrate_to':
      readMigrateTo(evaluation, entry);
      return;
    default:
      if (resource.currentRole < roles.started) resource.currentRole = activeRole(resource);
  }
}

function readPending(evaluation: Evaluation, entry: HistoryEntry): void {
  const { cluster, resource, node } = evaluation;
  const failure = resource.lastFailure;
  const isOvertaken =
    failure !== undefined &&
    failure.task === entry.task &&
    failure.intervalMs === entry.intervalMs &&
    failure.lastChange >= 0 &&
    entry.lastChange >= 0 &&
    failure.lastChange >= entry.lastChange;
  if (isOvertaken) return;
  if (entry.task === 'start') {
    resource.startPending = true;
    resource.currentRole = activeRole(resource);
  } else if (entry.task === 'promote') {
    resource.currentRole = roles.promoted;
  } else if (entry.task === 'migrate_to' && node.unclean) {
    const target = nodeNamed(cluster, entry.xml.get('migrate_target'));
    if (target !== undefined) demandStop(cluster, resource, target);
  }
  if (resource.pendingTask === undefined && !isProbe(entry)) {
    resource.pendingTask = entry.task;
    resource.pendingNode = node;
  }
}
