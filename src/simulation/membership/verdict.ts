// What came of one schedule.

export type Verdict = {
  readonly violations: readonly string[];
  readonly virtualMs: number;
  readonly settledAfterMs: number | undefined;
  readonly delivered: number;
  readonly rings: number;
  readonly steps: number;
  /** Every ring that a node installed, in the order of time. */
  readonly installations: readonly Installation[];
};

export type Installation = { readonly atMs: number; readonly node: number; readonly members: readonly number[] };
