// The coordinator: the one member that decides what is done next. It watches the document change, runs the scheduler
// when something changed that nobody had asked for, and carries the outcome out, one transition at a time.
//
// Every member runs this machine; those that do not lead only follow. A new coordinator starts from the document alone:
// operations that its predecessor ordered stand there as pending, and it decides nothing before each was answered or its
// node is gone.
import type { Instant, XmlElement } from '../../cib/index.ts';
import type { Failure } from '../../kit/index.ts';
import type { NodeName, StatusUpdate } from '../document/status.ts';
import { type FencerState, fencer } from '../fencing/fencer.ts';
import type { ClusterMessage } from '../message.ts';
import type { EngineState, TaskState, TransitionEnd } from '../transition/engine.ts';
import type { Transition } from '../transition/task.ts';
import { type Dampening, nothingDampened } from './dampening.ts';

/** Monotonic milliseconds, and the wall clock that rules and records see. */
export type Clock = { readonly nowMs: number; readonly now: Instant };

export type CoordinatorEvent = Clock &
  (
    | {
        /** All members have the same document. */
        readonly kind: 'together';
        readonly leads: boolean;
        /** New for each term: names it in transition keys. */
        readonly term: string;
        readonly cib: XmlElement;
        /** Members that are going to tell what they run (`node-history`); nothing is decided before. */
        readonly reporting: readonly NodeName[];
        /** Members that no majority knows of since their daemons began. */
        readonly strangers: readonly NodeName[];
        /** By name of a member, the boot of its machine: another one than before means that the node was down. */
        readonly boots: ReadonlyMap<string, string>;
      }
    /** Nothing is decided before: a node that was lost gives up by itself until then what it runs. */
    | { readonly kind: 'hold'; readonly untilMs: number }
    /** The membership is being worked out: nobody leads. */
    | { readonly kind: 'apart' }
    | {
        readonly kind: 'changed';
        readonly what: 'configuration' | 'status' | 'everything';
        readonly by: string;
        readonly updates: readonly StatusUpdate[];
        readonly cib: XmlElement;
      }
    /** An ordered message that changes no document. */
    | { readonly kind: 'delivered'; readonly message: ClusterMessage }
    /** Somebody wants the cluster looked at again. */
    | { readonly kind: 'recheck'; readonly reason: string }
    | { readonly kind: 'tick' }
  );

export type CoordinatorEffect =
  | { readonly kind: 'multicast'; readonly message: ClusterMessage }
  /** To whoever asked for something by a message. */
  | { readonly kind: 'answer'; readonly request: string; readonly outcome: 'accepted' | Failure }
  | { readonly kind: 'transition-begun'; readonly record: TransitionRecord }
  | { readonly kind: 'transition-ended'; readonly record: TransitionReport }
  | { readonly kind: 'log'; readonly level: 'error' | 'warning' | 'notice' | 'info'; readonly text: string };

/** With this the decision can be made again, and explained. */
export type TransitionRecord = {
  readonly number: number;
  readonly term: string;
  /** In words, oldest first. */
  readonly causes: readonly string[];
  /** What the scheduler was given. */
  readonly input: XmlElement;
  readonly now: Instant;
  readonly transition: Transition;
};

export type TransitionReport = {
  readonly number: number;
  readonly term: string;
  readonly end: TransitionEnd;
  readonly reason: string;
  /** What came of each task, in the order of the transition. */
  readonly outcomes: readonly TaskOutcome[];
  readonly now: Instant;
};

export type TaskOutcome = {
  readonly state: TaskState;
  /** Milliseconds since the transition began; undefined for what was not begun. */
  readonly startedMs: number | undefined;
  /** Undefined for what was not answered. */
  readonly endedMs: number | undefined;
  /** Of a failure, as the node told it. */
  readonly reason: string | undefined;
};

export type CoordinatorState = {
  readonly leads: boolean;
  readonly term: string;
  readonly cib: XmlElement | undefined;
  /** The last transition, under way or ended. */
  readonly engine: EngineState | undefined;
  readonly engineStartMs: number;
  /** Transitions of this term. */
  readonly transitions: number;
  /** Why what follows has to be worked out anew; empty: all is as decided. */
  readonly causes: readonly string[];
  /** Ids of members that have not told yet what they run. */
  readonly reporting: ReadonlySet<string>;
  readonly strangers: readonly NodeName[];
  /** The last one seen of each node, members and others. */
  readonly boots: ReadonlyMap<string, string>;
  /** Until then reports and operations of a former term are waited for. */
  readonly settlingUntilMs: number | undefined;
  readonly recheckAtMs: number | undefined;
  /** No decision before. */
  readonly heldUntilMs: number;
  /** By name of the node, how often in a row fencing it failed. */
  readonly fencingFailures: ReadonlyMap<string, number>;
  readonly fencer: FencerState;
  /** Every member knows them; the coordinator writes them. */
  readonly dampening: Dampening;
};

export type CoordinatorStep = { readonly state: CoordinatorState; readonly effects: readonly CoordinatorEffect[] };

export const initialCoordinator: CoordinatorState = {
  leads: false,
  term: '',
  cib: undefined,
  engine: undefined,
  engineStartMs: 0,
  transitions: 0,
  causes: [],
  reporting: new Set(),
  strangers: [],
  boots: new Map(),
  settlingUntilMs: undefined,
  recheckAtMs: undefined,
  heldUntilMs: 0,
  fencingFailures: new Map(),
  fencer: fencer(''),
  dampening: nothingDampened,
};
