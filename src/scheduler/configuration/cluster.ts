// An empty working set, and the few facts that stand on the `<cib>` element itself.

import { type Instant, isTrue, parseInteger, type XmlElement, xmlIndexOf } from '../../cib/index.ts';
import type { Cluster, LocalOffset, ReadingPurpose } from '../model/index.ts';
import type { ValueContext } from './nvset.ts';
import { readOptions } from './options.ts';

export type RunSettings = {
  readonly now: Instant;
  /** Whether to keep a ledger of what each score is made of. */
  readonly reasons: boolean;
  /**
   * A running cluster acts on a change of a secret parameter. A simulation does not, unless it is told to: the document it
   * was given may have had its secrets struck out.
   */
  readonly secrets?: 'compared' | 'ignored';
  /** How far local time was ahead of UTC at a moment, in seconds; without it, times are told in UTC. */
  readonly localOffset?: LocalOffset;
  /** `display`: nothing will be decided, and what only decisions need of the histories is let go once it is read. */
  readonly purpose?: ReadingPurpose;
};

const utc: LocalOffset = () => 0;

/** Where every pair of sixteen resources is colocated, all ways among them are still followed; it takes a second or two. */
const mergeStepsMax = 2_000_000;

/** Enough for a few bundles of a few replicas each that are to be with each other. */
const bundleRepeatsMax = 400;

/** The working set before nodes and resources are read. */
export function openCluster(cib: XmlElement, settings: RunSettings): Cluster {
  const { now, reasons, secrets = 'ignored', purpose = 'decision', localOffset = utc } = settings;
  const changes = { recheckBy: undefined as number | undefined };
  const noteChange = (epochSeconds: number) => {
    changes.recheckBy = earlierAfter(now.epochSeconds, changes.recheckBy, epochSeconds);
  };
  const quorate = isTrue(cib.get('have-quorum'));
  const quorumPanic = parseInteger(cib.get('no-quorum-panic')) ?? 0;
  const options = readOptions(cib, { index: xmlIndexOf(cib), rules: { now }, noteChange }, { quorate, quorumPanic });
  return {
    cib,
    now,
    localOffset,
    secrets,
    purpose,
    options,
    quorate,
    dcUuid: cib.get('dc-uuid'),
    featureSet: cib.get('crm_feature_set'),
    unfencingEnabled: asksForUnfencing(cib),
    fenceDeviceKnown: options.haveWatchdog,
    nodesByIndex: [],
    nodesById: new Map(),
    nodesByName: new Map(),
    nodes: [],
    resources: [],
    resourcesByIndex: [],
    resourcesById: new Map(),
    resourcesByHistoryId: new Map(),
    templates: new Map(),
    tags: new Map(),
    locations: [],
    colocations: [],
    tickets: new Map(),
    ticketDependencies: [],
    histories: [],
    failedOperations: [],
    failedOperationKeys: new Set(),
    staleEntries: new Set(),
    containersToStop: [],
    demands: [],
    clearedFailCounts: new Set(),
    recheckBy: changes.recheckBy,
    diagnostics: [],
    ledger: reasons ? new Map() : undefined,
    caches: {
      digestBases: new Map(),
      parameters: new Map(),
      failures: [],
      records: undefined,
      accumulations: new Map(),
      mergeStepsLeft: mergeStepsMax,
      bundlesUnderWay: new Set(),
      bundleRepeatsLeft: bundleRepeatsMax,
      nodesBySlot: new Map(),
      hasRemoteNodes: undefined,
      operationDefaults: undefined,
    },
  };
}

function earlierAfter(now: number, known: number | undefined, candidate: number): number | undefined {
  return candidate > now && (known === undefined || candidate < known) ? candidate : known;
}

/** The cluster has to be looked at again at `epochSeconds`, if that is in the future. */
export function noteRecheck(cluster: Cluster, epochSeconds: number): void {
  cluster.recheckBy = earlierAfter(cluster.now.epochSeconds, cluster.recheckBy, epochSeconds);
}

/** What values may depend on when neither node, agent nor operation matters. */
export function plainContext(cluster: Cluster): ValueContext {
  return {
    index: xmlIndexOf(cluster.cib),
    rules: { now: cluster.now },
    noteChange: (epochSeconds) => noteRecheck(cluster, epochSeconds),
  };
}

/** The time of the run: the document's `execution-date`, in the offset of the clock, else the clock's. */
export function instantOfRun(cib: XmlElement, clock: Instant): Instant {
  const recorded = parseInteger(cib.get('execution-date'));
  return recorded === undefined ? clock : { ...clock, epochSeconds: recorded };
}

/** Whether any resource, or the resource defaults, literally asks for unfencing; templates and rules do not count. */
function asksForUnfencing(cib: XmlElement): boolean {
  const index = xmlIndexOf(cib);
  return index.allNamed('nvpair').some((pair) => {
    const name = pair.get('name');
    if (pair.get('value') !== 'unfencing' || (name !== 'provides' && name !== 'requires')) return false;
    const lineage = index.lineageOf(pair);
    const meta = lineage.at(-2);
    if (meta?.name !== 'meta_attributes') return false;
    return lineage.at(-3)?.name === 'rsc_defaults' || lineage.some((each) => each.name === 'resources');
  });
}

/** Notes a mistake in the configuration with the path of the element. */
export function noteMistake(cluster: Cluster, element: XmlElement, what: string, fix?: string): void {
  const path = xmlIndexOf(cluster.cib).pathOf(element);
  const place = element.line > 0 ? { line: element.line, path } : { path };
  cluster.diagnostics.push({ severity: 'error', place, what, ...(fix === undefined ? {} : { fix }) });
}
