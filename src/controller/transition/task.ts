// A transition as plain data: what is to be done, each task with what has to be confirmed before it. Nothing in it refers
// to the scheduler's working set, so it can be kept, shown and carried out again.
import type { NodeName } from '../document/status.ts';
import type { ExecutionOrder } from '../message.ts';

export type Work =
  /** Done as soon as its inputs are. */
  | { readonly kind: 'milestone' }
  /** `via` runs it on behalf of a remote node. */
  | { readonly kind: 'execute'; readonly node: NodeName; readonly via: string; readonly order: ExecutionOrder }
  | {
      readonly kind: 'cancel';
      readonly node: NodeName;
      readonly via: string;
      readonly resource: string;
      readonly operation: string;
      readonly intervalMs: number;
      readonly transitionKey: string;
    }
  | {
      readonly kind: 'fence';
      readonly target: NodeName;
      readonly action: FenceAction;
      /** The node is given this long to shoot first (priority-fencing-delay). */
      readonly delayMs: number;
      readonly transitionKey: string;
    }
  /** A guest whose host was fenced or whose container was stopped: it is gone without being shot. */
  | { readonly kind: 'guest-gone'; readonly target: NodeName }
  /** Nothing runs there any more: the node may go. */
  | { readonly kind: 'dismiss'; readonly node: NodeName; readonly transitionKey: string }
  | { readonly kind: 'forget-history'; readonly node: NodeName; readonly resource: string }
  | { readonly kind: 'forget-failures'; readonly node: NodeName; readonly resource: string };

export type FenceAction = 'on' | 'off' | 'reboot';

export type Task = {
  /** Id of the action in the graph. */
  readonly id: number;
  /** `RSC_OPERATION_INTERVALMS`, or the name of a milestone. */
  readonly key: string;
  /** Of two that may be done, the higher goes first. */
  readonly priority: number;
  /** Ids of what has to be confirmed first; one that is no task of the transition never is. */
  readonly inputs: readonly number[];
  readonly work: Work;
};

export type TransitionLimits = {
  /** Tasks on the way at the same time; Infinity: no limit. */
  readonly tasksMax: number;
  /** Live migrations from and to one node at the same time. */
  readonly migrationsMax: number;
  /** Added to an operation's timeout for the way there and back. */
  readonly clusterDelayMs: number;
  /** What a node has to go once it was dismissed. */
  readonly dismissalMs: number;
};

export type Transition = {
  readonly number: number;
  /** Of the coordinator's term: with the number it names the transition among all there ever were. */
  readonly uuid: string;
  readonly tasks: readonly Task[];
  readonly limits: TransitionLimits;
  /** When the cluster is to be looked at again, by the wall clock; undefined: nothing changes by time alone. */
  readonly recheckBySeconds: number | undefined;
};

/** What `transition-key` says: `ACTION:TRANSITION:EXPECTED-RC:UUID`. */
export type TransitionKey = {
  readonly action: number;
  readonly transition: number;
  readonly expectedCode: number;
  readonly uuid: string;
};

export function formatTransitionKey({ action, transition, expectedCode, uuid }: TransitionKey): string {
  return `${action}:${transition}:${expectedCode}:${uuid}`;
}

export function parseTransitionKey(text: string | undefined): TransitionKey | undefined {
  const match = /^(-?\d+):(-?\d+):(-?\d+):(.+)$/.exec(text ?? '');
  if (match === null) return undefined;
  const [action = 0, transition = 0, expectedCode = 0] = match.slice(1, 4).map(Number);
  return { action, transition, expectedCode, uuid: match[4] ?? '' };
}
