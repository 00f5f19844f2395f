import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseXml } from '../../cib/index.ts';
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
