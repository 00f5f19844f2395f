// What a node's API says and takes: JSON over HTTP on a Unix socket. The command line, a dashboard and an exporter are all
// clients of this; nothing else of the daemon is visible to them. Every shape is plain data.
import type { Edit, TransitionSummary } from '../controller/index.ts';
import type { Failure } from '../kit/index.ts';

/** Root and the group `haclient` may connect. */
export const defaultSocketPath = '/run/haven/api.sock';

export type NodeView = {
  readonly id: string;
  readonly name: string;
  /** `joining`: a member of the ring whose document is not the cluster's yet. `lost`: gone without a word. */
  readonly state: 'online' | 'standby' | 'maintenance' | 'joining' | 'stopping' | 'offline' | 'lost';
  readonly coordinator: boolean;
  /** The node that answers. */
  readonly self: boolean;
  readonly running: number;
  /** Permanent and transient attributes, without the cluster's own (`#…`). */
  readonly attributes: Readonly<Record<string, string>>;
};

export type ResourceState =
  | 'started'
  | 'stopped'
  | 'promoted'
  | 'unpromoted'
  | 'starting'
  | 'stopping'
  | 'failed'
  | 'blocked'
  /** Active on more nodes than it may be. */
  | 'multiple';

export type ResourceView = {
  readonly id: string;
  readonly kind: 'primitive' | 'group' | 'clone' | 'bundle';
  /** `ocf:heartbeat:IPaddr2`; undefined for what only contains others. */
  readonly agent: string | undefined;
  readonly state: ResourceState;
  readonly nodes: readonly string[];
  readonly managed: boolean;
  readonly maintenance: boolean;
  /** `target-role=Stopped`. */
  readonly disabled: boolean;
  /** Known from history only. */
  readonly removed: boolean;
  readonly children: readonly ResourceView[];
};

export type FailureView = {
  readonly resource: string;
  readonly node: string;
  readonly operation: string;
  readonly intervalMs: number;
  readonly code: number;
  readonly meaning: string;
  readonly reason: string;
  /** Seconds since 1970. */
  readonly at: number;
  readonly failCount: number;
};

export type ActivityView = { readonly what: string; readonly node: string; readonly sinceMs: number };

export type ClusterStatus = {
  readonly cluster: string;
  readonly version: string;
  readonly node: string;
  readonly phase: 'apart' | 'joining' | 'together';
  readonly coordinator: string | undefined;
  readonly quorum: {
    readonly quorate: boolean;
    readonly votes: number;
    readonly expectedVotes: number;
    readonly votesNeeded: number;
  };
  readonly nodes: readonly NodeView[];
  readonly resources: readonly ResourceView[];
  /** Virtual addresses of running address resources. */
  readonly addresses: readonly { readonly address: string; readonly resource: string; readonly node: string }[];
  readonly failures: readonly FailureView[];
  readonly activity: readonly ActivityView[];
  /** `admin_epoch.epoch.num_updates` of the document. */
  readonly documentVersion: string;
  readonly properties: Readonly<Record<string, string>>;
  /** What an administrator should know: no fencing, no third vote, a copy kept aside … */
  readonly warnings: readonly string[];
};

/** What is not a change of the configuration. */
export type Command =
  /** Forget failures (and with `refresh` everything known) of a resource, or of all, on a node, or on all: it is probed again. */
  | {
      readonly kind: 'cleanup' | 'refresh';
      readonly resource: string | undefined;
      readonly node: string | undefined;
    }
  /** A transient attribute; undefined removes it. It is written once it has been quiet for `dampenMs` (default: at once). */
  | {
      readonly kind: 'attribute';
      readonly node: string;
      readonly name: string;
      readonly value: string | undefined;
      readonly dampenMs?: number;
    }
  | { readonly kind: 'fence'; readonly node: string; readonly action: 'off' | 'reboot' | 'on' }
  /** The administrator swears that the node is off. */
  | { readonly kind: 'confirm-fenced'; readonly node: string }
  /** Take a node that is gone off the cluster's list; `force` although it is not known to be off. */
  | { readonly kind: 'remove-node'; readonly node: string; readonly force: boolean }
  /** Make a node fail, for real: a test of what the cluster does then. `forMs` is for `silence`. */
  | { readonly kind: 'kill-test'; readonly node: string; readonly how: KillTestKind; readonly forMs: number }
  /** Whether what needs a ticket may run at this site. */
  | { readonly kind: 'ticket'; readonly ticket: string; readonly change: 'grant' | 'revoke' | 'standby' | 'activate' }
  /** Run the scheduler now. */
  | { readonly kind: 'reschedule' }
  /** Move everything away and end this node's daemon. */
  | { readonly kind: 'stop-node' };

/** Its daemon is killed; its daemon stands still; it neither speaks nor hears for a while. */
export type KillTestKind = 'daemon' | 'freeze' | 'silence';

export type Outcome = { readonly ok: true } | { readonly ok: false; readonly failure: Failure };

/** The cluster's nodes, and how often the list has changed: of two lists the higher revision is the cluster's. */
export type NodeList = {
  readonly revision: number;
  /** Ever given to a node. */
  readonly highestId: number;
  readonly nodes: readonly { readonly name: string; readonly id: number; readonly addresses: readonly string[] }[];
};

/** The token is for `haven cluster join`; `endsAt` in milliseconds since 1970. */
export type InvitationOutcome =
  | { readonly ok: true; readonly token: string; readonly endsAt: number }
  | { readonly ok: false; readonly failure: Failure };

export type EditRequest = { readonly edit: Edit };

/** A line of the event stream, oldest first. `sequence` grows by one at each event of this daemon. */
export type EventView = {
  readonly sequence: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly kind: 'membership' | 'quorum' | 'document' | 'operation' | 'transition' | 'fencing' | 'log';
  readonly level: 'error' | 'warning' | 'notice' | 'info';
  readonly text: string;
};

/** What came of fencing a node. */
export type FencingView = {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly target: string;
  readonly action: string;
  /** Who wanted it. */
  readonly by: string;
  /** What did it, or was tried last. */
  readonly device: string;
  /** Null: it worked. */
  readonly failure: string | null;
};

/** Of the cluster, whoever coordinated. */
export type TransitionView = TransitionSummary;

/** Everything that the API needs of a node; the daemon implements it, tests may too. */
export type NodeService = {
  status(): ClusterStatus;
  /** The document as the standard tools read it. */
  document(): string;
  edit(edit: Edit, by: string): Promise<Outcome>;
  command(command: Command, by: string): Promise<Outcome>;
  nodeList(): NodeList;
  /** Opens the cluster to one machine, for so long. */
  invite(lifetimeMs: number, by: string): InvitationOutcome;
  /** Resolves when no transition runs and none is due; false when that took longer than `withinMs`. */
  settled(withinMs: number): Promise<boolean>;
  events(): readonly EventView[];
  onEvent(listener: (event: EventView) => void): () => void;
  history(): readonly TransitionView[];
  /** Oldest first. */
  fencing(): readonly FencingView[];
  /** The scheduler's input of a recorded transition, or undefined. */
  historyInput(number: number): string | undefined;
};
