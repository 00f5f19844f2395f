// What a sweep over many schedules has seen, summed.

/** What one schedule came to. `longestMs` is taken as a maximum over schedules, everything else as a sum. */
export type Outcome = {
  readonly virtualMs: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly longestMs: Readonly<Record<string, number>>;
  readonly faultKinds: readonly string[];
  /** A violation of the laws as it is reported, with its replay command. */
  readonly failure?: string | undefined;
  /** What was looked for has been found: the sweep ends here, with this exit code. */
  readonly found?: { readonly text: string; readonly exitCode: number } | undefined;
};

export type Longest = { readonly ms: number; readonly seed: string };

export type Tally = {
  schedules: number;
  failures: number;
  virtualMs: number;
  readonly counts: Map<string, number>;
  readonly longest: Map<string, Longest>;
  readonly faults: Map<string, number>;
};

export function emptyTally(): Tally {
  return { schedules: 0, failures: 0, virtualMs: 0, counts: new Map(), longest: new Map(), faults: new Map() };
}

/** `seed` is that of the schedule. */
export function count(tally: Tally, seed: string, outcome: Outcome): void {
  tally.schedules++;
  tally.virtualMs += outcome.virtualMs;
  if (outcome.failure !== undefined) tally.failures++;
  for (const [name, amount] of Object.entries(outcome.counts)) add(tally.counts, name, amount);
  for (const kind of outcome.faultKinds) add(tally.faults, kind, 1);
  for (const [name, ms] of Object.entries(outcome.longestMs)) {
    const longest = tally.longest.get(name);
    if (longest === undefined || ms > longest.ms) tally.longest.set(name, { ms, seed });
  }
}

/** The report at the end of a sweep: two lines. `elapsedMs` is real time. */
export function describeTally(tally: Tally, seed: string, elapsedMs: number): string {
  const hours = (tally.virtualMs / 3_600_000).toFixed(2);
  const parts = [
    `${hours} virtual hours in ${(elapsedMs / 1000).toFixed(1)} s`,
    ...[...tally.counts].map(([name, amount]) => `${amount} ${name}`),
    ...[...tally.longest].map(([name, { ms, seed: which }]) => `${name} ${Math.round(ms)} ms (schedule ${which})`),
  ];
  const kinds = [...tally.faults]
    .sort(([kind, one], [otherKind, other]) => other - one || (kind < otherKind ? -1 : 1))
    .map(([kind, amount]) => `${amount} ${kind}`);
  return (
    `${tally.schedules} schedules of seed ${seed}: ${tally.failures} with violations; ${parts.join(', ')}\n` +
    `faults: ${kinds.length === 0 ? 'none' : kinds.join(', ')}`
  );
}

function add(sums: Map<string, number>, name: string, amount: number): void {
  sums.set(name, (sums.get(name) ?? 0) + amount);
}

/** The numbers `from` … `from + schedules - 1` in at most `jobs` slices that differ by one at most. */
export function slices(from: number, schedules: number, jobs: number): { from: number; schedules: number }[] {
  const parts = Math.min(jobs, schedules);
  return Array.from({ length: parts }, (_, part) => {
    const start = Math.floor((part * schedules) / parts);
    return { from: from + start, schedules: Math.floor(((part + 1) * schedules) / parts) - start };
  });
}
