// The daemons, composed of the rooms.
export type { VrrpDaemonOptions } from './vrrp/daemon.ts';
export { runVrrpDaemon } from './vrrp/daemon.ts';
export type { InstanceSnapshot, Snapshot } from './vrrp/snapshot.ts';
export { askStatus, statusSocketPath } from './vrrp/status-socket.ts';
