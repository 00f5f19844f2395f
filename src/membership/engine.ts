// What the rest of Haven sees of group messaging, whichever engine carries it: the embedded Totem ring, or later a real
// Corosync through its libraries. Both pass one contract suite.
//
// The promises (extended virtual synchrony, Moser et al. 1994):
//   - members that pass together from one configuration to the next have delivered the same messages, in the same order;
//   - a sender delivers its own messages, unless it dies first;
//   - a `safe` message is delivered only when every member of the configuration is known to hold it.
import type { Guarantee, RingId } from './totem/index.ts';

export type GroupMember = { readonly nodeId: number; readonly processId: number };

export type QuorumView = {
  readonly quorate: boolean;
  readonly votes: number;
  readonly expectedVotes: number;
  readonly votesNeeded: number;
};

/** In the one order that every member sees. */
export type EngineEvent =
  | {
      /** A new ring stands. What was multicast before is delivered before, what comes after belongs to these members. */
      readonly kind: 'configuration';
      readonly ringId: RingId;
      readonly members: readonly number[];
      readonly joined: readonly number[];
      readonly left: readonly number[];
      /**
       * Monotonic ms: not before then may these members take over what a lost one held; 0: at once. By then its quorum lease
       * (lease.ts) is over.
       */
      readonly takeOverAtMs: number;
      /** Our own lease was over for a while: others may have taken over what we held, or were about to begin. */
      readonly lapsed: boolean;
    }
  | {
      readonly kind: 'group-changed';
      readonly group: string;
      readonly members: readonly GroupMember[];
      readonly joined: readonly GroupMember[];
      readonly left: readonly GroupMember[];
    }
  | {
      readonly kind: 'deliver';
      readonly group: string;
      readonly from: GroupMember;
      /**
       * `companions`: it comes behind a gap in the order of a ring that is over, and only those that leave that ring together
       * hear it here; what was said in the gap others may have heard.
       */
      readonly heardBy: 'ring' | 'companions';
      /** Not to be changed; copy what is kept beyond the call. */
      readonly body: Uint8Array;
    }
  | { readonly kind: 'quorum-changed'; readonly quorum: QuorumView }
  /** The quorum lease of the proof at that moment had been over for a while, and runs again. */
  | { readonly kind: 'lease-resumed'; readonly provenBeforeBootMs: number }
  /** The outbound queue has room again after a refused multicast. */
  | { readonly kind: 'writable' }
  /** The engine is gone: it left, was shut down, or failed. Nothing follows. */
  | { readonly kind: 'closed'; readonly reason: string };

export type EngineListener = (event: EngineEvent) => void;

/** Why a multicast was not taken. `full`: wait for `writable`; `too-large`: above `messageBytesMax`; `not-joined`: join the group. */
export type MulticastRefusal = 'full' | 'too-large' | 'not-joined' | 'closed';

export type MessagingEngine = {
  readonly nodeId: number;
  /** The largest body one multicast takes. */
  readonly messageBytesMax: number;
  /** Events of the ring, and of the groups joined, from now on. Answers how to stop listening. */
  readonly subscribe: (listener: EngineListener) => () => void;
  /** Enters a group; resolves when the group's own `group-changed` with us in it has been delivered. */
  readonly join: (group: string) => Promise<void>;
  readonly leaveGroup: (group: string) => Promise<void>;
  /** Queues a message to every member of the group, ourselves included. `undefined`: taken. */
  readonly multicast: (group: string, body: Uint8Array, guarantee: Guarantee) => MulticastRefusal | undefined;
  readonly quorum: () => QuorumView;
  /** Says goodbye to the ring, so that the others re-form at once; resolves when nothing more will be sent. */
  readonly leave: () => Promise<void>;
};
