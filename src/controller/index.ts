// The controller: how the members of a cluster act as one.
export { applyEdit, type Edit } from './document/edit.ts';
export { applyStatus, type OperationRecord, type StatusUpdate } from './document/status.ts';
export { openDisk } from './driver/disk.ts';
export {
  type ChangeRequest,
  type ClusterMessage,
  decodeClusterMessage,
  type ExecutionOrder,
  encodeClusterMessage,
  type Place,
} from './message.ts';
export { initialReplica, replay, snapshotOf, step as stepReplica } from './replication/replica.ts';
export type { NodeIdentity, ReplicaEffect, ReplicaEvent, ReplicaState } from './replication/state.ts';
export { type Disk, DiskError } from './store/disk.ts';
export { chainOf, type JournalRecord } from './store/record.ts';
export type { Snapshot } from './store/snapshot.ts';
export { endOf, type Recovered, Store, type StoreRemark } from './store/store.ts';
