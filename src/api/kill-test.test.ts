import assert from 'node:assert/strict';
import { test } from 'node:test';
import { killTestRefusal } from './kill-test.ts';
import type { ClusterStatus, NodeView } from './types.ts';

const node = (name: string, state: NodeView['state'] = 'online'): NodeView => {
  return { id: name, name, state, coordinator: name === 'n1', self: name === 'n1', running: 0, attributes: {} };
};
const quorum = (votes: number, expectedVotes: number, votesNeeded: number) => {
  return { quorate: votes >= votesNeeded, votes, expectedVotes, votesNeeded };
};
const three = {
  ...{ node: 'n1', phase: 'together', quorum: quorum(3, 3, 2), nodes: [node('n1'), node('n2'), node('n3')] },
  ...{ properties: { 'stonith-enabled': 'false' }, activity: [] },
} satisfies Partial<ClusterStatus>;
const two = { ...three, quorum: quorum(2, 2, 1), nodes: [node('n1'), node('n2')] };
const kindOf = (...words: Parameters<typeof killTestRefusal>) => killTestRefusal(...words)?.kind;

test('a node may fail while the others keep their quorum', () => {
  for (const how of ['daemon', 'freeze', 'silence'] as const)
    assert.equal(killTestRefusal(three, 'n2', how), undefined);
  const short = { ...three, quorum: quorum(2, 3, 2) };
  assert.match(killTestRefusal(short, 'n2', 'daemon')?.what ?? '', /without 'n2' .* no quorum/);
  assert.equal(kindOf({ ...three, quorum: quorum(1, 3, 2) }, 'n2', 'daemon'), 'no-quorum');
});

test('no node that is unknown, is not up, or is the one that is asked, and none while something is under way', () => {
  assert.equal(kindOf(three, 'n9', 'daemon'), 'not-found');
  assert.equal(kindOf(three, 'n1', 'daemon'), 'usage');
  assert.equal(kindOf({ ...three, nodes: [node('n1'), node('n2', 'lost')] }, 'n2', 'daemon'), 'unsafe');
  assert.equal(kindOf({ ...three, nodes: [node('n1'), node('n2', 'maintenance')] }, 'n2', 'daemon'), 'unsafe');
  const busy = { ...three, activity: [{ what: 'starting vip', node: 'n3', sinceMs: 1 }] };
  assert.match(killTestRefusal(busy, 'n2', 'daemon')?.why ?? '', /starting vip is under way on n3/);
});

test('two nodes are not parted without fencing: both would go on', () => {
  assert.equal(kindOf(two, 'n2', 'daemon'), undefined);
  assert.equal(kindOf(two, 'n2', 'silence'), 'unsafe');
  assert.equal(kindOf({ ...two, properties: {} }, 'n2', 'silence'), undefined);
});
