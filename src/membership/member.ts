// A whole member as one pure machine: the ring below, the services above it, each ordered event handed up at its place.
//
//   datagram, deadline ─► totem ring ─► ordered messages, configurations ─► sync, CPG, votequorum ─► groups, quorum
//          send, multicast, persist ◄──┘            multicast ◄──────────────────────┘
//
// A driver (or the simulator) feeds events, carries out effects in order, and wakes at `nextMemberDeadline`.
import {
  initialStack,
  nextDeadline as nextStackDeadline,
  type StackConfig,
  type StackEffect,
  type StackEvent,
  type StackState,
  step as stepStack,
} from './services/stack.ts';
import {
  completeSync,
  createRing,
  nextDeadline as nextRingDeadline,
  type OrderedEffect,
  type OutboundMessage,
  type Ring,
  type RingConfig,
  step as stepRing,
  submit,
  type TotemEffect,
  type TotemEvent,
  type TotemTiming,
} from './totem/index.ts';

/** What the world below does to a member, and what the programs above ask of it. */
export type MemberEvent =
  | Exclude<TotemEvent, { kind: 'multicast' | 'sync-complete' }>
  | Exclude<StackEvent, { kind: 'start' | 'configuration' | 'deliver' | 'tick' }>
  /** Other timeouts from now on; a timer that runs ends as it was set. */
  | { readonly kind: 'timing'; readonly nowMs: number; readonly timing: TotemTiming };

export type MemberEffect =
  | Exclude<TotemEffect, { kind: 'deliver' | 'refused' | 'multicast' }>
  | { readonly kind: 'broadcast'; readonly bytes: Uint8Array }
  | { readonly kind: 'queue-full'; readonly message: OutboundMessage; readonly reason: 'full' | 'too-large' }
  | Exclude<StackEffect, { kind: 'multicast' | 'sync-complete' }>;

export type MemberConfig = {
  readonly ring: Omit<RingConfig, 'onOrdered'>;
  readonly stack: StackConfig;
};

export type Member = {
  readonly ring: Ring;
  stack: StackState;
  /** What the services and the order of the ring have to say in this step. */
  ordered: MemberEffect[];
};

/** `onOrdered` sees what the ring delivers before the services do: for those who watch (the simulator's judge). */
export function createMember(config: MemberConfig, onOrdered?: (effect: OrderedEffect) => void): Member {
  const ring = createRing({
    ...config.ring,
    onOrdered: (effect) => {
      onOrdered?.(effect);
      hearOrdered(member, effect);
    },
  });
  const member: Member = { ring, stack: initialStack(config.stack), ordered: [] };
  return member;
}

/** Changes `member` in place; the effects are to be carried out in order. */
export function stepMember(member: Member, event: MemberEvent): MemberEffect[] {
  member.ordered = [];
  const { nowMs } = event;
  switch (event.kind) {
    case 'start':
      // Queued before there is a ring, so that the services' first words are the first that others hear of us.
      return effectsOf(member, [
        ...ringAround(member, nowMs, { kind: 'start', nowMs }),
        ...stepRing(member.ring, event),
      ]);
    case 'datagram':
    case 'persisted':
    case 'member-failed':
    case 'leave':
      return effectsOf(member, stepRing(member.ring, event));
    case 'deadline':
      return effectsOf(member, [
        ...stepRing(member.ring, event),
        ...((nextStackDeadline(member.stack) ?? Infinity) <= nowMs
          ? ringAround(member, nowMs, { kind: 'tick', nowMs })
          : []),
      ]);
    case 'timing':
      member.ring.config = { ...member.ring.config, timing: event.timing };
      return [];
    default:
      return effectsOf(member, ringAround(member, nowMs, event));
  }
}

export function nextMemberDeadline(member: Member): number {
  return Math.min(nextRingDeadline(member.ring), nextStackDeadline(member.stack) ?? Infinity);
}

/** A request from above: what the services want said of it is handed to the ring as one event. */
function ringAround(member: Member, nowMs: number, event: StackEvent): TotemEffect[] {
  const lane = event.kind === 'start' ? 'synchronisation' : 'ordinary';
  const messages: OutboundMessage[] = [];
  let synchronised = false;
  for (const effect of stepServices(member, event)) {
    if (effect.kind === 'multicast') messages.push({ ...effect, lane });
    else if (effect.kind === 'sync-complete') synchronised = true;
    else member.ordered.push(effect);
  }
  return [
    ...(messages.length > 0 ? stepRing(member.ring, { kind: 'multicast', messages, nowMs }) : []),
    ...(synchronised ? stepRing(member.ring, { kind: 'sync-complete', nowMs }) : []),
  ];
}

/** Called by the ring at the very place in the order: what the services answer there belongs to the synchronisation. */
function hearOrdered(member: Member, effect: OrderedEffect): void {
  const { ring } = member;
  if (effect.kind === 'configuration') member.ordered.push(effect);
  for (const answer of stepServices(member, { ...effect, nowMs: ring.nowMs })) {
    if (answer.kind === 'multicast') submit(ring, { ...answer, lane: 'synchronisation' });
    else if (answer.kind === 'sync-complete') completeSync(ring);
    else member.ordered.push(answer);
  }
}

function stepServices(member: Member, event: StackEvent): readonly StackEffect[] {
  const { state, effects } = stepStack(member.stack, event);
  member.stack = state;
  return effects;
}

/** What goes to the network goes first: others wait for it. */
function effectsOf(member: Member, fromRing: readonly TotemEffect[]): MemberEffect[] {
  if (fromRing.length === 0) return member.ordered;
  const effects: MemberEffect[] = [];
  for (const effect of fromRing) {
    switch (effect.kind) {
      case 'deliver':
      case 'configuration':
        break; // Heard already, at its place in the order.
      case 'multicast':
        effects.push({ kind: 'broadcast', bytes: effect.bytes });
        break;
      case 'refused':
        effects.push({ kind: 'queue-full', message: effect.message, reason: effect.reason });
        break;
      default:
        effects.push(effect);
    }
  }
  for (const effect of member.ordered) effects.push(effect);
  return effects;
}
