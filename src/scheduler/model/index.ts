// The model's door within the scheduler.

export type { ScoreCause, ScoreChange, ScoreLedger } from './cause.ts';
export type { Caches, Cluster, FailureRecord, FailureRecords, LocalOffset, ReadingPurpose } from './cluster.ts';
export type {
  Colocation,
  Location,
  LocationEntry,
  LossPolicy,
  Ticket,
  TicketDependency,
} from './constraint.ts';
export type { Demand, Reach } from './demand.ts';
export type { HistoryEntry, OnFail } from './history.ts';
export { onFailResponses, operationStatuses } from './history.ts';
export type { ClusterNode } from './node.ts';
export { isAvailable, isBundleNode, isGuestOrBundleNode, isRemoteNode, isRemoteType } from './node.ts';
export type { ProbeMode } from './node-table.ts';
export { NodeTable, probeModes } from './node-table.ts';
export type {
  ClusterOptions,
  HealthStrategy,
  PlacementStrategy,
  QuorumPolicy,
} from './options.ts';
export type {
  Bundle,
  Clone,
  Collective,
  Group,
  MultipleActivePolicy,
  Operation,
  Primitive,
  Replica,
  Resource,
  ResourceCommon,
  Variant,
} from './resource.ts';
export { assignedHost } from './resource.ts';
export type { Role } from './role.ts';
export { formatRole, parseRole, roles } from './role.ts';
