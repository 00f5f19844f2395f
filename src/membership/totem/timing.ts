// The numbers a ring runs by. All members of one ring must use the same.

export type TotemTiming = {
  /** Without a token for so long, the ring is taken for broken. */
  readonly tokenMs: number;
  /** Without a token for so long, the administrator is told; Infinity: never. */
  readonly tokenWarningMs: number;
  /** The last token is sent again after so long without the next. */
  readonly tokenRetransmitMs: number;
  /** The keeper of an idle ring's token has it for so long. */
  readonly holdMs: number;
  /** Candidates that have not agreed by then are declared failed. */
  readonly consensusMs: number;
  /** A join is repeated at this interval while gathering. */
  readonly joinMs: number;
  /** An idle representative asks for other rings after so long, when the token is there. */
  readonly mergeMs: number;
  /** Token visits without progress of our own aru before we exclude ourselves. */
  readonly failToReceiveVisitsMax: number;
  /** Token visits without a new message before the ring counts as idle. */
  readonly idleVisits: number;
  /** Messages per rotation, whole ring. */
  readonly windowMessages: number;
  /** Messages per visit, one node. */
  readonly visitMessagesMax: number;
  /** Token visits that must miss a message before it is asked for again. */
  readonly missVisits: number;
};

/** The keys of corosync.conf that the real values are computed from; what is absent is Corosync's default. */
export type CorosyncTimers = {
  /** Entries of the node list, running or not. */
  readonly nodeCount: number;
  readonly token?: number;
  readonly tokenCoefficient?: number;
  readonly tokenRetransmitsBeforeLoss?: number;
  /** A share of the token timeout in percent; 0: no warning. */
  readonly tokenWarning?: number;
  readonly tokenRetransmit?: number;
  readonly hold?: number;
  readonly consensus?: number;
  readonly join?: number;
  readonly merge?: number;
  readonly failRecvConst?: number;
  readonly seqnoUnchangedConst?: number;
  readonly windowSize?: number;
  readonly maxMessages?: number;
  readonly missCountConst?: number;
};

/** What Corosync 3.1.7 makes of its configuration (corosync.conf(5)): detection slows down with every node listed. */
export function corosyncTiming(keys: CorosyncTimers): TotemTiming {
  const growth = Math.max(0, keys.nodeCount - 2) * (keys.tokenCoefficient ?? 650);
  const tokenMs = (keys.token ?? 3000) + growth;
  const tokenRetransmitMs =
    keys.tokenRetransmit ?? Math.trunc(tokenMs / ((keys.tokenRetransmitsBeforeLoss ?? 4) + 0.2));
  const warningPercent = keys.tokenWarning ?? 75;
  return {
    tokenMs,
    tokenWarningMs: warningPercent === 0 ? Infinity : Math.trunc((tokenMs * warningPercent) / 100),
    tokenRetransmitMs,
    holdMs: keys.hold ?? Math.trunc(tokenRetransmitMs * 0.8 - 10),
    consensusMs: keys.consensus ?? Math.trunc(1.2 * tokenMs),
    joinMs: keys.join ?? 50,
    mergeMs: keys.merge ?? 200,
    failToReceiveVisitsMax: keys.failRecvConst ?? 2500,
    idleVisits: keys.seqnoUnchangedConst ?? 30,
    windowMessages: keys.windowSize ?? 50,
    visitMessagesMax: keys.maxMessages ?? 17,
    missVisits: keys.missCountConst ?? 5,
  };
}

/**
 * Haven's own rings. A dead node is out within tokenMs + consensusMs + one rotation or two, whatever the number of nodes:
 * the token is repeated five times before it counts as lost, and every live member answers a join within milliseconds, so
 * consensus need only cover a scheduling stall. Link health has timers of its own (links/) and does not enter here.
 */
export const havenTiming: TotemTiming = {
  tokenMs: 320,
  tokenWarningMs: 240,
  tokenRetransmitMs: 60,
  holdMs: 50,
  consensusMs: 180,
  joinMs: 15,
  mergeMs: 200,
  failToReceiveVisitsMax: 2500,
  idleVisits: 30,
  windowMessages: 256,
  visitMessagesMax: 64,
  missVisits: 3,
};

/**
 * For a network of their own and machines that are never slow: a dead node is out within about 200 ms. A stall of a tenth
 * of a second costs a node its membership here.
 */
export const fastTiming: TotemTiming = {
  ...havenTiming,
  tokenMs: 120,
  tokenWarningMs: 90,
  tokenRetransmitMs: 25,
  holdMs: 12,
  consensusMs: 60,
  joinMs: 10,
  mergeMs: 50,
};
