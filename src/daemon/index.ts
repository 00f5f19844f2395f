// The daemons, composed of the rooms.
export {
  type ClusterConfiguration,
  type ConfiguredMember,
  defaultConfigurationFile,
  parseClusterConfiguration,
  readClusterConfiguration,
} from './cluster/configuration.ts';
export { type NodeDaemonOptions, runNodeDaemon } from './cluster/node-daemon.ts';

export type { RingDaemonOptions, RingSource } from './ring/daemon.ts';
export { ringSettings, ringSocketPath, runRingDaemon } from './ring/daemon.ts';
export { askRingStatus } from './ring/status-socket.ts';
export type { VrrpDaemonOptions } from './vrrp/daemon.ts';
export { runVrrpDaemon } from './vrrp/daemon.ts';
export { isRestarted, restartWordsFor } from './vrrp/restart.ts';
export type { InstanceSnapshot, Snapshot } from './vrrp/snapshot.ts';
export { askStatus, statusSocketPath } from './vrrp/status-socket.ts';
