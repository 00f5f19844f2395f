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
    const expected = Number(entry['transition-key']?.split(':')[2] ?? 0);
    const probe = entry.operation === 'monitor' && entry.interval === '0';
    const fine = entry['op-status'] === '0' && (code === expected || (probe && [0, 7, 8].includes(code)));
    const said = entry['exit-reason'] ? `: ${entry['exit-reason']}` : '';
    const result = probe && code === 0 ? 'running' : exitCodeText(code);
    const key = performed === undefined ? entry.operation_key : `${resource.id}_${performed}_0`;
    const text = `${key} on ${node.name}: ${result} after ${entry['exec-time'] ?? 0} ms${said}`;
    return [{ level: fine ? 'info' : 'warning', text } as const];
  });
}
