// Membership: who is here, and in which order things were said.

export * from './corosync-conf/index.ts';
export { aesGcmCrypto } from './driver/aes-gcm.ts';
export { keyIdOf, readAuthkey, sealedBy, storeKeyring } from './driver/ring/authkey.ts';
export {
  type DescribedNode,
  nodeListOf,
  type RingDescription,
  ringOfCorosyncConf,
  ringOfDescription,
} from './driver/ring/configuration.ts';
export { type LinkChange, RingEngine, type RingEngineOptions, ringMessageBytesMax } from './driver/ring/engine.ts';
export { type FixedDifference, fixedDifferences } from './driver/ring/reload.ts';
export {
  havenStateDirectory,
  type Keyring,
  type RingLink,
  type RingNodeList,
  type RingPeer,
  type RingSecurity,
  type RingSettings,
  ringPriority,
} from './driver/ring/settings.ts';
export { type KeyStatus, type LinkStatus, quorumFlagsOf, type RingStatus } from './driver/ring/status.ts';
export { runRingWorker } from './driver/ring/worker.ts';
export { thisMachine } from './driver/this-machine.ts';
export type {
  EngineEvent,
  EngineListener,
  GroupMember,
  MessagingEngine,
  MulticastRefusal,
  QuorumView,
} from './engine.ts';
export { LeaseWatch, leaseMsOf } from './lease.ts';
export * from './links/index.ts';
export {
  createMember,
  type Member,
  type MemberConfig,
  type MemberEffect,
  type MemberEvent,
  nextMemberDeadline,
  stepMember,
} from './member.ts';
export type { QuorumConfig, QuorumState, Reconfiguration } from './quorum/model.ts';
export { corosyncRing, havenRing, type RingProfile } from './ring-profile.ts';
export * from './seal/index.ts';
export {
  initialStack,
  nextDeadline as stackDeadline,
  quorumView,
  type StackConfig,
  type StackEffect,
  type StackEvent,
  type StackState,
  step as stepStack,
} from './services/stack.ts';
export * from './totem/index.ts';
