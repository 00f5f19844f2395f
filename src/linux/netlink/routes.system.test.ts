import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { orFail } from '../error.ts';
import { eventually, makeTestPair, type TestPair } from '../testing/pair.ts';
import { type NetworkEvent, watchNetwork } from './events.ts';
import { addRoute, deleteRoute, listRoutes, type Route, replaceRoute } from './routes.ts';
import { addRule, deleteRule, listRules, type Rule } from './rules.ts';
import { openRouteSocket, type RouteSocket } from './socket.ts';

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

test('a route is added with everything `ip route` shows, listed the same, replaced and deleted', () => {
  const { left } = pair;
  const route: Route = {
    family: 'ipv4',
    destination: '198.51.100.0/24',
    gateway: '192.0.2.2',
    interfaceIndex: left.index,
    source: left.address,
    metric: 20,
    table: 100,
    protocol: 'keepalived',
    mtu: 1400,
  };
  orFail(addRoute(socket, route));
  const shown = left.ip('-d', 'route', 'show', 'table', '100');
  assert.match(
    shown,
    /198\.51\.100\.0\/24 via 192\.0\.2\.2 dev eth0 proto keepalived .*src 192\.0\.2\.1 metric 20 mtu 1400/,
  );
  const listed = orFail(listRoutes(socket, { family: 'ipv4', table: 100 }));
  assert.deepEqual(listed, [{ ...route, type: 'unicast', scope: 'global' }]);
  const again = addRoute(socket, route);
  assert.ok(!again.ok);
  assert.equal(again.error.errno, 'EEXIST');
  assert.equal(again.error.attempted, 'add the ipv4 route to 198.51.100.0/24 via 192.0.2.2 in table 100');
  orFail(replaceRoute(socket, { ...route, mtu: 1300 }));
  assert.equal(orFail(listRoutes(socket, { table: 100 }))[0]?.mtu, 1300);
  orFail(deleteRoute(socket, { family: 'ipv4', destination: '198.51.100.0/24', table: 100 }));
  assert.deepEqual(orFail(listRoutes(socket, { table: 100 })), []);
  const gone = deleteRoute(socket, route);
  assert.equal(!gone.ok && gone.error.errno, 'ESRCH');
});

test('IPv6, blackhole, on-link and multipath routes', () => {
  const { left } = pair;
  const routes: readonly Route[] = [
    { family: 'ipv6', destination: '2001:db8:1::/48', gateway: '2001:db8::2', interfaceIndex: left.index, metric: 5 },
    { family: 'ipv4', destination: '203.0.113.0/24', type: 'blackhole' },
    { family: 'ipv4', destination: '203.0.113.9/32', gateway: '10.9.9.9', interfaceIndex: left.index, onlink: true },
    { family: 'ipv4', destination: '192.88.99.0/24', gateway: '2001:db8::2', interfaceIndex: left.index },
    {
      family: 'ipv4',
      nextHops: [
        { gateway: '192.0.2.2', interfaceIndex: left.index, weight: 3 },
        { gateway: '192.0.2.3', interfaceIndex: left.index, weight: 1 },
      ],
    },
  ];
  for (const route of routes) {
    orFail(addRoute(socket, { ...route, table: 101 }));
    const found = orFail(listRoutes(socket, { family: route.family, table: 101 })).find(
      ({ destination }) => destination === route.destination,
    );
    for (const [field, value] of Object.entries(route)) assert.deepEqual(found?.[field as keyof Route], value, field);
  }
  const shown = left.ip('route', 'show', 'table', '101');
  assert.match(shown, /blackhole 203\.0\.113\.0\/24/);
  assert.match(shown, /203\.0\.113\.9 via 10\.9\.9\.9 dev eth0 onlink/);
  assert.match(shown, /192\.88\.99\.0\/24 via inet6 2001:db8::2 dev eth0/);
  assert.match(shown, /nexthop via 192\.0\.2\.2 dev eth0 weight 3/);
  assert.match(left.ip('-6', 'route', 'show', 'table', '101'), /2001:db8:1::\/48 via 2001:db8::2 dev eth0 metric 5/);
  for (const route of routes) orFail(deleteRoute(socket, { ...route, table: 101 }));
  assert.deepEqual(orFail(listRoutes(socket, { table: 101 })), []);
});

test('rules of both families are added, listed in order and deleted', () => {
  const { left } = pair;
  const rules: readonly Rule[] = [
    { family: 'ipv4', priority: 500, from: '192.0.2.100/32', table: 100, action: 'table' },
    {
      family: 'ipv4',
      priority: 501,
      to: '198.51.100.0/24',
      mark: 7,
      markMask: 255,
      action: 'blackhole',
      inverted: true,
    },
    { family: 'ipv6', priority: 502, from: '2001:db8::/64', inputInterface: 'eth0', table: 1000, action: 'table' },
  ];
  for (const rule of rules) orFail(addRule(socket, rule));
  assert.match(
    left.ip('rule'),
    /500:\s+from 192\.0\.2\.100 lookup 100\n501:\s+not from all to 198\.51\.100\.0\/24 fwmark 0x7\/0xff blackhole/,
  );
  assert.match(left.ip('-6', 'rule'), /502:\s+from 2001:db8::\/64 iif eth0 lookup 1000/);
  const listed = [...orFail(listRules(socket, 'ipv4')), ...orFail(listRules(socket, 'ipv6'))];
  assert.deepEqual(
    listed.filter(({ priority = 0 }) => priority >= 500 && priority <= 502),
    rules,
  );
  const again = addRule(socket, rules[0] ?? assert.fail());
  assert.equal(!again.ok && again.error.errno, 'EEXIST');
  for (const rule of rules) orFail(deleteRule(socket, rule));
  const gone = deleteRule(socket, rules[0] ?? assert.fail());
  assert.ok(!gone.ok);
  assert.equal(gone.error.attempted, 'delete the ipv4 rule 500: from 192.0.2.100/32');
});

test('route changes are told as they happen, IPv4 and IPv6', async (context) => {
  const { left } = pair;
  const events: NetworkEvent[] = [];
  const watch = orFail(
    watchNetwork({
      subjects: ['route'],
      namespace: left.namespace,
      onEvent: (event) => events.push(event),
      onError: (error) => assert.fail(error.errno),
    }),
  );
  context.after(() => watch.close());
  for (const destination of ['198.51.100.0/24', '2001:db8:2::/48']) {
    const family = destination.includes(':') ? 'ipv6' : 'ipv4';
    const route: Route = { family, destination, interfaceIndex: left.index };
    const told = (kind: NetworkEvent['kind']) =>
      events.some((event) => event.kind === kind && 'route' in event && event.route.destination === destination);
    orFail(addRoute(socket, route));
    await eventually(`${destination} is told`, () => told('route'));
    orFail(deleteRoute(socket, route));
    await eventually(`the loss of ${destination} is told`, () => told('route-gone'));
  }
});
