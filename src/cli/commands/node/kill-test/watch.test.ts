import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterStatus, NodeView, ResourceView } from '../../../../api/index.ts';
import { beginWatch, leftovers, watch } from './watch.ts';

const resource = (id: string, nodes: readonly string[], children: readonly ResourceView[] = []): ResourceView => ({
  ...{ id, kind: children.length > 0 ? 'group' : 'primitive', agent: undefined, state: 'started', nodes },
  ...{ managed: true, maintenance: false, disabled: false, removed: false, children },
});
const node = (name: string, state: NodeView['state']): NodeView => {
  return { id: name, name, state, coordinator: false, self: name === 'n1', running: 0, attributes: {} };
};
const quorum = { quorate: true, votes: 3, expectedVotes: 3, votesNeeded: 2 };
const status = (n2: NodeView['state'], site: readonly string[], rest: Partial<ClusterStatus> = {}): ClusterStatus => ({
  ...{ cluster: 'c', version: '0', node: 'n1', phase: 'together', coordinator: 'n1', quorum, properties: {} },
  nodes: [node('n1', 'online'), node('n2', n2), node('n3', 'online')],
  resources: [resource('site', site, [resource('vip', site), resource('web', site)]), resource('db', ['n3'])],
  ...{ addresses: [], failures: [], activity: [], documentVersion: '0.1.0', warnings: [] },
  ...rest,
});
const failure = {
  ...{ resource: 'web', node: 'n3', operation: 'start', intervalMs: 0 },
  ...{ code: 1, meaning: 'error', reason: '', at: 1, failCount: 1 },
};

test('when the node was missed, where each service went, when all was well again', () => {
  let seen = beginWatch(status('online', ['n2']), 'n2');
  assert.deepEqual(
    seen.services.map(({ resource: id }) => id),
    ['vip', 'web'],
  );
  seen = watch(seen, status('online', ['n2']), 40);
  assert.equal(seen.missedMs, undefined);
  seen = watch(seen, status('lost', ['n2']), 90);
  assert.deepEqual([seen.missedMs, seen.services[0]?.outMs], [90, undefined], 'what a lost node ran runs nowhere');
  seen = watch(seen, status('lost', ['n3']), 150);
  seen = watch(seen, status('lost', ['n3']), 200);
  assert.deepEqual(seen.services[0], { resource: 'vip', from: 'n2', to: ['n3'], outMs: 150 });
  assert.match(leftovers(seen).join(), /n2 is not back: it is lost/);
  seen = watch(seen, status('online', []), 1990);
  seen = watch(seen, status('online', ['n3']), 2000);
  assert.equal(seen.services[0]?.outMs, 150, 'members that meet again do not know at once what they run');
  assert.deepEqual([seen.backMs, leftovers(seen)], [1990, []]);
});

test('what runs nowhere, failed meanwhile, or stopped elsewhere is told; what failed before is not', () => {
  const before = status('online', ['n2'], { failures: [{ ...failure, node: 'n1' }] });
  const gone = watch(beginWatch(before, 'n2'), status('lost', []), 100);
  const after = status('online', [], { failures: [{ ...failure, node: 'n1' }, failure] });
  const told = leftovers(watch(gone, { ...after, resources: [resource('db', [])] }, 900));
  assert.deepEqual(told, [
    'vip, which ran on n2, runs nowhere',
    'web, which ran on n2, runs nowhere',
    'web: start failed on n3 (error)',
    'db no longer runs on n3',
  ]);
});

test('a node that comes back before anybody takes over has its own services again', () => {
  let seen = watch(beginWatch(status('online', ['n2']), 'n2'), status('lost', ['n2']), 50);
  seen = watch(seen, status('online', ['n2']), 300);
  assert.deepEqual(seen.services[0], { resource: 'vip', from: 'n2', to: ['n2'], outMs: 300 });
});

test('a node that nobody missed has not failed', () => {
  const seen = watch(beginWatch(status('online', ['n2']), 'n2'), status('online', ['n2']), 9);
  assert.deepEqual(leftovers(seen), ['nobody missed n2']);
});
