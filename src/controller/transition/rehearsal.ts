// A transition as the engine would carry it out if each task took as long as it is said to: what begins when, and when all of
// it is over. The engine itself decides, so that a forecast has the order and the limits of what is then done.
import { engine, step } from './engine.ts';
import type { Task, Transition } from './task.ts';

/** Milliseconds since the beginning of the transition. */
export type RehearsedTask = { readonly task: Task; readonly beginsMs: number; readonly endsMs: number };

/** Every task but milestones, in the order in which they would begin; `durationMsOf` answers 0 for what takes no time. */
export function rehearse(transition: Transition, durationMsOf: (task: Task) => number): readonly RehearsedTask[] {
  const rehearsed: RehearsedTask[] = [];
  const flying = new Set<RehearsedTask>();
  let run = step(engine(transition), { kind: 'started', nowMs: 0 });
  for (let nowMs = 0; ; ) {
    for (const effect of run.effects) {
      if (effect.kind !== 'perform') continue;
      const begun = { task: effect.task, beginsMs: nowMs, endsMs: nowMs + durationMsOf(effect.task) };
      rehearsed.push(begun);
      flying.add(begun);
    }
    const next = earliest(flying);
    if (next === undefined) return rehearsed;
    flying.delete(next);
    nowMs = next.endsMs;
    run = step(run.state, { kind: 'confirmed', task: next.task.id, nowMs });
  }
}

/** Of those that end at the same moment the one that began first. */
function earliest(flying: ReadonlySet<RehearsedTask>): RehearsedTask | undefined {
  let first: RehearsedTask | undefined;
  for (const each of flying) if (first === undefined || each.endsMs < first.endsMs) first = each;
  return first;
}
