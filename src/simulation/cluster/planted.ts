// Bugs planted on purpose: each breaks one law, and shows that its checker sees it.
export const plantedBugs = [
  /** A change is acknowledged when it is said to the others. */
  'lost-acknowledgement',
  /** A fence device says that it worked, and did nothing. */
  'double-start',
  /** A little less than half is taken for a majority. */
  'wrong-quorum',
  /** Nobody takes addresses away when the lease is over. */
  'stale-lease',
] as const;

export type PlantedBug = (typeof plantedBugs)[number];
