import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterMessage } from '../../controller/index.ts';
import { operationEventsOf } from './operation-event.ts';

const node = { id: '1', name: 'n1' };
const resource = { id: 'web', class: 'ocf', provider: 'heartbeat', type: 'apache' };

function ended(entry: Readonly<Record<string, string>>, more: { readonly performed?: string } = {}): ClusterMessage {
  const usual = {
    operation: 'start',
    interval: '0',
    operation_key: 'web_start_0',
    'op-status': '0',
    'exec-time': '12',
  };
  return {
    kind: 'status',
    updates: [{ kind: 'operation', node, resource, failure: false, entry: { ...usual, ...entry }, ...more }],
  };
}

const monitor = { operation: 'monitor', operation_key: 'web_monitor_0' };

test('an operation that ended is told with its node, its result and its reason', () => {
  assert.deepEqual(operationEventsOf(ended({ 'rc-code': '0', 'transition-key': '1:2:0:t' })), [
    { level: 'info', text: 'web_start_0 on n1: ok after 12 ms' },
  ]);
  const failed = { 'rc-code': '1', 'transition-key': '1:2:0:t', 'exit-reason': 'no such file' };
  assert.deepEqual(operationEventsOf(ended(failed)), [
    { level: 'warning', text: 'web_start_0 on n1: error after 12 ms: no such file' },
  ]);
});

test('a probe that finds what was not believed has not failed', () => {
  assert.deepEqual(operationEventsOf(ended({ ...monitor, 'rc-code': '0', 'transition-key': '1:2:7:t' })), [
    { level: 'info', text: 'web_monitor_0 on n1: running after 12 ms' },
  ]);
  const [broken] = operationEventsOf(ended({ ...monitor, 'rc-code': '5', 'transition-key': '1:2:7:t' }));
  assert.equal(broken?.level, 'warning');
});

test('a reload is told as one, though the document has it as a start', () => {
  const done = { 'rc-code': '0', 'transition-key': '1:2:0:t' };
  assert.deepEqual(operationEventsOf(ended(done, { performed: 'reload-agent' })), [
    { level: 'info', text: 'web_reload-agent_0 on n1: ok after 12 ms' },
  ]);
});

test('an operation that is under way is not told', () => {
  assert.deepEqual(operationEventsOf(ended({ 'op-status': '-1', 'rc-code': '193' })), []);
});
