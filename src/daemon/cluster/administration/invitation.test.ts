import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatToken, OpenInvitations, parseToken } from './invitation.ts';
import { withNode, withoutNode } from './node-list.ts';

const invitation = { cluster: 'shop', address: 'fd00::1', port: 5405, fingerprint: 'f', secret: 's' };
const node = (name: string, id: number) => ({ name, id, addresses: [`10.0.0.${id}`] });
const list = { revision: 4, highestId: 7, nodes: [node('a', 1), node('b', 7)] };

test('a token says what it was made of; a character less or another, and it is refused', () => {
  const token = formatToken(invitation);
  assert.deepEqual(parseToken(` ${token}\n`), { ok: true, value: invitation });
  for (const wrong of ['', token.slice(0, -1), `${token.slice(0, 12)}A${token.slice(13)}`, token.slice(1)]) {
    assert.equal(parseToken(wrong).ok, false, wrong);
  }
});

test('an invitation is good until its end, and once', () => {
  const invitations = new OpenInvitations();
  const secret = invitations.open(1000);
  assert.deepEqual(
    [invitations.judge(secret, 999), invitations.judge(secret, 1000), invitations.judge('other', 0)],
    ['good', 'expired', 'unknown'],
  );
  invitations.close(secret);
  assert.equal(invitations.judge(secret, 0), 'unknown');
});

test('a node gets an id that nobody ever had, and every change counts', () => {
  const grown = withNode(list, { name: 'c', addresses: ['10.0.0.3'] }, 2);
  assert.ok(grown.ok);
  assert.deepEqual(grown.value.nodes.at(-1), { name: 'c', id: 8, addresses: ['10.0.0.3'] });
  const shrunk = withoutNode(grown.value, 'c');
  assert.ok(shrunk.ok);
  assert.deepEqual([shrunk.value.revision, shrunk.value.highestId], [6, 8]);
});

test('a name or an address that is taken, or is none, is refused in words', () => {
  const refused: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['a', ['10.0.0.9'], /the name 'a' is that of a node.*a \(10\.0\.0\.1\).*cluster remove a/],
    ['c', ['10.0.0.7'], /the address 10\.0\.0\.7 is that of a node/],
    ['c', ['there'], /'there' is no IP address/],
    ['c', ['10.0.0.3', '10.1.0.3'], /nodes have one address each, not 2/],
    ['c d', ['10.0.0.3'], /'c d' is no name of a node/],
  ];
  for (const [name, addresses, words] of refused) {
    const grown = withNode(list, { name, addresses }, 2);
    assert.match(grown.ok ? '' : [grown.error.what, grown.error.why, grown.error.fix].join(' '), words);
  }
  const minority = withNode(list, { name: 'c', addresses: ['10.0.0.3'] }, 1);
  assert.match(minority.ok ? '' : minority.error.what, /with 3 nodes the only one that is here would have no quorum/);
  const last = withoutNode({ ...list, nodes: [node('a', 1)] }, 'a');
  assert.equal(last.ok ? '' : last.error.kind, 'unsafe');
});
