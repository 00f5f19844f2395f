// Membership: who is here, and in which order things were said.
export type {
  EngineEvent,
  EngineListener,
  GroupMember,
  MessagingEngine,
  MulticastRefusal,
  QuorumView,
} from './engine.ts';
export * from './totem/index.ts';
