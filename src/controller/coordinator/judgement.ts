// What a recorded operation means for the transition that is under way.
import { INFINITY_SCORE } from '../../kit/index.ts';
import type { OperationRecord } from '../document/status.ts';
import { type EngineState, stateOfTask } from '../transition/engine.ts';
import { parseTransitionKey } from '../transition/task.ts';

export type Judgement =
  /** What the transition waits for. */
  | { readonly kind: 'expected'; readonly task: number }
  /** The task was answered, but not as it should: what follows must be worked out anew. */
  | { readonly kind: 'failed'; readonly task: number; readonly reason: string }
  /** Under way, nothing to conclude. */
  | { readonly kind: 'pending' }
  /** News from outside the transition: what follows must be worked out anew. */
  | { readonly kind: 'unexpected'; readonly reason: string; readonly priority: number };

/** `uuid` is that of the coordinator's term, `engine` its last transition, ended or not. */
export function judge(
  { entry }: Pick<OperationRecord, 'entry'>,
  { uuid, engine }: { readonly uuid: string; readonly engine: EngineState | undefined },
): Judgement {
  const name = `${entry.operation_key ?? entry.id} on ${entry.on_node ?? 'a node'}`;
  if (entry['op-status'] === '-1') return { kind: 'pending' };
  const key = parseTransitionKey(entry['transition-key']);
  if (key === undefined || key.transition < 0) return unexpected(`${name} was done from outside of the cluster`);
  const failed = entry['op-status'] !== '0' || Number(entry['rc-code']) !== key.expectedCode;
  const outcome = failed ? `came to ${entry['rc-code']} instead of ${key.expectedCode}` : 'succeeded';
  if (key.uuid !== uuid) return unexpected(`${name}, ordered by a former coordinator, ${outcome}`);
  if (engine === undefined || key.transition !== engine.transition.number) {
    return unexpected(`${name}, of transition ${key.transition}, ${outcome}`);
  }
  switch (stateOfTask(engine, key.action)) {
    case undefined:
    case 'waiting':
      return unexpected(`${name} was not asked for, and ${outcome}`);
    case 'flying':
      if (!failed) return { kind: 'expected', task: key.action };
      return { kind: 'failed', task: key.action, reason: `${name} ${outcome}` };
    case 'confirmed':
    case 'failed':
      return unexpected(`${name} ${outcome}, after it had been answered before`);
  }
}

function unexpected(reason: string): Judgement {
  return { kind: 'unexpected', reason, priority: INFINITY_SCORE };
}
