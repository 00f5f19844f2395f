// Real peers, as tests and measurements drive them.
export { CorosyncGroup } from './corosync/libcpg.ts';
export { peerAvailable } from './scheduler/programs.ts';
export { tellDifference } from './scheduler/tally.ts';
export { compareDecisions } from './scheduler/trial.ts';
