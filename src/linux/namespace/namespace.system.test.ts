import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { ok } from '../../kit/index.ts';
import { kernelFailure, orFail } from '../error.ts';
import { addLink, deleteLink, setLink } from '../netlink/link-change.ts';
import { linkByName } from '../netlink/links.ts';
import { openRouteSocket, type RouteSocket } from '../netlink/socket.ts';
import { makeTestPair, type TestPair } from '../testing/pair.ts';
import { inNamespace, namespaceOfProcess } from './enter.ts';
import { readSysctl, spawnInNamespace, writeSysctl } from './inside.ts';

let pair: TestPair;
let socket: RouteSocket;
before(() => {
  pair = makeTestPair();
  socket = orFail(openRouteSocket(pair.left.namespace));
});
after(() => {
  socket.close();
  pair.remove();
});

const ownNamespace = () => readlinkSync('/proc/thread-self/ns/net');

test('a thread is back in its own namespace after the body, whether it returned or threw', () => {
  const home = ownNamespace();
  const inside = orFail(inNamespace(pair.left.namespace, () => ok(ownNamespace())));
  assert.notEqual(inside, home);
  assert.equal(ownNamespace(), home);
  assert.throws(() => inNamespace(pair.left.namespace, () => assert.fail('on purpose')), /on purpose/);
  assert.equal(ownNamespace(), home);
  const missing = inNamespace('/run/netns/hv-none', () => ok(1));
  assert.equal(!missing.ok && missing.error.errno, 'ENOENT');
  const none = inNamespace('/proc/self/status', () => ok(1));
  assert.equal(!none.ok && none.error.errno, 'EINVAL');
});

test('a child runs in the namespace; its namespace can be entered by its pid', async () => {
  const child = orFail(spawnInNamespace(pair.left.namespace, ['cat'], { stdio: ['pipe', 'ignore', 'inherit'] }));
  const [inside, ofChild] = [pair.left.namespace, namespaceOfProcess(child.pid ?? 0)].map((path) =>
    orFail(inNamespace(path, () => ok(ownNamespace()))),
  );
  assert.equal(ofChild, inside);
  child.stdin?.end();
  await new Promise((resolve) => child.once('exit', resolve));
});

test('settings below /proc/sys/net are those of the namespace', () => {
  const { left, right } = pair;
  const key = ['net', 'ipv4', 'conf', 'eth0', 'arp_ignore'];
  orFail(writeSysctl(key, 1, left.namespace));
  assert.equal(orFail(readSysctl(key, left.namespace)), '1');
  assert.equal(orFail(readSysctl(key, right.namespace)), '0');
  const missing = writeSysctl(['net', 'ipv4', 'conf', 'nosuch0', 'arp_ignore'], 1, left.namespace);
  assert.ok(!missing.ok);
  assert.equal(missing.error.attempted, 'write 1 to /proc/sys/net/ipv4/conf/nosuch0/arp_ignore');
});

test('a private macvlan with a virtual MAC is made, set up and deleted, as VRRP wants it', () => {
  const { left } = pair;
  const [name, hardwareAddress] = ['vrrp.51', '00:00:5e:00:01:33'];
  orFail(addLink(socket, { kind: 'macvlan', name, parentIndex: left.index, mode: 'private', hardwareAddress }));
  const made = orFail(linkByName(socket, name));
  assert.ok(made);
  assert.deepEqual(
    [made.kind, made.hardwareAddress, made.parentIndex, made.flags.includes('up')],
    ['macvlan', hardwareAddress, left.index, false],
  );
  orFail(setLink(socket, made.index, { linkLocal: 'none' }));
  orFail(setLink(socket, made.index, { state: 'up', mtu: 1400 }));
  assert.match(left.ip('-d', 'link', 'show', name), /UP.*mtu 1400.*macvlan mode private.*addrgenmode none/s);
  assert.doesNotMatch(left.ip('address', 'show', name), /inet6/);
  orFail(setLink(socket, made.index, { state: 'down' }));
  assert.equal(orFail(linkByName(socket, name))?.flags.includes('up'), false);
  const again = addLink(socket, { kind: 'macvlan', name, parentIndex: left.index, mode: 'private' });
  assert.ok(!again.ok);
  assert.deepEqual([again.error.errno, again.error.attempted], ['EEXIST', `make the macvlan interface ${name}`]);
  orFail(deleteLink(socket, made.index));
  assert.equal(orFail(linkByName(socket, name)), undefined);
  const gone = deleteLink(socket, made.index);
  assert.equal(!gone.ok && gone.error.errno, 'ENODEV');
});

test('a veth pair across namespaces, one end in a bridge, renamed and moved', () => {
  const { left, right } = pair;
  orFail(addLink(socket, { kind: 'bridge', name: 'br0' }));
  const peer = { name: 'far0', namespace: right.namespace, hardwareAddress: '02:00:00:00:00:02' };
  orFail(addLink(socket, { kind: 'veth', name: 'near0', peer }));
  const [bridge, near] = ['br0', 'near0'].map((name) => orFail(linkByName(socket, name)));
  assert.ok(bridge && near);
  orFail(setLink(socket, near.index, { masterIndex: bridge.index, name: 'port0' }));
  assert.equal(orFail(linkByName(socket, 'port0'))?.masterIndex, bridge.index);
  assert.match(right.ip('link', 'show', 'far0'), /link\/ether 02:00:00:00:00:02/);
  orFail(setLink(socket, near.index, { masterIndex: 0 }));
  orFail(setLink(socket, near.index, { namespace: right.namespace }));
  assert.match(right.ip('link'), /port0@/);
  assert.equal(
    execFileSync('ip', ['-n', left.name, '-br', 'link', 'show', 'type', 'bridge'], { encoding: 'utf8' }).split(' ')[0],
    'br0',
  );
});

test('a VLAN interface, or the sentence that this kernel has none', (context) => {
  const { left } = pair;
  const added = addLink(socket, { kind: 'vlan', name: 'eth0.7', parentIndex: left.index, vlanId: 7 });
  if (added.ok) {
    assert.match(left.ip('-d', 'link', 'show', 'eth0.7'), /vlan protocol 802.1Q id 7/);
    return;
  }
  assert.deepEqual(kernelFailure(added.error), {
    kind: 'unavailable',
    what: 'cannot make the vlan interface eth0.7',
    why: 'RTM_NEWLINK answered EOPNOTSUPP (Unknown device type)',
  });
  context.skip('this kernel has no 802.1Q');
});
