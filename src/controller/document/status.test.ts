import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseXml, walkXml, type XmlElement } from '../../cib/index.ts';
import { transientAttributesOf } from './query.ts';
import { applyStatus, type StatusUpdate } from './status.ts';

const node = { id: '2', name: 'n2' };

test('a node that is lost while it shuts down is lost like any other: the scheduler is not told that it was to go', () => {
  const parsed = parseXml('<cib num_updates="0"><status/></cib>');
  assert.ok(parsed.ok);
  const updates: StatusUpdate[] = [
    { kind: 'node-joined', node },
    { kind: 'attribute', node, name: 'shutdown', value: '1800000000' },
    { kind: 'attribute', node, name: 'pingd', value: '1' },
    { kind: 'node-left', node, how: 'lost' },
  ];
  const cib = updates.reduce(applyStatus, parsed.value);
  assert.deepEqual([...transientAttributesOf(cib, node)], [['pingd', '1']]);
});

test('the last failure of a monitor outlives the monitor', () => {
  const parsed = parseXml('<cib num_updates="0"><status/></cib>');
  assert.ok(parsed.ok);
  const resource = { id: 'web', class: 'ocf', provider: 'heartbeat', type: 'apache' };
  const entry = { id: 'web_monitor_10000', operation: 'monitor', interval: '10000', 'rc-code': '7' };
  const updates: StatusUpdate[] = [
    { kind: 'operation', node, resource, entry, failure: true },
    { kind: 'forget', node, resource: 'web', operation: 'monitor', intervalMs: 10_000 },
  ];
  const [kept, ...others] = entriesOf(updates.reduce(applyStatus, parsed.value));
  assert.deepEqual([kept, others], ['web_last_failure_0', []]);
});

function entriesOf(cib: XmlElement): (string | undefined)[] {
  const found: (string | undefined)[] = [];
  walkXml(cib, ({ name, id }) => {
    if (name === 'lrm_rsc_op') found.push(id);
  });
  return found;
}
