// Replication: every member holds the same document, because every member makes the same changes in the same order.
//
// After each membership change the members greet one another with where their documents stand. The one that is furthest
// in the history of quorate partitions is the source; who has another document takes the source's. From then on the order
// of messages is the order of changes. (State machine replication over total order: Schneider 1990; the exchange after a
// view change is the one of Keidar & Dolev 1996, with the quorate term in the place of their primary component.)
//
// A change is accepted where it still fits: it names the document it was made for, and if another change came before it
// in the order, every member passes over it alike and its maker makes it anew. It is acknowledged when every member of
// the quorate membership has it on disk.
import type { XmlElement } from '../../cib/index.ts';
import type { Failure } from '../../kit/index.ts';
import type { StatusUpdate } from '../document/status.ts';
import type { ChangeRequest, ClusterMessage, HeardMessage, Hello, Place } from '../message.ts';
import type { JournalRecord } from '../store/record.ts';
import type { Snapshot } from '../store/snapshot.ts';

export type NodeIdentity = {
  readonly nodeId: number;
  /** As in the document: the number, in decimal. */
  readonly id: string;
  readonly name: string;
  readonly cluster: string;
  /** New at each start of the machine. */
  readonly boot: string;
  /** New at each start of the daemon. */
  readonly daemon: string;
  readonly version: string;
};

/** A ring of members, and for how long from its beginning what a lost one held may not be taken over. */
export type Ring = {
  readonly name: string;
  readonly seq: number;
  readonly members: readonly number[];
  readonly heldForMs: number;
};

export type ReplicaState = {
  readonly self: NodeIdentity;
  readonly cib: XmlElement;
  readonly place: Place;
  readonly trusted: boolean;
  readonly ring: Ring | undefined;
  readonly quorate: boolean;
  /** By node id, of the present ring. */
  readonly hellos: ReadonlyMap<number, Hello>;
  readonly phase: 'apart' | 'greeting' | 'awaiting-document' | 'together';
  /** Names of the nodes, as their greetings told. */
  readonly names: ReadonlyMap<number, string>;
  /** Who schedules and gives orders; undefined until members are together. */
  readonly coordinator: number | undefined;
  /** Chain values by index, the latest few: is another member's place one that this history went through? */
  readonly chains: readonly { readonly index: number; readonly chain: number }[];
  /** What this node has on disk. */
  readonly persisted: number;
  /** What each member says it has on disk. */
  readonly stored: ReadonlyMap<number, number>;
  readonly requests: readonly PendingRequest[];
  /** This node was together with a quorate membership since its daemon began. */
  readonly known: boolean;
};

export type PendingRequest = ChangeRequest & {
  readonly phase: 'waiting' | 'proposed' | 'accepted';
  /** Where it was accepted. */
  readonly index: number | undefined;
  readonly attempts: number;
};

export type ReplicaEvent =
  | {
      readonly kind: 'configuration';
      readonly ring: Ring;
      readonly joined: readonly number[];
      readonly left: readonly number[];
    }
  | { readonly kind: 'quorum'; readonly quorate: boolean }
  | ({ readonly kind: 'message' } & HeardMessage)
  | { readonly kind: 'request'; readonly request: ChangeRequest }
  /** The persist effect up to this index is on disk. */
  | { readonly kind: 'persisted'; readonly index: number };

export type ReplicaEffect =
  | { readonly kind: 'multicast'; readonly message: ClusterMessage }
  | { readonly kind: 'persist'; readonly record: JournalRecord }
  /** Replace what is on disk by this; answered by `persisted`. */
  | { readonly kind: 'adopt'; readonly snapshot: Snapshot }
  | { readonly kind: 'keep-aside'; readonly snapshot: Snapshot; readonly why: string }
  | { readonly kind: 'answer'; readonly request: string; readonly outcome: 'accepted' | Failure }
  /** The document changed; the cause in words, and what changed. */
  | {
      readonly kind: 'changed';
      readonly what: 'configuration' | 'status' | 'everything';
      readonly by: string;
      readonly updates: readonly StatusUpdate[];
    }
  /** All members have the same document now. */
  | { readonly kind: 'together'; readonly coordinator: number; readonly joined: readonly number[] }
  | { readonly kind: 'apart' }
  /** For the parts of the node that the message is meant for; in order. */
  | { readonly kind: 'deliver'; readonly from: number; readonly message: ClusterMessage }
  | { readonly kind: 'log'; readonly level: 'error' | 'warning' | 'notice' | 'info'; readonly text: string };

export type ReplicaStep = { readonly state: ReplicaState; readonly effects: readonly ReplicaEffect[] };
