// Preferences of a resource and of everything that follows it, added up; see `colocation/accumulation.ts`.

/** What a resource and its followers add, by node index. */
export type Accumulation = {
  /** Sums of what is added and of what is taken, infinities apart. */
  readonly gains: Float64Array;
  readonly losses: Float64Array;
  /** Bits: `attracts` and `forbids`. */
  readonly infinities: Uint8Array;
  /** Sums in which this one is contained. */
  readonly containers: Accumulation[];
  isStale: boolean;
};
