// One node of a cluster as a pure machine: the replica that holds the document, the coordinator that decides, and this
// node's own part in what was decided. The driver around it has the ring, the disk, the agents and the clock.
import type { Instant, XmlElement } from '../../cib/index.ts';
import type { Failure } from '../../kit/index.ts';
import type { OperationReport } from '../coordinator/operation-entry.ts';
import type { CoordinatorState, TransitionRecord, TransitionReport } from '../coordinator/state.ts';
import type { StatusUpdate } from '../document/status.ts';
import type { ChangeRequest, ClusterMessage, ExecutionOrder, FencingOrder, HeardMessage } from '../message.ts';
import type { ReplicaState, Ring } from '../replication/state.ts';
import type { JournalRecord } from '../store/record.ts';
import type { Snapshot } from '../store/snapshot.ts';

export type NodeState = {
  readonly replica: ReplicaState;
  readonly coordinator: CoordinatorState;
  /** `lrm_resources` of this node as it knows them itself: the authority on what it runs. */
  readonly history: XmlElement;
  /** The members of the present ring have heard it: from then on the document says it. */
  readonly reported: boolean;
  /** What came of orders and was not heard back in the order of messages yet. */
  readonly unsaid: readonly OperationReport[];
  /** What this node said and may not have been heard, or not been answered: said again when members are together again. */
  readonly unheard: readonly LastingMessage[];
  /** The latest attempts to fence that this node was told to make, and what came of those that have ended. */
  readonly attempts: readonly FencingAttempt[];
  /** Monotonic ms when this node was first together with others since its daemon began. */
  readonly togetherSinceMs: number | undefined;
  /** Monotonic ms: the latest that this member, or one it is together with, says what was lost may be taken over. */
  readonly takeOverAtMs: number;
  /** The administrator asked this node to stop: its daemon ends when it is dismissed. */
  readonly leaving: boolean;
};

export type FencingAttempt = { readonly attempt: string; readonly answer: FencingAnswer | undefined };
export type FencingAnswer = Extract<ClusterMessage, { kind: 'fence-answer' }>;

/** A change of the membership must not swallow these. */
export type LastingMessage = Extract<
  ClusterMessage,
  { kind: 'fence-request' | 'fence-confirm' | 'fence-answer' | 'attribute' }
>;

/** Monotonic milliseconds and the wall clock, as with the coordinator. */
export type Clock = { readonly nowMs: number; readonly now: Instant };

export type NodeEvent = Clock &
  /** `takeOverAtMs`, monotonic: not before then may be taken over what a lost member held. */
  (
    | {
        readonly kind: 'configuration';
        readonly ring: Omit<Ring, 'heldForMs'>;
        readonly takeOverAtMs: number;
      }
    | { readonly kind: 'quorum'; readonly quorate: boolean }
    | ({ readonly kind: 'message' } & HeardMessage)
    | { readonly kind: 'persisted'; readonly index: number }
    | { readonly kind: 'request'; readonly request: ChangeRequest }
    /** An operation of this node has ended, or a recurring one has news. */
    | { readonly kind: 'outcome'; readonly report: Omit<OperationReport, 'node'> }
    /** A recurring operation of this node no longer recurs. */
    | { readonly kind: 'cancelled'; readonly resource: string; readonly operation: string; readonly intervalMs: number }
    /** What an attempt of this node to fence came to. */
    | { readonly kind: 'fence-answer'; readonly attempt: string; readonly failure: string | undefined }
    /** What an administrator wants, or an agent, for whoever coordinates. */
    | {
        readonly kind: 'say';
        readonly message: Extract<
          ClusterMessage,
          { kind: 'fence-request' | 'fence-confirm' | 'attribute' | 'node-list' | 'kill-test' }
        >;
      }
    | { readonly kind: 'status'; readonly updates: readonly StatusUpdate[] }
    | { readonly kind: 'recheck'; readonly reason: string }
    /** Move everything away, then end. */
    | { readonly kind: 'leave' }
    | { readonly kind: 'tick' }
  );

export type NodeEffect =
  | { readonly kind: 'multicast'; readonly message: ClusterMessage }
  | { readonly kind: 'persist'; readonly record: JournalRecord }
  | { readonly kind: 'adopt'; readonly snapshot: Snapshot }
  | { readonly kind: 'keep-aside'; readonly snapshot: Snapshot; readonly why: string }
  | { readonly kind: 'answer'; readonly request: string; readonly outcome: 'accepted' | Failure }
  | { readonly kind: 'run'; readonly order: ExecutionOrder }
  | { readonly kind: 'cancel'; readonly resource: string; readonly operation: string; readonly intervalMs: number }
  | { readonly kind: 'fence'; readonly order: FencingOrder }
  | { readonly kind: 'node-list'; readonly message: Extract<ClusterMessage, { kind: 'node-list' }> }
  /** Nothing of ours runs any more and the others know: the daemon may end. */
  | { readonly kind: 'dismissed' }
  | { readonly kind: 'changed'; readonly what: 'configuration' | 'status' | 'everything'; readonly by: string }
  | { readonly kind: 'together'; readonly coordinator: string }
  | { readonly kind: 'transition-begun'; readonly record: TransitionRecord }
  | { readonly kind: 'transition-ended'; readonly record: TransitionReport }
  | { readonly kind: 'log'; readonly level: 'error' | 'warning' | 'notice' | 'info'; readonly text: string };

export type NodeStep = { readonly state: NodeState; readonly effects: readonly NodeEffect[] };
