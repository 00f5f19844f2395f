// The controller: how the members of a cluster act as one.
export { type AlertCall, type AlertMoment, alertCallsFor } from './alerts/alert.ts';
export { type AlertEvent, alertEventsOf, fencingEvent } from './alerts/event.ts';
export {
  invariants as coordinatorInvariants,
  nextDeadline as nextCoordinatorDeadline,
  step as stepCoordinator,
} from './coordinator/coordinator.ts';
export {
  type AgentFacts,
  cancelledUpdate,
  type OperationOutcome,
  type OperationReport,
  outcomeUpdates,
  pendingUpdates,
} from './coordinator/operation-entry.ts';
export {
  type CoordinatorEffect,
  type CoordinatorEvent,
  type CoordinatorState,
  initialCoordinator,
  type TransitionRecord,
  type TransitionReport,
} from './coordinator/state.ts';
export { applyEdit, type Edit } from './document/edit.ts';
export { clusterOptionsOf, isMember, nodeStatesOf, transientAttributesOf } from './document/query.ts';
export { applyStatus, type OperationRecord, type StatusUpdate } from './document/status.ts';
export { openDisk } from './driver/disk.ts';
export { fencingRequestOf, nodeNamed } from './fencing/request.ts';
export {
  type ChangeRequest,
  type ClusterMessage,
  decodeClusterMessage,
  type ExecutionOrder,
  encodeClusterMessage,
  type FencingOrder,
  type Place,
} from './message.ts';
export {
  initialNode,
  invariants as nodeInvariants,
  isSettled,
  nextDeadline as nodeDeadline,
  step as stepNode,
} from './node/node.ts';
export type { NodeEffect, NodeEvent, NodeState } from './node/state.ts';
export { agreementOf, initialReplica, replay, snapshotOf, step as stepReplica } from './replication/replica.ts';
export type { NodeIdentity, ReplicaEffect, ReplicaEvent, ReplicaState } from './replication/state.ts';
export { type Disk, DiskError } from './store/disk.ts';
export { leavesOver, StoreKeeper, type StoreTrouble } from './store/keeper.ts';
export { chainOf, type JournalRecord } from './store/record.ts';
export type { Snapshot } from './store/snapshot.ts';
export { endOf, placesOf, type Recovered, Store, type StoreRemark } from './store/store.ts';
export { FaultyDisk } from './store/testing/faulty-disk.ts';
export { transitionOf } from './transition/planning.ts';
export { rehearse } from './transition/rehearsal.ts';
export type { ActionSummary, TransitionSummary } from './transition/summary.ts';
export { formatTransitionKey, parseTransitionKey, type Task, type Transition } from './transition/task.ts';
