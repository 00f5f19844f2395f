// The daemons, composed of the rooms.
export type { VrrpDaemonOptions } from './vrrp/daemon.ts';
export { runVrrpDaemon } from './vrrp/daemon.ts';
