// Totem single ring, the ordered-messaging core.
export { decodeMessage, encodeMessage } from './codec.ts';
export type { OutboundMessage, TotemEffect, TotemEvent } from './event.ts';
export type { Guarantee, Malformed, TotemMessage } from './message.ts';
export { membersMax } from './message.ts';
export { formatRingId, type RingId, sameRing } from './ring-id.ts';
export { type CorosyncTimers, corosyncTiming, havenTiming, type TotemTiming } from './timing.ts';
