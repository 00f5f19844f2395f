// Recorded operations, read into entries and put in the order in which they happened.

import { intervalMsOf, parseInteger, type XmlElement } from '../../cib/index.ts';
import { type HistoryEntry, operationStatuses } from '../model/index.ts';
import { mergeSort } from '../model/ordering.ts';

const knownTasks = new Set(['monitor', 'start', 'stop', 'promote', 'demote', 'migrate_to', 'migrate_from', 'asyncmon']);

/** The entries of one `lrm_resource`, oldest first. */
export function readEntries(lrmResource: XmlElement, nodeName: string): HistoryEntry[] {
  const entries: HistoryEntry[] = [];
  for (const child of lrmResource.children) {
    if (child.name === 'lrm_rsc_op') entries.push(readEntry(child, nodeName));
  }
  if (entries.length < 2) return entries;
  // Where nothing tells two entries apart, the one that stands later in the document counts as older.
  return mergeSort(entries.reverse(), compareAge);
}

export function readEntry(xml: XmlElement, nodeName: string): HistoryEntry {
  const id = xml.id ?? '';
  const task = xml.get('operation') ?? '';
  const status = parseInteger(xml.get('op-status'));
  const exitCode = parseInteger(xml.get('rc-code'));
  return {
    xml,
    id,
    key: xml.get('operation_key') ?? id,
    task,
    intervalMs: intervalOf(xml.get('interval')),
    callId: parseInteger(xml.get('call-id')) ?? -1,
    exitCode: exitCode ?? 0,
    status: status ?? operationStatuses.pending,
    expectedExitCode: expectedExitCodeOf(xml.get('transition-key')),
    lastChange: parseInteger(xml.get('last-rc-change')) ?? -1,
    nodeName,
    isComplete: id !== '' && knownTasks.has(task) && isStatus(status) && isExitCode(exitCode),
  };
}

/** Recorded intervals are plain milliseconds. */
function intervalOf(text: string | undefined): number {
  return text === undefined || text === '0' ? 0 : (parseInteger(text) ?? intervalMsOf(text));
}

function isStatus(status: number | undefined): boolean {
  return status !== undefined && status >= -1 && status <= 11 && status !== operationStatuses.cancelled;
}

function isExitCode(code: number | undefined): boolean {
  return code !== undefined && code >= 0 && code <= 255;
}

/** `ACTION:TRANSITION:TARGET-RC:UUID` */
function expectedExitCodeOf(transitionKey: string | undefined): number {
  if (transitionKey === undefined) return -1;
  const start = transitionKey.indexOf(':', transitionKey.indexOf(':') + 1) + 1;
  if (start === 0) return -1;
  const end = transitionKey.indexOf(':', start);
  return parseInteger(transitionKey.slice(start, end === -1 ? undefined : end)) ?? -1;
}

/** Negative when `a` is older. */
export function compareAge(a: HistoryEntry, b: HistoryEntry): number {
  const sameNode = onNode(a) === onNode(b);
  if (sameNode && a.id === b.id) return 0;
  if (a.callId < 0 && b.callId < 0) return 0;
  if (sameNode) {
    if (a.callId >= 0 && a.callId < b.callId) return -1;
    if (b.callId >= 0 && a.callId > b.callId) return 1;
  }
  if (a.callId >= 0 && b.callId >= 0) {
    if (a.lastChange >= 0 && a.lastChange < b.lastChange) return -1;
    return b.lastChange >= 0 && a.lastChange > b.lastChange ? 1 : 0;
  }
  return comparePending(a, b);
}

function onNode(entry: HistoryEntry): string | undefined {
  return entry.xml.get('on_node')?.toLowerCase();
}

/** One of the two is still under way: it is the newer one, unless an earlier transition of the same cluster asked for it. */
function comparePending(a: HistoryEntry, b: HistoryEntry): number {
  const [magicA, magicB] = [transitionOf(a), transitionOf(b)];
  if (magicA === undefined || magicB === undefined) return 0;
  if (magicA.uuid !== magicB.uuid || magicA.transition === magicB.transition) return b.callId < 0 ? -1 : 1;
  const [first, second] = [magicA.transition, magicB.transition];
  if ((first >= 0 && first < second) || second === -1) return -1;
  return (second >= 0 && first > second) || first === -1 ? 1 : 0;
}

/** From `transition-magic`, which is `STATUS:RC;ACTION:TRANSITION:TARGET-RC:UUID`. */
function transitionOf(entry: HistoryEntry): { readonly transition: number; readonly uuid: string } | undefined {
  const magic = entry.xml.get('transition-magic');
  const match = /^-?\d+:-?\d+;-?\d+:(-?\d+):-?\d+:(.*)$/.exec(magic ?? '');
  return match === null ? undefined : { transition: Number(match[1]), uuid: (match[2] ?? '').toLowerCase() };
}
