// What the main thread and the VRRP worker tell each other: plain data, in order.
import type { Failure, LogLevel } from '../../kit/index.ts';
import type { Notification, TrackerKind, TrackerReport, VrrpConfiguration } from '../../vrrp/index.ts';
import type { Snapshot } from './snapshot.ts';

/** What the worker starts with. */
export type WorkerStart = {
  readonly configuration: VrrpConfiguration;
  /** Reports known before the start, so that the first state is the right one. */
  readonly reports: readonly TrackerNews[];
  /** The command by which the guardian starts a daemon again that died or hung; undefined: somebody else does. */
  readonly restartWords: readonly string[] | undefined;
};

export type TrackerNews = { readonly tracker: TrackerKind; readonly name: string; readonly report: TrackerReport };

export type ToWorker =
  | ({ readonly kind: 'tracker' } & TrackerNews)
  | { readonly kind: 'reconfigure'; readonly configuration: VrrpConfiguration }
  | { readonly kind: 'snapshot'; readonly id: number }
  | { readonly kind: 'clear-statistics' }
  | { readonly kind: 'stop' };

export type FromWorker =
  | { readonly kind: 'log'; readonly level: LogLevel; readonly message: string }
  | { readonly kind: 'notify'; readonly notification: Notification }
  | { readonly kind: 'snapshot'; readonly id: number; readonly snapshot: Snapshot }
  /** Instances that hold their addresses now: what a guardian has to take down when this process dies. */
  | { readonly kind: 'held'; readonly instances: readonly string[] }
  /** The worker cannot start. */
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'stopped' };
