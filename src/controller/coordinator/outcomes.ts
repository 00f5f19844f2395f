// What came of each task of a transition, for its record.
import type { XmlElement } from '../../cib/index.ts';
import { recordedOperations } from '../document/query.ts';
import type { EngineState } from '../transition/engine.ts';
import type { Task } from '../transition/task.ts';
import type { TaskOutcome } from './state.ts';

type When = { readonly engineStartMs: number; readonly cib: XmlElement | undefined };

export function outcomesOf(engine: EngineState, { engineStartMs, cib }: When): TaskOutcome[] {
  const timings = new Map(engine.timings.map((timing) => [timing.task, timing]));
  return engine.transition.tasks.map((task, position): TaskOutcome => {
    const state = engine.states[position] ?? 'waiting';
    const timing = timings.get(task.id);
    const startedMs = timing?.startedMs ?? engine.flying.get(position)?.startedMs;
    return {
      state,
      startedMs: startedMs === undefined ? undefined : startedMs - engineStartMs,
      endedMs: timing === undefined ? undefined : timing.endedMs - engineStartMs,
      reason: state === 'failed' ? reasonOf(task, cib) : undefined,
    };
  });
}

/** As its node told it; what nobody told was not answered in time, or its node is gone. */
function reasonOf({ work }: Task, cib: XmlElement | undefined): string {
  const recorded =
    work.kind !== 'execute' || cib === undefined
      ? undefined
      : recordedOperations(cib).find(
          ({ node, entry }) =>
            node.id === work.node.id && entry.get('transition-key') === work.order.transitionKey && isAnswer(entry),
        );
  if (recorded === undefined) return 'no answer';
  const { entry } = recorded;
  const said = entry.get('exit-reason') ?? '';
  const code = `came to ${entry.get('rc-code')}`;
  return said === '' ? code : `${code}: ${said}`;
}

function isAnswer(entry: XmlElement): boolean {
  return entry.get('op-status') !== '-1';
}
