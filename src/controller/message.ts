// What the members of a cluster say to one another through the ordered stream. Every member sees the same messages in the
// same order, and what a message does to the document depends on nothing else.
import type { Edit } from './document/edit.ts';
import type { NodeName, StatusUpdate } from './document/status.ts';
import type { TransitionSummary } from './transition/summary.ts';

/** Where a document stands in the cluster's history (store/record.ts). */
export type Place = { readonly term: number; readonly index: number; readonly chain: number };

export type Hello = {
  readonly kind: 'hello';
  /** Of the ring that it answers. */
  readonly ring: string;
  readonly node: { readonly id: string; readonly name: string };
  /** New at each start of the machine, or of the container. */
  readonly boot: string;
  readonly cluster: string;
  readonly version: string;
  readonly place: Place;
  readonly trusted: boolean;
  /** Of the whole document, status and all. */
  readonly digest: string;
  /** For so long, in ms from when this is heard, what a lost member held may not be taken over. */
  readonly heldForMs: number;
  /** It was together with a quorate membership since its daemon began: a majority knows of it. */
  readonly known: boolean;
};

/** An operation for one node to run, complete: the node needs no document to run it. */
export type ExecutionOrder = {
  /** `ACTION:TRANSITION:EXPECTED-RC:UUID`, as recorded in the history. */
  readonly transitionKey: string;
  readonly operationKey: string;
  readonly resource: {
    readonly id: string;
    readonly class: string;
    readonly provider: string | undefined;
    readonly type: string;
  };
  readonly operation: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly startDelayMs: number;
  readonly expectedCode: number;
  readonly parameters: Readonly<Record<string, string>>;
  readonly meta: Readonly<Record<string, string>>;
  readonly digest: string;
  /** When it was given, by the coordinator's clock; a pending operation is recorded with it. */
  readonly givenAtSeconds: number;
};

/** One attempt to fence a node, complete: the node that makes it needs no document. */
export type FencingOrder = {
  readonly attempt: string;
  /** The node that runs the agent. */
  readonly node: string;
  readonly target: string;
  readonly device: {
    readonly id: string;
    /** Type of the agent, `fence_ipmilan`. */
    readonly agent: string;
    readonly parameters: Readonly<Record<string, string>>;
  };
  readonly action: 'on' | 'off' | 'reboot';
  /** Of one run of the agent. */
  readonly timeoutMs: number;
};

export type ClusterMessage =
  | Hello
  /** The source's document, for members that have another. */
  | {
      readonly kind: 'document';
      readonly ring: string;
      readonly place: Place;
      /** The oldest change that the source still tells apart from another of the same number. */
      readonly knownFrom: number;
      readonly xml: string;
      /** Members whose history parted from this one. */
      readonly diverged: readonly string[];
    }
  /** A change of the configuration, to be made if the document still stands at `base`. */
  | {
      readonly kind: 'change';
      readonly request: string;
      readonly base: number;
      readonly patch: string;
      readonly by: string;
    }
  | { readonly kind: 'stored'; readonly index: number }
  | { readonly kind: 'status'; readonly updates: readonly StatusMessage[] }
  /** For the node that runs it; its result counts `on` that node, or on the remote one it acts for. */
  | { readonly kind: 'execute'; readonly node: string; readonly on: NodeName; readonly order: ExecutionOrder }
  | {
      readonly kind: 'cancel';
      readonly node: string;
      readonly resource: string;
      readonly operation: string;
      readonly intervalMs: number;
      readonly transitionKey: string;
    }
  /** For the node that runs the device's agent. */
  | { readonly kind: 'fence'; readonly order: FencingOrder }
  | { readonly kind: 'fence-answer'; readonly attempt: string; readonly failure: string | undefined }
  /** It is over: `failure` undefined says that it worked. The status section was changed before. */
  | {
      readonly kind: 'fenced';
      readonly target: NodeName;
      readonly action: string;
      /** Transition keys, and requests of administrators. */
      readonly requests: readonly string[];
      readonly by: string;
      readonly device: string;
      readonly failure: string | undefined;
    }
  /** An administrator wants a node fenced, or vouches that it is down. */
  | {
      readonly kind: 'fence-request';
      readonly request: string;
      readonly target: string;
      readonly action: 'on' | 'off' | 'reboot';
      readonly by: string;
    }
  /** The node is to fail, as a test. */
  | {
      readonly kind: 'kill-test';
      readonly node: string;
      readonly how: 'daemon' | 'freeze' | 'silence';
      readonly forMs: number;
      readonly by: string;
    }
  | { readonly kind: 'fence-confirm'; readonly target: string; readonly by: string }
  /** The cluster's node list from here on, unless a list of the same or a higher revision came before it. */
  | {
      readonly kind: 'node-list';
      readonly revision: number;
      readonly highestId: number;
      readonly nodes: readonly {
        readonly name: string;
        readonly id: number;
        readonly addresses: readonly string[];
      }[];
      readonly by: string;
    }
  /** A transient attribute is to change, at once or once it has been quiet for `dampenMs`. */
  | {
      readonly kind: 'attribute';
      readonly node: NodeName;
      readonly name: string;
      readonly value: string | undefined;
      readonly dampenMs: number;
    }
  /** For everybody's history: the document of this version, which every member has just now, is what was decided on. */
  | { readonly kind: 'decision'; readonly number: number; readonly version: string }
  /** What was decided, and later once more what came of it. */
  | { readonly kind: 'transition'; readonly summary: TransitionSummary }
  /** The node may go: nothing runs there any more. */
  | { readonly kind: 'dismiss'; readonly node: string; readonly transitionKey: string };

/** `companions`: behind a gap in the order of a ring that is over (membership/engine.ts). */
export type HeardMessage = {
  readonly from: number;
  readonly message: ClusterMessage;
  readonly heardBy: 'ring' | 'companions';
};

/** A status update as it travels: elements as text. */
export type StatusMessage =
  | Exclude<StatusUpdate, { kind: 'node-history' }>
  | {
      readonly kind: 'node-history';
      readonly node: { readonly id: string; readonly name: string };
      readonly xml: string;
    };

/** What an administrator wants, waiting for its turn. */
export type ChangeRequest = { readonly id: string; readonly edit: Edit; readonly by: string };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeClusterMessage(message: ClusterMessage): Uint8Array {
  return encoder.encode(JSON.stringify(message));
}

/** Only members of our own group write here; what cannot be read comes from another version and is passed over. */
export function decodeClusterMessage(bytes: Uint8Array): ClusterMessage | undefined {
  try {
    const message = JSON.parse(decoder.decode(bytes)) as ClusterMessage;
    return typeof message.kind === 'string' ? message : undefined;
  } catch {
    return undefined;
  }
}
