// The votes, nodes, events and effects of quorum by votes (votequorum(5)).

export type TieBreaker =
  | { readonly kind: 'lowest' }
  | { readonly kind: 'highest' }
  | { readonly kind: 'list'; readonly nodeIds: readonly number[] };

export type QuorumDevice = { readonly votes: number; readonly timeoutMs: number; readonly syncTimeoutMs: number };

export type QuorumConfig = {
  readonly nodeId: number;
  readonly votes: number;
  readonly expectedVotes: number;
  readonly twoNode: boolean;
  readonly waitForAll: boolean;
  /** Undefined: off. */
  readonly lastManStandingWindowMs: number | undefined;
  readonly autoTieBreaker: TieBreaker | undefined;
  readonly allowDownscale: boolean;
  readonly expectedVotesTracking: boolean;
  readonly device: QuorumDevice | undefined;
};

/** Bits of a nodeinfo message. */
export const nodeFlags = {
  quorate: 1,
  leaving: 2,
  waitForAll: 4,
  first: 8,
  deviceRegistered: 16,
  deviceAlive: 32,
  deviceCastsVote: 64,
  deviceMasterWins: 128,
} as const;

export type NodeInfo = {
  /** 0 describes the quorum device. */
  readonly nodeId: number;
  readonly votes: number;
  readonly expectedVotes: number;
  readonly flags: number;
};

export type QuorumNode = {
  readonly state: 'member' | 'dead' | 'leaving';
  readonly votes: number;
  readonly expectedVotes: number;
  readonly flags: number;
};

export type QuorumState = {
  readonly config: QuorumConfig;
  readonly nodes: ReadonlyMap<number, QuorumNode>;
  readonly deviceVotes: number;
  readonly device: { readonly registered: boolean; readonly alive: boolean; readonly castsVote: boolean };
  /** While a sync waits for the device's opinion on the new ring. */
  readonly devicePollDeadlineMs: number | undefined;
  readonly deviceSilentDeadlineMs: number | undefined;
  readonly quorum: number;
  readonly quorate: boolean;
  readonly waitingForAll: boolean;
  readonly previousMembers: readonly number[];
  readonly members: readonly number[];
  readonly lowestNodeId: number | undefined;
  readonly highestNodeId: number | undefined;
  /** Highest expectation ever seen, kept on disk with expected_votes_tracking. */
  readonly trackedVotes: number;
  readonly lastManStandingDeadlineMs: number | undefined;
  readonly lastManStanding: boolean;
  readonly syncing: boolean;
};

export type QuorumEvent =
  | { readonly kind: 'nodeinfo'; readonly nowMs: number; readonly from: number; readonly info: NodeInfo }
  | { readonly kind: 'sync-init'; readonly nowMs: number; readonly members: readonly number[] }
  | { readonly kind: 'sync-process'; readonly nowMs: number }
  | { readonly kind: 'sync-activate'; readonly nowMs: number }
  | { readonly kind: 'sync-abort'; readonly nowMs: number }
  | { readonly kind: 'reconfigure'; readonly nowMs: number; readonly change: Reconfiguration }
  | { readonly kind: 'node-list'; readonly nowMs: number; readonly expectation: Expectation }
  /** The quorum section of our own configuration says this now; each member is told by its own. */
  | { readonly kind: 'configured'; readonly nowMs: number; readonly config: QuorumConfig }
  | { readonly kind: 'device'; readonly nowMs: number; readonly change: 'register' | 'unregister' | 'vote' | 'no-vote' }
  | { readonly kind: 'leave'; readonly nowMs: number }
  | { readonly kind: 'tick'; readonly nowMs: number };

export type Reconfiguration =
  | { readonly kind: 'expected-votes'; readonly votes: number }
  | { readonly kind: 'node-votes'; readonly nodeId: number; readonly votes: number }
  | { readonly kind: 'cancel-wait-for-all' };

/** What the node list says of the votes; each member is told by itself, at the same place in the order. */
export type Expectation = Pick<QuorumConfig, 'expectedVotes' | 'twoNode' | 'waitForAll'>;

export type QuorumEffect =
  | { readonly kind: 'send-nodeinfo'; readonly info: NodeInfo }
  | { readonly kind: 'sync-done' }
  | { readonly kind: 'publish'; readonly quorate: boolean; readonly members: readonly number[] }
  | { readonly kind: 'store-tracked-votes'; readonly votes: number }
  | { readonly kind: 'log'; readonly level: 'notice' | 'warning' | 'error'; readonly text: string };

export type QuorumStep = { readonly state: QuorumState; readonly effects: readonly QuorumEffect[] };
