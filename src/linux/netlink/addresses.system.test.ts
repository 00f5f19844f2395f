import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { orFail } from '../error.ts';
import { eventually, makeTestPair, type TestPair } from '../testing/pair.ts';
import { addAddress, deleteAddress, listAddresses, replaceAddress } from './addresses.ts';
import { type NetworkEvent, watchNetwork } from './events.ts';
import { linkByName, listLinks } from './links.ts';
import { openRouteSocket, type RouteSocket } from './socket.ts';

let pair: TestPair;
let route: RouteSocket;
before(() => {
  pair = makeTestPair();
  route = orFail(openRouteSocket(pair.left.namespace));
});
after(() => {
  route.close();
  pair.remove();
});

test('an IPv4 address is added with label, scope, broadcast and flags as `ip` shows them, listed, and deleted', () => {
  const { left } = pair;
  const key = { interfaceIndex: left.index, address: '192.0.2.100', prefixLength: 32 };
  orFail(
    addAddress(route, {
      ...key,
      label: 'eth0:vip',
      scope: 'link',
      broadcast: '192.0.2.255',
      flags: ['noprefixroute'],
      preferredLifetimeS: 0,
    }),
  );
  const shown = left.ip('-4', '-o', 'address', 'show', 'dev', 'eth0');
  assert.match(shown, /192\.0\.2\.100\/32 brd 192\.0\.2\.255 scope link deprecated noprefixroute eth0:vip/);
  const listed = orFail(listAddresses(route, { interfaceIndex: left.index, family: 'ipv4' }));
  assert.deepEqual(
    listed.find(({ address }) => address === key.address),
    {
      family: 'ipv4',
      ...key,
      broadcast: '192.0.2.255',
      label: 'eth0:vip',
      scope: 'link',
      flags: ['deprecated', 'permanent', 'noprefixroute'],
    },
  );
  const again = addAddress(route, key);
  assert.equal(!again.ok && again.error.errno, 'EEXIST');
  orFail(deleteAddress(route, key));
  assert.doesNotMatch(left.ip('-o', 'address'), /192\.0\.2\.100/);
  const gone = deleteAddress(route, key);
  assert.ok(!gone.ok);
  assert.deepEqual(
    [gone.error.call, gone.error.errno, gone.error.attempted],
    ['RTM_DELADDR', 'EADDRNOTAVAIL', `delete 192.0.2.100/32 from interface ${left.index}`],
  );
});

test('an IPv6 address is usable at once with nodad, and its lifetimes can be replaced', () => {
  const { left } = pair;
  const key = { interfaceIndex: left.index, address: '2001:db8::100', prefixLength: 128 };
  orFail(addAddress(route, { ...key, flags: ['nodad'] }));
  const [found] = orFail(listAddresses(route, { family: 'ipv6' })).filter(({ address }) => address === key.address);
  assert.deepEqual(found?.flags, ['nodad', 'permanent']);
  orFail(replaceAddress(route, { ...key, flags: ['nodad'], validLifetimeS: 1000, preferredLifetimeS: 0 }));
  assert.match(
    left.ip('-6', '-o', 'address'),
    /2001:db8::100\/128 scope global nodad deprecated dynamic .*valid_lft (1000|999)sec/,
  );
  orFail(deleteAddress(route, key));
  assert.doesNotMatch(left.ip('-6', '-o', 'address'), /2001:db8::100/);
});

test('a peer address of a point-to-point pair is told apart from the local one', () => {
  const key = { interfaceIndex: pair.left.index, address: '198.51.100.1', prefixLength: 32, peer: '198.51.100.2' };
  orFail(addAddress(route, key));
  const [found] = orFail(listAddresses(route)).filter(({ address }) => address === key.address);
  assert.equal(found?.peer, '198.51.100.2');
  assert.match(pair.left.ip('-o', 'address'), /198\.51\.100\.1 peer 198\.51\.100\.2\/32/);
  orFail(deleteAddress(route, key));
});

test("the kernel's own words come with a refusal", () => {
  const refused = addAddress(route, { interfaceIndex: 4711, address: '192.0.2.9', prefixLength: 24 });
  assert.ok(!refused.ok);
  assert.equal(refused.error.errno, 'ENODEV');
  const tooLong = addAddress(route, { interfaceIndex: pair.left.index, address: '192.0.2.9', prefixLength: 33 });
  assert.ok(!tooLong.ok);
  assert.equal(tooLong.error.errno, 'EINVAL');
});

test('links are listed as `ip` shows them', () => {
  const shown: readonly { ifname: string; ifindex: number; mtu: number; address: string; operstate: string }[] =
    JSON.parse(pair.left.ip('-j', 'link'));
  const listed = orFail(listLinks(route));
  assert.deepEqual(
    listed.map(({ name, index, mtu, hardwareAddress, state }) => [name, index, mtu, hardwareAddress, state]),
    shown.map((link) => [link.ifname, link.ifindex, link.mtu, link.address, link.operstate.toLowerCase()]),
  );
  assert.equal(orFail(linkByName(route, 'eth0'))?.kind, 'veth');
  assert.equal(orFail(linkByName(route, 'nosuch0')), undefined);
});

test('address and carrier changes are told as they happen, IPv4 and IPv6', async (context) => {
  const { left, right } = pair;
  const events: NetworkEvent[] = [];
  const watch = orFail(
    watchNetwork({
      subjects: ['link', 'address'],
      namespace: left.namespace,
      onEvent: (event) => events.push(event),
      onError: (error) => assert.fail(error.errno),
    }),
  );
  context.after(() => watch.close());
  const told = (kind: NetworkEvent['kind'], address: string) =>
    events.some((event) => event.kind === kind && 'address' in event && event.address.address === address);
  for (const address of ['192.0.2.50', '2001:db8::50']) {
    const key = { interfaceIndex: left.index, address, prefixLength: address.includes(':') ? 64 : 24 };
    orFail(addAddress(route, { ...key, flags: ['nodad'] }));
    await eventually(`${address} is told`, () => told('address', address));
    orFail(deleteAddress(route, key));
    await eventually(`the loss of ${address} is told`, () => told('address-gone', address));
  }
  right.ip('link', 'set', 'eth0', 'down');
  const lostCarrier = (event: NetworkEvent) =>
    event.kind === 'link' && event.link.name === 'eth0' && !event.link.flags.includes('lower-up');
  await eventually('the loss of carrier is told', () => events.some(lostCarrier));
  right.ip('link', 'set', 'eth0', 'up');
  await eventually('carrier is told', () => {
    const last = events.findLast((event) => event.kind === 'link');
    return last?.kind === 'link' && last.link.flags.includes('lower-up');
  });
});

test('a request is synchronous and takes microseconds', () => {
  const key = { interfaceIndex: pair.left.index, address: '192.0.2.60', prefixLength: 24 };
  const durations: number[] = [];
  for (let round = 0; round < 500; round++) {
    const started = performance.now();
    orFail(addAddress(route, key));
    orFail(deleteAddress(route, key));
    durations.push(performance.now() - started);
  }
  durations.sort((a, b) => a - b);
  assert.ok((durations[250] ?? Infinity) < 5, `median of add and delete: ${durations[250]} ms`);
  console.log(`add and delete an address: median ${((durations[250] ?? 0) * 1000).toFixed(1)} µs`);
});
