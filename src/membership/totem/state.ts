// What one member of a ring knows. `step` changes it in place: a ring under load turns thousands of times a second, and a
// copy a turn would be garbage. Nothing outside this folder writes to it.
import type { LogLevel } from '../../kit/index.ts';
import { Assembler, type AssemblyContext } from './assembler.ts';
import type { TotemEffect } from './event.ts';
import { OutboundQueue } from './outbound.ts';
import type { RingId } from './ring-id.ts';
import { MessageStore } from './store.ts';
import type { TotemTiming } from './timing.ts';

/** What comes out in the one order: a message, or a change of who hears it. */
export type OrderedEffect = Extract<TotemEffect, { kind: 'deliver' | 'configuration' }>;

export type RingConfig = {
  /** 1..2^32-1, unique in the cluster. */
  readonly nodeId: number;
  readonly timing: TotemTiming;
  /** Corosync: netmtu - 90 = 1410. Sealed datagrams leave less. */
  readonly netMtu: number;
  /**
   * Ring numbers written to disk ahead of their use, so that a change of membership rarely waits for the disk. 0: each
   * number when it is used, as Corosync does.
   */
  readonly ringSeqReserve: number;
  /** Answer a retransmit request at once instead of holding the token (Corosync's cancel_token_hold_on_retransmit). */
  readonly cancelTokenHoldOnRetransmit: 'yes' | 'no';
  /**
   * Who keeps the token of an idle ring, and so wakes twice a rotation: always the representative, as in Corosync, or each
   * member for about a second.
   */
  readonly tokenKeeper: 'representative' | 'in-turn';
  /**
   * The layer above, told at the very place in the order, before anything further is delivered: there it may call
   * `completeSync` and `submit`. The same effects also come out of `step`.
   */
  readonly onOrdered?: (effect: OrderedEffect) => void;
};

export type RingPhase = 'idle' | 'operational' | 'gather' | 'commit' | 'recovery' | 'stopped';

/** In the order in which they fire when several are due. */
export const timerNames = ['hold', 'retransmit', 'join', 'consensus', 'warning', 'token'] as const;
export type TimerName = (typeof timerNames)[number];

export type Ring = {
  config: RingConfig;
  nowMs: number;
  out: TotemEffect[];
  /** When the last step asked to be woken: lateness shows that this process was paused. */
  wakeDueMs: number;
  joinsIgnoredUntilMs: number;
  phase: RingPhase;
  readonly timers: Record<TimerName, number>;
  /** When an idle representative asks for other rings: at the first visit of the token from then on, which costs no wake. */
  mergeDueMs: number;
  /** Our own multicasts that the protocol wants us to hear, handled after the event at hand. */
  readonly ownMulticasts: Uint8Array[];

  ringId: RingId;
  /** The ring that the messages of the regular store belong to. */
  oldRingId: RingId;
  maxRingSeq: number;
  /** Highest ring number known to be on disk, and highest asked for. */
  durableRingSeq: number;
  requestedRingSeq: number;

  procList: number[];
  failedList: number[];
  consensus: Set<number>;
  /** Members of the ring that is installed. */
  members: number[];
  /** Members of the ring being formed. */
  newMembers: number[];
  /** Those of the old ring that come with us. */
  transMembers: number[];
  /** The highest number that one of them delivered in the old ring. */
  highestDelivered: number;
  failedToReceive: boolean;
  /** Members that said goodbye: their absence needs no warning. */
  readonly leaveSeen: Set<number>;
  /** Who has sent a join since our ring last stood. */
  readonly answered: Set<number>;
  /** Those that did not, though they were gathered for: until when, and for how long, they are passed over. */
  readonly unanswering: Map<number, { readonly pauseMs: number; readonly untilMs: number }>;

  aru: number;
  highSeq: number;
  highDelivered: number;
  /** Every member of the ring is known to hold what comes up to here. */
  stableSeq: number;
  lastReleased: number;
  lastAru: number;
  aruVisits: number;
  lastSeq: number;
  seqUnchangedVisits: number;
  lastTokenSeq: number;
  tokenHeld: boolean;
  discardTokens: boolean;
  /** Flow control: sent at the last visit, backlog at the last visit. */
  sentLastVisit: number;
  backlogLastVisit: number;
  thisSeqno: number;

  /** aru and highest number of the old ring, from leaving it until a new one is installed. */
  saved: { aru: number; highSeq: number } | undefined;
  installSeq: number;
  retransCount: number;
  rotationCount: number;
  setRetrans: boolean;
  originatedToken: boolean;
  recoveryQueue: Uint8Array[];
  /** Old-ring numbers that someone has already repeated on the new ring, and whether he marked them as owed. */
  readonly repeated: Map<number, 'plain' | 'obliged'>;

  regularStore: MessageStore;
  recoveryStore: MessageStore;
  readonly assembler: Assembler;
  context: AssemblyContext;
  /** The token has come round since we installed the ring: every member has installed it. */
  installedByAll: boolean;
  /** From installing a ring until the services have synchronised, only the synchronisation speaks. */
  waitingForSync: boolean;
  readonly normalQueue: OutboundQueue;
  readonly transitionQueue: OutboundQueue;

  successor: number;
  /** The last token or commit token we sent. */
  lastToken: Uint8Array | undefined;
  /** A commit token that waits for the ring number to be on disk. */
  commitAwaitingDisk: { readonly bytes: Uint8Array; readonly ringSeq: number } | undefined;
  gatherTimeouts: number;
};

