// The scheduler: the CIB and the time in; placement, scores, actions and their reasons out. Pure; runs in a browser too.

export type { Cluster, EffectiveTime } from './model/cluster.ts';
export type {
  Colocation,
  Location,
  LocationEntry,
  LossPolicy,
  Ticket,
  TicketDependency,
} from './model/constraint.ts';
export type { Demand } from './model/demand.ts';
export type { FailedOperation, HistoryEntry, OnFail, ResourceHistory } from './model/history.ts';
export { onFailResponses, operationStatuses } from './model/history.ts';
export type { ClusterNode } from './model/node.ts';
export { isAvailable, isBundleNode, isGuestOrBundleNode, isRemoteNode, isRemoteType } from './model/node.ts';
export type { ProbeMode } from './model/node-table.ts';
export { NodeTable, probeModes } from './model/node-table.ts';
export type {
  ClusterOptions,
  HealthStrategy,
  PlacementStrategy,
  QuorumPolicy,
} from './model/options.ts';
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
} from './model/resource.ts';
export type { Role } from './model/role.ts';
export { formatRole, parseRole, roles } from './model/role.ts';
