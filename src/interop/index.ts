// Real peers, as tests and measurements drive them.
export { CorosyncGroup } from './corosync/libcpg.ts';