export function createRing(config: RingConfig): Ring {
  const noRing: RingId = { representative: config.nodeId, seq: 0 };
  return {
    config,
    nowMs: 0,
    out: [],
    wakeDueMs: Infinity,
    joinsIgnoredUntilMs: 0,
    phase: 'idle',
    timers: {
      hold: Infinity,
      retransmit: Infinity,
      join: Infinity,
      consensus: Infinity,
      warning: Infinity,
      token: Infinity,
    },
    mergeDueMs: Infinity,
    ownMulticasts: [],
    ringId: noRing,
    oldRingId: noRing,
    maxRingSeq: 0,
    durableRingSeq: 0,
    requestedRingSeq: 0,
    procList: [],
    failedList: [],
    consensus: new Set(),
    members: [],
    newMembers: [],
    transMembers: [],
    highestDelivered: 0,
    failedToReceive: false,
    leaveSeen: new Set(),
    answered: new Set(),
    unanswering: new Map(),
    aru: 0,
    highSeq: 0,
    highDelivered: 0,
    stableSeq: 0,
    lastReleased: 0,
    lastAru: 0,
    aruVisits: 0,
    lastSeq: 0,
    seqUnchangedVisits: 0,
    lastTokenSeq: 0xffffffff,
    tokenHeld: false,
    discardTokens: false,
    sentLastVisit: 0,
    backlogLastVisit: 0,
    thisSeqno: 0,
    saved: undefined,
    installSeq: 0,
    retransCount: 0,
    rotationCount: 0,
    setRetrans: false,
    originatedToken: false,
    recoveryQueue: [],
    repeated: new Map(),
    regularStore: new MessageStore(),
    recoveryStore: new MessageStore(),
    assembler: new Assembler(),
    context: 'synchronising',
    installedByAll: false,
    waitingForSync: true,
    normalQueue: new OutboundQueue(config.netMtu),
    transitionQueue: new OutboundQueue(config.netMtu),
    successor: config.nodeId,
    lastToken: undefined,
    commitAwaitingDisk: undefined,
    gatherTimeouts: 0,
  };
}

export function arm(ring: Ring, timer: TimerName, afterMs: number): void {
  ring.timers[timer] = ring.nowMs + afterMs;
}

export function disarm(ring: Ring, ...timers: readonly TimerName[]): void {
  for (const timer of timers) ring.timers[timer] = Infinity;
}

/** When to call `step` with a `deadline`, in the clock of `nowMs`; Infinity when nothing is due. */
export function nextDeadline(ring: Ring): number {
  // Asked several times for each token: by name, not by a list of names.
  const { hold, retransmit, join, consensus, warning, token } = ring.timers;
  return Math.min(hold, retransmit, join, consensus, warning, token);
}

export function log(ring: Ring, level: LogLevel, text: string): void {
  ring.out.push({ kind: 'log', level, text });
}

export function isRepresentative(ring: Ring): boolean {
  return ring.ringId.representative === ring.config.nodeId;
}

/**
 * The queue that the token empties now. What the services said while synchronising but did not get out in time goes first
 * (Corosync keeps it until the next change of membership).
 */
export function currentQueue(ring: Ring): OutboundQueue {
  return ring.waitingForSync || !ring.transitionQueue.isEmpty ? ring.transitionQueue : ring.normalQueue;
}

/** Everything submitted has been multicast. Who means to leave waits for this: what is queued then is never said. */
export function isDrained(ring: Ring): boolean {
  return ring.normalQueue.isEmpty && ring.transitionQueue.isEmpty;
}

/** The token goes round, with nothing said for so long that it is kept for a while. */
export function isIdle(ring: Ring): boolean {
  return ring.phase === 'operational' && ring.seqUnchangedVisits >= ring.config.timing.idleVisits && isDrained(ring);
}

export function ascending(nodeIds: Iterable<number>): number[] {
  return [...nodeIds].sort((left, right) => left - right);
}

export function without(nodeIds: readonly number[], excluded: readonly number[]): number[] {
  return nodeIds.filter((nodeId) => !excluded.includes(nodeId));
}
