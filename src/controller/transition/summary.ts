// A transition as people read it: why, what was to be done, and what came of it.

export type TransitionSummary = {
  /** Counted through by the cluster; a node that was cut off counts by itself meanwhile. */
  readonly number: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Name of the node that decided. */
  readonly coordinator: string;
  readonly cause: string;
  readonly state: 'running' | 'complete' | 'aborted' | 'failed';
  readonly durationMs: number | undefined;
  readonly actions: readonly ActionSummary[];
};

export type ActionSummary = {
  /** Its operation key. */
  readonly what: string;
  readonly node: string;
  /** Since the transition began. */
  readonly startedMs: number | undefined;
  readonly durationMs: number | undefined;
  /** `done`, `failed`, `not answered` (the transition ended first), `not begun`. */
  readonly result: string;
  /** What the agent said, or the cluster, when it failed. */
  readonly reason: string | undefined;
};
