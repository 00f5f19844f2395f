// Live migrations leave traces on two nodes. Which of them a resource is on afterwards follows from both histories together.

import { nodeNamed } from '../configuration/nodes.ts';
import { type HistoryEntry, operationStatuses, roles } from '../model/index.ts';
import { addActiveNode } from './active.ts';
import type { Evaluation } from './evaluation.ts';
import { compareAge } from './history-reader.ts';
import { recordedEntries } from './records.ts';

type Migration = {
  readonly evaluation: Evaluation;
  readonly source: string;
  readonly target: string;
  /** The operation that is being judged. */
  readonly entry: HistoryEntry;
};

/** A migration whose first half succeeded: did the second, and is the source still to be stopped? */
export function readMigrateTo(evaluation: Evaluation, entry: HistoryEntry): void {
  const migration = migrationOf(evaluation, entry);
  if (migration === undefined) return;
  const { source, target } = migration;
  const from = migrateFrom(migration);
  const sourceIsNewer = nonMonitorIsNewer(migration, source, entry);
  if (from !== undefined && sourceIsNewer) return;
  const targetIsNewer = stateIsNewer(migration, target, { to: entry, from });
  if (sourceIsNewer && targetIsNewer) return;
  if (from !== undefined && succeeded(from)) {
    leaveDangling(evaluation);
    return;
  }
  evaluation.resource.currentRole = roles.started;
  readUnfinished(migration, { from, sourceIsNewer, targetIsNewer });
}

function readUnfinished(
  migration: Migration,
  facts: {
    readonly from: HistoryEntry | undefined;
    readonly sourceIsNewer: boolean;
    readonly targetIsNewer: boolean;
  },
): void {
  const { evaluation, source, target } = migration;
  const { cluster, resource } = evaluation;
  const targetNode = nodeNamed(cluster, target);
  const sourceNode = nodeNamed(cluster, source);
  const activeOnTarget = !facts.targetIsNewer && targetNode?.online === true ? targetNode : undefined;
  const isOver = facts.from !== undefined && facts.from.status !== operationStatuses.pending;
  if (isOver) {
    if (activeOnTarget !== undefined) addActiveNode(cluster, resource, activeOnTarget, { failed: true });
    else giveUp(evaluation);
    return;
  }
  if (targetNode?.online === true && isUnknownOn(migration, target)) return;
  if (activeOnTarget !== undefined) {
    addActiveNode(cluster, resource, activeOnTarget, { failed: false });
    if (sourceNode?.online === true) resource.migration = { source: sourceNode, target: activeOnTarget };
  } else if (!facts.sourceIsNewer) {
    giveUp(evaluation);
  }
}

function giveUp({ resource }: Evaluation): void {
  resource.failed = true;
  resource.stopIfFailed = true;
  resource.migratable = false;
}

/** The resource is on the target; its source still has to be stopped. */
function leaveDangling({ resource, node }: Evaluation): void {
  resource.currentRole = roles.stopped;
  resource.danglingMigrationSources.push(node);
}

export function readFailedMigration(evaluation: Evaluation, entry: HistoryEntry): void {
  const migration = migrationOf(evaluation, entry);
  if (migration === undefined) return;
  evaluation.resource.currentRole = roles.started;
  if (entry.task === 'migrate_to') readFailedMigrateTo(migration);
  else readFailedMigrateFrom(migration);
}

function readFailedMigrateTo(migration: Migration): void {
  const { evaluation, entry, source, target } = migration;
  const from = succeededOnly(migrateFrom(migration));
  const targetNode = nodeNamed(evaluation.cluster, target);
  if (!isUnknownOn(migration, target) && !stateIsNewer(migration, target, { to: entry, from })) {
    if (targetNode?.online === true) {
      addActiveNode(evaluation.cluster, evaluation.resource, targetNode, { failed: false });
    }
  } else if (!nonMonitorIsNewer(migration, source, entry)) {
    evaluation.resource.danglingMigrationSources.push(evaluation.node);
  }
}

function readFailedMigrateFrom(migration: Migration): void {
  const { evaluation, entry, source } = migration;
  const to = migrateTo(migration);
  const sourceNode = nodeNamed(evaluation.cluster, source);
  if (isUnknownOn(migration, source) || stateIsNewer(migration, source, { to, from: entry })) return;
  if (sourceNode?.online === true) {
    addActiveNode(evaluation.cluster, evaluation.resource, sourceNode, { failed: true });
  }
}

function migrationOf(evaluation: Evaluation, entry: HistoryEntry): Migration | undefined {
  const source = entry.xml.get('migrate_source');
  const target = entry.xml.get('migrate_target');
  if (source === undefined || target === undefined) return undefined;
  const here = (entry.task === 'migrate_to' ? source : target).toLowerCase();
  return here === evaluation.node.name.toLowerCase() ? { evaluation, source, target, entry } : undefined;
}

function entriesOn({ evaluation }: Migration, nodeName: string): HistoryEntry[] {
  return recordedEntries(evaluation.cluster, nodeName, evaluation.resource.id);
}

/** The entry that satisfies `test` when there is exactly one. */
function only(entries: readonly HistoryEntry[], test: (entry: HistoryEntry) => boolean): HistoryEntry | undefined {
  const found = entries.filter(test);
  return found.length === 1 ? found[0] : undefined;
}

function migrateFrom(migration: Migration): HistoryEntry | undefined {
  return only(
    entriesOn(migration, migration.target),
    (entry) => entry.task === 'migrate_from' && entry.xml.get('migrate_source') === migration.source,
  );
}

function migrateTo(migration: Migration): HistoryEntry | undefined {
  const to = only(
    entriesOn(migration, migration.source),
    (entry) => entry.task === 'migrate_to' && entry.xml.get('migrate_target') === migration.target,
  );
  return to?.exitCode === 0 ? to : undefined;
}

function succeeded(entry: HistoryEntry): boolean {
  return entry.exitCode === 0 && entry.status === operationStatuses.done;
}

function succeededOnly(entry: HistoryEntry | undefined): HistoryEntry | undefined {
  return entry !== undefined && succeeded(entry) ? entry : undefined;
}

const changing = new Set(['start', 'stop', 'migrate_to', 'migrate_from']);

function nonMonitorIsNewer(migration: Migration, nodeName: string, reference: HistoryEntry): boolean {
  return entriesOn(migration, nodeName).some(
    (entry) => changing.has(entry.task) && entry.xml !== reference.xml && compareAge(entry, reference) > 0,
  );
}

function monitorNotRunningIsNewer(migration: Migration, nodeName: string, reference: HistoryEntry): boolean {
  const monitor = only(entriesOn(migration, nodeName), (entry) => entry.task === 'monitor');
  return (
    monitor !== undefined &&
    monitor.exitCode === 7 &&
    monitor.status === operationStatuses.done &&
    compareAge(monitor, reference) > 0
  );
}

function stateIsNewer(
  migration: Migration,
  nodeName: string,
  { to, from }: { readonly to: HistoryEntry | undefined; readonly from: HistoryEntry | undefined },
): boolean {
  const onSource = nodeName === migration.source;
  const reference = to !== undefined && from !== undefined && onSource ? to : (from ?? to);
  if (reference === undefined) return false;
  return nonMonitorIsNewer(migration, nodeName, reference) || monitorNotRunningIsNewer(migration, nodeName, reference);
}

const exitCodeUnknown = 193;

/** Nothing final is recorded there: only a probe can tell. */
function isUnknownOn(migration: Migration, nodeName: string): boolean {
  return !entriesOn(migration, nodeName).some((entry) => entry.exitCode !== exitCodeUnknown);
}
