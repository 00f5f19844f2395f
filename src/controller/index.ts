// The controller: how the members of a cluster act as one.
export { openDisk } from './driver/disk.ts';
export { type Disk, DiskError } from './store/disk.ts';
export { chainOf, type JournalRecord } from './store/record.ts';
export type { Snapshot } from './store/snapshot.ts';
export { endOf, type Recovered, Store, type StoreRemark } from './store/store.ts';
