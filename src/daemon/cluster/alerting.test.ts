import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterMessage } from '../../controller/index.ts';
import { eventsToTell } from './alerting.ts';

const a = { id: '1', name: 'a' };
const b = { id: '2', name: 'b' };

test('the coordinator tells of the cluster, a node of its own resources, nobody of both', () => {
  const entry = { operation: 'start', 'op-status': '0', 'rc-code': '0', 'transition-key': '1:2:0:t' };
  const resource = { id: 'web', class: 'ocf', provider: 'haven', type: 'process' };
  const said: ClusterMessage = {
    kind: 'status',
    updates: [
      { kind: 'operation', node: b, resource, failure: false, entry },
      { kind: 'attribute', node: b, name: 'pingd', value: '1' },
    ],
  };
  const kinds = (self: string) => eventsToTell(said, { self, coordinator: 'a' }).map(({ kind }) => kind);
  assert.deepEqual(kinds('a'), ['attribute']);
  assert.deepEqual(kinds('b'), ['resource']);
  assert.deepEqual(kinds('c'), []);
  const fenced: ClusterMessage = {
    kind: 'fenced',
    target: b,
    action: 'off',
    requests: [],
    by: 'root',
    device: 'd',
    failure: undefined,
  };
  assert.equal(eventsToTell(fenced, { self: a.name, coordinator: 'a' })[0]?.kind, 'fencing');
  assert.deepEqual(eventsToTell(fenced, { self: b.name, coordinator: 'a' }), []);
});
