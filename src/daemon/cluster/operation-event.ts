// What came of operations, as events for people: told on every node, of every node.
import { exitCodeText } from '../../cib/index.ts';
import type { ClusterMessage } from '../../controller/index.ts';

export type OperationEvent = { readonly level: 'info' | 'warning'; readonly text: string };

/** One for each operation that a message says has ended: `web_start_0 on n1: ok after 148 ms`. */
export function operationEventsOf(message: ClusterMessage): OperationEvent[] {
  if (message.kind !== 'status') return [];
  return message.updates.flatMap((update) => {
    if (update.kind !== 'operation' || update.entry['op-status'] === '-1') return [];
    const { node, entry, resource, performed } = update;
    const code = Number(entry['rc-code']);
    const fine = wentWell((name) => entry[name]);
    const said = entry['exit-reason'] ? `: ${entry['exit-reason']}` : '';
    const result = isProbe((name) => entry[name]) && code === 0 ? 'running' : exitCodeText(code);
    const key = performed === undefined ? entry.operation_key : `${resource.id}_${performed}_0`;
    const text = `${key} on ${node.name}: ${result} after ${entry['exec-time'] ?? 0} ms${said}`;
    return [{ level: fine ? 'info' : 'warning', text } as const];
  });
}

/** An attribute of an `lrm_rsc_op`. */
type EntryAttribute = (name: string) => string | undefined;

/** Of what has ended: whether it did what it was asked for. A probe has when it says how the resource is. */
export function wentWell(at: EntryAttribute): boolean {
  const code = Number(at('rc-code'));
  const expected = Number(at('transition-key')?.split(':')[2] ?? 0);
  return at('op-status') === '0' && (code === expected || (isProbe(at) && [0, 7, 8].includes(code)));
}

function isProbe(at: EntryAttribute): boolean {
  return at('operation') === 'monitor' && at('interval') === '0';
}
