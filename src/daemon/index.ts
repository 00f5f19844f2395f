// The daemons, composed of the rooms.
export { join as joinCluster } from './cluster/administration/admission.ts';
export { certificatesOf, ensureAuthority, storeCertificates } from './cluster/administration/certificate-files.ts';
export { parseToken } from './cluster/administration/invitation.ts';
export { peerClients } from './cluster/administration/peers.ts';
export {
  type ClusterConfiguration,
  type ConfiguredMember,
  defaultConfigurationFile,
  parseClusterConfiguration,
  readClusterConfiguration,
  writeClusterConfiguration,
} from './cluster/configuration.ts';
export type { NodeDaemonOptions } from './cluster/node-daemon.ts';

export { ownName } from './cluster/ring-settings.ts';
export { runNodeDaemon } from './cluster/run.ts';
export { type RingSource, ringSettings } from './ring/configuration.ts';
export { askRing, type RingRequest } from './ring/control-socket.ts';
export { type RingDaemonOptions, ringSocketPath, runRingDaemon } from './ring/daemon.ts';
export type { VrrpDaemonOptions } from './vrrp/daemon.ts';
export { runVrrpDaemon } from './vrrp/daemon.ts';
export { standardPidFiles } from './vrrp/operations.ts';
export { isRestarted, restartWordsFor } from './vrrp/restart.ts';
export type { InstanceSnapshot, Snapshot } from './vrrp/snapshot.ts';
export { askStatus, statusSocketPath } from './vrrp/status-socket.ts';
