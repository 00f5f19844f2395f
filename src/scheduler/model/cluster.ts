// The working set of one scheduler run: everything the phases read and decide. One run owns it; nothing outlives the run
// but what is rendered from it.

import type { Instant, XmlElement } from '../../cib/index.ts';
import type { Diagnostic } from '../../kit/index.ts';
import type { Accumulation } from './accumulation.ts';
import type { ScoreLedger } from './cause.ts';
import type { Colocation, Location, Ticket, TicketDependency } from './constraint.ts';
import type { Demand } from './demand.ts';
import type { HistoryEntry } from './history.ts';
import type { ClusterNode } from './node.ts';
import type { ClusterOptions } from './options.ts';
import type { Bundle, Primitive, Resource } from './resource.ts';

/** What a document is read for: to decide what to do, or only to show the state it describes. */
export type ReadingPurpose = 'decision' | 'display';

/** Seconds that local time was ahead of UTC at a moment in epoch seconds. */
export type LocalOffset = (epochSeconds: number) => number;

export type Cluster = {
  /** The `<cib>` element. */
  readonly cib: XmlElement;
  /** The time that rules and expiries see. */
  readonly now: Instant;
  readonly localOffset: LocalOffset;
  /** Whether a change of nothing but secret parameters is one. */
  readonly secrets: 'compared' | 'ignored';
  readonly purpose: ReadingPurpose;
  readonly options: ClusterOptions;
  readonly quorate: boolean;
  readonly dcUuid: string | undefined;
  /** `crm_feature_set` of the document. */
  readonly featureSet: string | undefined;
  /** Some resource asks for unfencing. */
  readonly unfencingEnabled: boolean;
  /** A fence device or a watchdog is configured (or known from history). */
  fenceDeviceKnown: boolean;

  /** By `ClusterNode.index`: in order of creation. */
  readonly nodesByIndex: ClusterNode[];
  /** By id and by name in lower case: both are matched without regard to letter case. */
  readonly nodesById: Map<string, ClusterNode>;
  readonly nodesByName: Map<string, ClusterNode>;
  /** Sorted by name as people read it: `node2` before `node10`. */
  readonly nodes: ClusterNode[];

  /** Top level, in resource order: descending priority, then as configured, then those only history knows. */
  resources: Resource[];
  /** All resources by index, children included. */
  readonly resourcesByIndex: Resource[];
  readonly resourcesById: Map<string, Resource>;
  /** Those that took the name as their history id, oldest first; check that they still have it. */
  readonly resourcesByHistoryId: Map<string, Resource[]>;
  /** Resources derived from a template, and members of a tag, by its id. */
  readonly templates: Map<string, string[]>;
  readonly tags: Map<string, string[]>;

  /** In order of unpacking; applied newest first. */
  readonly locations: Location[];
  /** In order of unpacking. */
  readonly colocations: Colocation[];
  readonly tickets: Map<string, Ticket>;
  readonly ticketDependencies: TicketDependency[];

  /**
   * The `lrm_resource` elements of what each node reported, by node index, in document order. Nothing more is kept of them:
   * most say that a resource does not run there, and there is one for each resource on each node.
   */
  readonly histories: XmlElement[][];
  /** For display; one for each key and node. */
  readonly failedOperations: HistoryEntry[];
  /** `key node-index` of what is in `failedOperations`. */
  readonly failedOperationKeys: Set<string>;
  /** Recurring operations whose recorded failure expired: to be taken as run with other parameters. */
  readonly staleEntries: Set<XmlElement>;
  /** Containers of bundles whose connection failed: they get a required stop once all history is read. Newest first. */
  readonly containersToStop: { readonly bundle: Bundle; readonly container: Primitive }[];
  /** What reading asked to be done; see `demand.ts`. */
  readonly demands: Demand[];
  /** `index of resource:index of node` of each fail count that is going to be cleared. */
  readonly clearedFailCounts: Set<string>;
  /** Epoch seconds at which the cluster has to be looked at again; undefined: no need. */
  recheckBy: number | undefined;
  /** The administrator's mistakes met on the way: collected, never thrown. */
  readonly diagnostics: Diagnostic[];
  /** Kept only when reasons are asked for: entering every change costs time. */
  readonly ledger: ScoreLedger | undefined;
  readonly caches: Caches;
};

/** What is derived from the rest and worth keeping during a run. */
export type Caches = {
  /** Instance attributes by resource; the key is a node index, or -1 where nodes make no difference. */
  readonly parameters: Map<Resource, Map<number, ReadonlyMap<string, string>>>;
  /** Fail counts by node index; dropped when attributes of the node change. */
  readonly failures: (FailureRecords | undefined)[];
  /** `lrm_resource` elements of the whole status section, by node name and by the name they are recorded under. */
  records: Map<string, Map<string, XmlElement[]>> | undefined;
  /** For each operation, by `digestKey`, the entry by which its digests were made first. */
  readonly digestBases: Map<string, HistoryEntry>;
  /** Sums of preferences by resource and weight; `walk` where they cannot be added up. */
  readonly accumulations: Map<Resource, Map<number, Accumulation | 'walk'>>;
  /** How many steps merges of preferences may take yet beyond what is common; see colocation/preferences.ts. */
  mergeStepsLeft: number;
  /** Those that are being assigned, which `deciding` does not tell once they were asked for again meanwhile. */
  readonly bundlesUnderWay: Set<Bundle>;
  /** How many replicas may yet be asked for again while their bundle is being assigned; see assignment/bundle.ts. */
  bundleRepeatsLeft: number;
  /** In the order of the peer's tables, by how often the table was copied and the indices of its nodes. */
  readonly nodesBySlot: Map<string, readonly ClusterNode[]>;
  hasRemoteNodes: boolean | undefined;
  /** Values of `op_defaults` where no rule makes them depend on the operation. */
  operationDefaults: ReadonlyMap<string, string> | undefined;
};

export type FailureRecord = { count: number; lastFailure: number };

/** Fail counts of one node by the exact name in the attribute, and by that name without instance number. */
export type FailureRecords = {
  readonly exact: ReadonlyMap<string, FailureRecord>;
  readonly base: ReadonlyMap<string, FailureRecord>;
};
