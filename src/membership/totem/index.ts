// Totem single ring, the ordered-messaging core: `createRing`, then `step` with every event, waking at `nextDeadline`.
export { decodeMessage, encodeMessage } from './codec.ts';
export type { OutboundMessage, TotemEffect, TotemEvent } from './event.ts';
export { assertInvariants } from './invariants.ts';
export type { Guarantee, Malformed, TotemMessage } from './message.ts';
export { membersMax } from './message.ts';
export { messageBytesMax } from './outbound.ts';
export { formatRingId, type RingId, sameRing } from './ring-id.ts';
export { beforeFirst } from './sequence.ts';
export {
  createRing,
  isDrained,
  isIdle,
  nextDeadline,
  type OrderedEffect,
  type Ring,
  type RingConfig,
  type RingPhase,
} from './state.ts';
export { completeSync, step, submit } from './step.ts';
export { type CorosyncTimers, corosyncTiming, fastTiming, havenTiming, type TotemTiming } from './timing.ts';
