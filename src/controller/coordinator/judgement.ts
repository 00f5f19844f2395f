// What a recorded operation means for the transition that is under way.
import { INFINITY_SCORE } from '../../kit/index.ts';
import type { OperationRecord } from '../document/status.ts';
import { type EngineState, stateOfTask } from '../transition/engine.ts';
import { parseTransitionKey } from '../transition/task.ts';

export type Judgement =
  /** What the transition waits for. */
  | { readonly kind: 'expected'; readonly task: number }
  /** A probe did what it is for and found another state than was believed; what waits for it must not begin. */
  | { readonly kind: 'discovered'; readonly task: number; readonly reason: string }
  /** The task was answered, but not as it should: what follows must be worked out anew. */
  | { readonly kind: 'failed'; readonly task: number; readonly reason: string }
  /** Under way, nothing to conclude. */
  | { readonly kind: 'pending' }
  /** News from outside the transition: what follows must be worked out anew. */
  | { readonly kind: 'unexpected'; readonly reason: string; readonly priority: number };

/** OCF return codes that tell how a resource is, and say of it nothing wrong. */
const states: ReadonlyMap<string, string> = new Map([
  ['0', 'running'],
  ['7', 'stopped'],
  ['8', 'promoted'],
]);

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
  const found = stateFound(entry);
  switch (stateOfTask(engine, key.action)) {
    case undefined:
    case 'waiting':
      return unexpected(`${name} was not asked for, and ${outcome}`);
    case 'flying':
      if (!failed) return { kind: 'expected', task: key.action };
      if (found !== undefined) return { kind: 'discovered', task: key.action, reason: `${name} found it ${found}` };
      return { kind: 'failed', task: key.action, reason: `${name} ${outcome}` };
    case 'confirmed':
    case 'failed':
      return unexpected(`${name} ${outcome}, after it had been answered before`);
  }
}

/** How the resource is, where a probe says it; any other answer is a failure. */
function stateFound(entry: OperationRecord['entry']): string | undefined {
  const probe = entry.operation === 'monitor' && entry.interval === '0' && entry['op-status'] === '0';
  return probe ? states.get(entry['rc-code'] ?? '') : undefined;
}

function unexpected(reason: string): Judgement {
  return { kind: 'unexpected', reason, priority: INFINITY_SCORE };
}
