/** A failing run, judged. */
type Judged = { readonly violations: readonly string[] };

export type Shrunk<Verdict> = { readonly kept: readonly number[]; readonly verdict: Verdict };

/** The shortest fault schedule that still fails: of `count` faults they are taken away one by one while any can be. */
export function shrinkFaults<Verdict extends Judged>(
  count: number,
  failing: Verdict,
  simulateWith: (kept: readonly number[]) => Verdict,
): Shrunk<Verdict> {
  let kept = Array.from({ length: count }, (_, index) => index);
  let verdict = failing;
  for (let at = 0; at < kept.length; ) {
    const fewer = kept.filter((_, index) => index !== at);
    const tried = simulateWith(fewer);
    if (tried.violations.length === 0) at++;
    else {
      kept = fewer;
      verdict = tried;
      at = 0;
    }
  }
  return { kept, verdict };
}

/** The one command that shows a failure again; `shape` are options that the schedule was drawn with. */
export function replayCommand(
  simulator: 'vrrp' | 'membership' | 'cluster',
  seed: string,
  kept: readonly number[],
  shape = '',
): string {
  return `npm run sim -- ${simulator} --seed ${seed}${shape} --keep ${kept.length === 0 ? 'none' : kept.join(',')}`;
}
