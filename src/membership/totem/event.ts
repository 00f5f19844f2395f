// What goes into the ring machine and what comes out. Plain data both ways: the driver owns sockets, disk and clock.
//
// The layer above (`services/`) feeds `multicast` and `sync-complete`, and reads `deliver` and `configuration`, in order.
import type { LogLevel } from '../../kit/index.ts';
import type { Guarantee } from './message.ts';
import type { RingId } from './ring-id.ts';

/** Corosync knows two groups: `a` (all services) and `sync`. */
export type OutboundMessage = {
  readonly group: string;
  /** Owned by the ring from now on: not to be changed. */
  readonly body: Uint8Array;
  readonly guarantee: Guarantee;
  /**
   * `synchronisation`: part of what the services tell each other after a new ring, sent at once. `ordinary`: waits until
   * they have finished.
   */
  readonly lane: 'ordinary' | 'synchronisation';
};

/**
 * `nowMs` is monotonic and must not go back. When both datagrams and a deadline wait, the datagrams come first: a token
 * that has arrived is not lost, however late we woke.
 */
export type TotemEvent = { readonly nowMs: number } & (
  | {
      /** The interface is up and the stored ring number was read (0 when there is none). */
      readonly kind: 'start';
      readonly storedRingSeq: number;
    }
  /** Received bytes; the ring's from now on: not to be changed. */
  | { readonly kind: 'datagram'; readonly bytes: Uint8Array }
  /** `nextDeadline` has passed. */
  | { readonly kind: 'deadline' }
  | { readonly kind: 'multicast'; readonly messages: readonly OutboundMessage[] }
  /** The services have synchronised after a configuration: ordinary messages flow again. */
  | { readonly kind: 'sync-complete' }
  /** The `persist` effect with this number is safe on disk. */
  | { readonly kind: 'persisted'; readonly ringSeq: number }
  /** A failure hint: this member is known to be gone (its guardian said so, it was fenced, its last link lost carrier). */
  | { readonly kind: 'member-failed'; readonly nodeId: number }
  /** Say goodbye and stop. Wait for `isDrained` first: what is still queued is dropped. */
  | { readonly kind: 'leave' }
);

/** To be carried out in order. */
export type TotemEffect =
  /**
   * To one node's ring address, on every link that may work once it was not answered. To ourselves it must come back as a
   * later `datagram`.
   */
  | {
      readonly kind: 'send';
      readonly nodeId: number;
      readonly bytes: Uint8Array;
      readonly attempt: 'first' | 'repeated';
    }
  /** To every configured node but ourselves: the machine hears its own multicasts by itself. */
  | { readonly kind: 'multicast'; readonly bytes: Uint8Array }
  /** Write the number and sync it; answer with `persisted`. The machine holds back what must not be said before. */
  | { readonly kind: 'persist'; readonly ringSeq: number }
  | {
      readonly kind: 'deliver';
      readonly from: number;
      readonly group: string;
      /** A view of the ring's own bytes: not to be changed. */
      readonly body: Uint8Array;
      readonly guarantee: Guarantee;
      /** The place in the total order: the ring it was sequenced in, and the number of its (last) packet there. */
      readonly ringId: RingId;
      readonly seq: number;
    }
  | {
      /**
       * `transitional`: the members of the old ring that go on together; what follows up to the regular configuration is
       * the rest of the old ring's messages. `regular`: the new ring; the services synchronise now.
       */
      readonly kind: 'configuration';
      readonly type: 'transitional' | 'regular';
      readonly ringId: RingId;
      readonly members: readonly number[];
      readonly joined: readonly number[];
      readonly left: readonly number[];
      /** Nodes that said goodbye, themselves or through their guardian, since the last regular configuration. */
      readonly goodbyes: readonly number[];
    }
  /** The outbound queue was full, or the message larger than `messageBytesMax`: not taken. In the order submitted. */
  | { readonly kind: 'refused'; readonly message: OutboundMessage; readonly reason: 'full' | 'too-large' }
  /** Bytes that a guardian sends to all nodes if this process dies, so that they need not wait for the token. */
  | { readonly kind: 'crash-notice'; readonly bytes: Uint8Array }
  | { readonly kind: 'log'; readonly level: LogLevel; readonly text: string }
  /** We have left; nothing follows. */
  | { readonly kind: 'stopped' };
