// The daemons, composed of the rooms.

export type { RingDaemonOptions, RingSource } from './ring/daemon.ts';
export { ringSettings, ringSocketPath, runRingDaemon } from './ring/daemon.ts';
export { askRingStatus } from './ring/status-socket.ts';
export type { VrrpDaemonOptions } from './vrrp/daemon.ts';
export { runVrrpDaemon } from './vrrp/daemon.ts';
export type { InstanceSnapshot, Snapshot } from './vrrp/snapshot.ts';
export { askStatus, statusSocketPath } from './vrrp/status-socket.ts';
