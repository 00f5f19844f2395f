// The shortest fault schedule that still fails: faults are taken away one by one for as long as any can be.
import { simulate, type Verdict } from './cluster.ts';
import { type Emphasis, keepFaults, type Schedule } from './schedule.ts';

export type Shrunk = { readonly kept: readonly number[]; readonly verdict: Verdict };

export function shrink(schedule: Schedule, failing: Verdict): Shrunk {
  let kept = schedule.faults.map((_, index) => index);
  let verdict = failing;
  for (let at = 0; at < kept.length; ) {
    const fewer = kept.filter((_, index) => index !== at);
    const tried = simulate(keepFaults(schedule, fewer));
    if (tried.violations.length === 0) at++;
    else {
      kept = fewer;
      verdict = tried;
      at = 0;
    }
  }
  return { kept, verdict };
}

/** The one command that shows the failure again. */
export function replayCommand(seed: string, kept: readonly number[], emphasis: Emphasis = 'everything'): string {
  const shape = emphasis === 'everything' ? '' : ` --emphasis ${emphasis}`;
  return `npm run sim -- membership --seed ${seed}${shape} --keep ${kept.length === 0 ? 'none' : kept.join(',')}`;
}
