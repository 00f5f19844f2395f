// The six messages of the Totem single-ring protocol as Corosync 3.1 speaks it. One UDP datagram carries exactly one.
import type { RingId } from './ring-id.ts';

/** Nodes of one ring at most (Corosync's PROCESSOR_COUNT_MAX). */
export const membersMax = 384;
/** A token asks for this many lost messages at most: receivers copy into 1500 bytes. */
export const retransmitRequestsMax = 30;

export type MessageHeader = {
  readonly byteOrder: 'little' | 'big';
  /** Mcast: 2 an ordinary message, 1 a recovery message that carries one of an old ring. Elsewhere without meaning. */
  readonly encapsulated: number;
  /** The sender; in an mcast the originator, whoever repeats it; in a leave message 0. */
  readonly nodeId: number;
  /** Never set on purpose by Corosync 3.1: kept only so that a message can be written back as it came. */
  readonly targetNodeId: number;
};

export type RetransmitRequest = { readonly ringId: RingId; readonly seq: number };

export type TokenMessage = {
  readonly kind: 'token';
  readonly header: MessageHeader;
  /** Highest message number assigned on this ring. */
  readonly seq: number;
  /** One more at each hop: tells a token from its repetition. */
  readonly tokenSeq: number;
  /** All-received-up-to, the lowest over the ring. */
  readonly aru: number;
  /** Who lowered aru last; 0 when nobody is behind. */
  readonly aruNodeId: number;
  readonly ringId: RingId;
  /** Messages waiting on all nodes as of their last visit. */
  readonly backlog: number;
  /** Messages multicast during the last rotation (Corosync's fcc). */
  readonly flowCount: number;
  /** Recovery: 1 while some node still has messages of its old ring to send. */
  readonly retransFlag: number;
  readonly requests: readonly RetransmitRequest[];
};

export type Guarantee = 'agreed' | 'safe';

export type McastMessage = {
  readonly kind: 'mcast';
  readonly header: MessageHeader;
  readonly systemFrom: number;
  /** Place in the total order of `ringId`; the first is 1. */
  readonly seq: number;
  /** The sender's own counter; informative. */
  readonly thisSeqno: number;
  readonly ringId: RingId;
  /** Unused on the wire, always 0. */
  readonly unusedNodeId: number;
  /** 0 agreed, 1 safe. */
  readonly guarantee: number;
  /** A view into the datagram. */
  readonly payload: Uint8Array;
};

export type MergeDetectMessage = {
  readonly kind: 'merge-detect';
  readonly header: MessageHeader;
  readonly systemFrom: number;
  readonly ringId: RingId;
};

export type JoinMessage = {
  readonly kind: 'join';
  readonly header: MessageHeader;
  readonly systemFrom: number;
  /** Number of the sender's current ring. */
  readonly ringSeq: number;
  readonly procList: readonly number[];
  readonly failedList: readonly number[];
};

export type CommitEntry = {
  /** The ring this member comes from. */
  readonly ringId: RingId;
  readonly aru: number;
  readonly highDelivered: number;
  readonly receivedFlag: number;
};

export type CommitTokenMessage = {
  readonly kind: 'commit-token';
  readonly header: MessageHeader;
  readonly tokenSeq: number;
  readonly ringId: RingId;
  readonly retransFlag: number;
  /** How many members have filled their entry. */
  readonly memberIndex: number;
  /** Ascending: this is the order of the ring. */
  readonly members: readonly number[];
  readonly entries: readonly CommitEntry[];
};

export type HoldCancelMessage = {
  readonly kind: 'hold-cancel';
  readonly header: MessageHeader;
  readonly ringId: RingId;
};

export type TotemMessage =
  | TokenMessage
  | McastMessage
  | MergeDetectMessage
  | JoinMessage
  | CommitTokenMessage
  | HoldCancelMessage;

/** Why a datagram was dropped unread. */
export type Malformed = {
  readonly kind: 'malformed';
  readonly reason: 'short' | 'magic' | 'version' | 'type' | 'length' | 'range';
};

/** A leave message is a join that its sender's header does not sign. */
export function isLeave(message: JoinMessage): boolean {
  return message.header.nodeId === 0;
}
