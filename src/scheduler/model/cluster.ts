// The working set of one scheduler run: everything the phases read and decide. One run owns it; nothing outlives the run
// but what is rendered from it.

import type { XmlElement } from '../../cib/index.ts';
import type { Colocation, Location, Ticket, TicketDependency } from './constraint.ts';
import type { Demand } from './demand.ts';
import type { FailedOperation, ResourceHistory } from './history.ts';
import type { ClusterNode } from './node.ts';
import type { ClusterOptions } from './options.ts';
import type { Bundle, Primitive, Resource } from './resource.ts';

export type Cluster = {
  /** The `<cib>` element. */
  readonly cib: XmlElement;
  /** The time that rules and expiries see. */
  readonly now: EffectiveTime;
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
  /** Sorted by name as people read it: `node2` before `node10`. */
  readonly nodes: ClusterNode[];

  /** Top level, in resource order: descending priority, then as configured, then those only history knows. */
  resources: Resource[];
  /** All resources by index, children included. */
  readonly resourcesByIndex: Resource[];
  /** By id; where several share a history id see `findResource`. */
  readonly resourcesById: Map<string, Resource>;
  /** Resources derived from a template, and members of a tag, by its id. */
  readonly templates: Map<string, string[]>;
  readonly tags: Map<string, string[]>;

  /** Newest first. */
  readonly locations: Location[];
  /** In order of unpacking. */
  readonly colocations: Colocation[];
  readonly tickets: Map<string, Ticket>;
  readonly ticketDependencies: TicketDependency[];

  /** What each node reported, by node index, in document order. */
  readonly histories: ResourceHistory[][];
  readonly failedOperations: FailedOperation[];
  /** Containers of bundles whose connection failed: they get a required stop once all history is read. Newest first. */
  readonly containersToStop: { readonly bundle: Bundle; readonly container: Primitive }[];
  /** What reading asked to be done; see `demand.ts`. */
  readonly demands: Demand[];
  /** `index of resource:index of node` of each fail count that is going to be cleared. */
  readonly clearedFailCounts: Set<string>;
  /** Epoch seconds at which the cluster has to be looked at again; undefined: no need. */
  recheckBy: number | undefined;
  readonly counts: { disabled: number; blocked: number };
};

export type EffectiveTime = {
  readonly epochSeconds: number;
  /** What date specifications are compared in. */
  readonly utcOffsetSeconds: number;
};
