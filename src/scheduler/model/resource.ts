// What a cluster keeps running. A resource is one of four variants; what all of them have is in `ResourceCommon`.

import type { XmlElement } from '../../cib/index.ts';
import type { Colocation, Location, TicketDependency } from './constraint.ts';
import type { HistoryEntry } from './history.ts';
import type { ClusterNode } from './node.ts';
import type { NodeTable } from './node-table.ts';
import type { Role } from './role.ts';

export type Resource = Primitive | Group | Clone | Bundle;
export type Collective = Group | Clone | Bundle;
export type Variant = Resource['variant'];

export type MultipleActivePolicy = 'stop_start' | 'stop_only' | 'block' | 'stop_unexpected';

export type ResourceCommon = {
  /** Dense index in order of registration; -1 before. */
  index: number;
  /** XML id, with `:N` for what is inside a clone. */
  readonly id: string;
  /** The name under which its operations are recorded, where that differs from `id` (`rsc` for `rsc:1`). */
  historyId: string | undefined;
  /** The effective definition: templates merged in. */
  readonly xml: XmlElement;
  parent: Collective | undefined;
  /** Resolved meta-attributes, see `resource-meta.ts` for the precedence. */
  readonly meta: Map<string, string>;
  /** Own utilization by attribute. */
  readonly utilization: Map<string, number>;
  priority: number;
  stickiness: number;
  migrationThreshold: number;
  failureTimeoutMs: number;
  /** Of a remote connection: how long to wait after a failure before connecting again. */
  reconnectIntervalMs: number;
  readonly multipleActive: MultipleActivePolicy;

  managed: boolean;
  maintenance: boolean;
  blocked: boolean;
  failed: boolean;
  /** Its failure asks for a stop. */
  stopIfFailed: boolean;
  readonly critical: boolean;
  notify: boolean;
  unique: boolean;
  /** Its top is a promotable clone. */
  readonly promotable: boolean;
  /** Known from history only: no longer configured, or an instance beyond clone-max. */
  removed: boolean;
  /** A removed resource whose history names a launcher. */
  removedLaunched: boolean;
  /** May be probed and run only on nodes whose entry says `exclusive`. */
  exclusiveDiscovery: boolean;
  needs: { quorum: boolean; fencing: boolean; unfencing: boolean };

  currentRole: Role;
  nextRole: Role;
  /** target-role forbids its running (Stopped, or Unpromoted for what could be promoted). */
  readonly disabled: boolean;
  readonly allowed: NodeTable;
  /** Where it is believed active, in order of discovery. */
  readonly activeNodes: ClusterNode[];
  /** Nodes where its state is known from history, by node index. */
  readonly probedOn: Set<number>;

  /** In order of unpacking; applied newest first. */
  readonly locations: Location[];
  /** Constraints in which this resource is the dependent, sorted by primary. */
  readonly thisWith: Colocation[];
  /** Constraints in which this resource is the primary, sorted by dependent. */
  readonly withThis: Colocation[];
  readonly tickets: TicketDependency[];
  /** What runs inside this one. */
  readonly launched: Primitive[];

  /** Assignment has decided (for a primitive `assignedNode` then says where, undefined being nowhere). */
  decided: boolean;
  /** Assignment is at work on it: a request for it now comes from a loop. */
  deciding: boolean;
  /** Marks a resource whose preferences are being merged, to cut loops. */
  merging: boolean;
};

export type Primitive = ResourceCommon & {
  readonly variant: 'primitive';
  readonly agent: { readonly standard: string; readonly provider: string | undefined; readonly type: string };
  /** `op` elements, the resource's own first, then those its template adds. */
  readonly operations: readonly Operation[];
  readonly isFenceDevice: boolean;
  /** ocf:pacemaker:remote; `guest` when launched by another resource. */
  readonly connectionKind: 'none' | 'remote' | 'guest';
  migratable: boolean;
  /** The resource inside which this one runs. */
  launcher: Resource | undefined;
  /** Bundle connections: remote nodes may run the launcher. */
  nestedAllowed: boolean;

  assignedNode: ClusterNode | undefined;
  /** Score of `assignedNode` in its table when it was chosen. */
  assignedScore: number;
  /** At least one final decision was "nowhere": its existing starts and recurring actions cannot run. */
  wasLeftOut: boolean;

  /** A start is under way, or has to be taken as under way because the agent changed. */
  startPending: boolean;
  /** Failures of this resource are to be ignored (on-fail=ignore). */
  ignoreFailure: boolean;
  /** Task of an operation that is under way, and where. */
  pendingTask: string | undefined;
  pendingNode: ClusterNode | undefined;
  migration: { readonly source: ClusterNode; readonly target: ClusterNode } | undefined;
  /** Sources of migrations that ended well on the target but were never stopped on the source. */
  readonly danglingMigrationSources: ClusterNode[];
  /** The node an administrator's shutdown keeps it locked to, with the time of the lock in epoch seconds. */
  lock: { node: ClusterNode; time: number } | undefined;
  lastFailure: HistoryEntry | undefined;
};

/** One `op` of a primitive. */
export type Operation = {
  readonly xml: XmlElement;
  readonly id: string | undefined;
  readonly name: string;
  readonly intervalMs: number;
  readonly role: Role;
  readonly enabled: boolean;
};

export type Group = ResourceCommon & {
  readonly variant: 'group';
  readonly members: Primitive[];
  readonly ordered: boolean;
  readonly colocated: boolean;
};

export type Clone = ResourceCommon & {
  readonly variant: 'clone';
  /** In number order at first; assignment and promotion re-sort them. */
  readonly instances: (Primitive | Group)[];
  clonedXml: XmlElement;
  cloneMax: number;
  cloneNodeMax: number;
  readonly promotedMax: number;
  readonly promotedNodeMax: number;
  readonly ordered: boolean;
  readonly interleave: boolean;
  /** How many instances were made, removed ones included. */
  instancesMade: number;
  /** Promotion scores were added to the instances' tables. */
  promotionScoresAdded: boolean;
  /** Roles are being, or have been, chosen. */
  rolesChosen: boolean;
  /** Instances promoted by the last assignment. */
  promotedCount: number;
};

export type Bundle = ResourceCommon & {
  readonly variant: 'bundle';
  readonly launcherType: 'docker' | 'podman';
  readonly image: string;
  readonly replicas: Replica[];
  readonly replicasPerHost: number;
  readonly promotedMax: number;
  /** The implicit clone of the bundled primitive. */
  clone: Clone | undefined;
  /** Container, address and connection of each replica in order, then the implicit clone. */
  readonly children: (Primitive | Clone)[];
};

export type Replica = {
  readonly offset: number;
  readonly container: Primitive;
  readonly ip: Primitive | undefined;
  readonly ipAddress: string | undefined;
  readonly connection: Primitive | undefined;
  readonly child: Primitive | undefined;
  /** The bundle node that stands for the inside of the container. */
  readonly node: ClusterNode | undefined;
};

/** Promotion priority of an instance, kept apart from `priority` while roles are chosen. */
export type PromotionPriority = { readonly instance: Primitive | Group; readonly priority: number };

/** Where a launcher is going to run: only a primitive goes to one node as a whole. */
export function assignedHost(launcher: Resource | undefined): ClusterNode | undefined {
  return launcher?.variant === 'primitive' ? launcher.assignedNode : undefined;
}
