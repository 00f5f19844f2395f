import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { orFail } from '../error.ts';
import { eventually, makeTestPair, type TestPair } from '../testing/pair.ts';
import type { ReceivedMessage } from './message.ts';
import { localEndpoint, openUdpSocket } from './udp.ts';

let pair: TestPair;
before(() => {
  pair = makeTestPair();
});
after(() => pair.remove());

for (const [family, group] of [
  ['ipv4', '239.192.0.1'],
  ['ipv6', 'ff15::1'],
] as const) {
  test(`${family}: multicast and unicast between bound sockets, with the sender's port and the interface`, async (context) => {
    const { left, right } = pair;
    const [from, to] = family === 'ipv4' ? [left.address, right.address] : [left.address6, right.address6];
    const options = { family, port: 5405, sharing: 'shared', interfaceName: 'eth0' } as const;
    const receiver = orFail(openUdpSocket({ ...options, namespace: right.namespace, receiveBufferBytes: 4 << 20 }));
    context.after(() => receiver.close());
    const sender = orFail(
      openUdpSocket({ family, address: from, port: 0, namespace: left.namespace, multicastInterfaceIndex: left.index }),
    );
    context.after(() => sender.close());
    orFail(receiver.join({ address: group, interfaceIndex: right.index }));
    const seen: ReceivedMessage[] = [];
    orFail(
      receiver.listen({ onMessage: (message) => seen.push(message), onError: (error) => assert.fail(error.errno) }),
    );
    orFail(sender.send(Buffer.from('to all'), { to: { address: group, port: 5405 } }));
    await eventually('the multicast arrives', () => seen.length === 1);
    orFail(sender.send(Buffer.from('to one'), { to: { address: to, port: 5405 } }));
    await eventually('the unicast arrives', () => seen.length === 2);
    const { port } = orFail(localEndpoint(sender));
    assert.deepEqual(
      seen.map(({ bytes, source, destination, interfaceIndex }) => [
        bytes.toString(),
        source,
        destination,
        interfaceIndex,
      ]),
      [
        ['to all', { address: from, port }, group, right.index],
        ['to one', { address: from, port }, to, right.index],
      ],
    );
  });
}

test('an address in use is a named error, and sharing allows it', (context) => {
  const options = { family: 'ipv4', address: '127.0.0.1', port: 5405, namespace: pair.left.namespace } as const;
  const first = orFail(openUdpSocket({ ...options, sharing: 'shared' }));
  context.after(() => first.close());
  const second = openUdpSocket(options);
  assert.ok(!second.ok);
  assert.deepEqual(
    [second.error.call, second.error.errno, second.error.attempted],
    ['bind', 'EADDRINUSE', 'open a UDP socket at 127.0.0.1:5405'],
  );
  orFail(openUdpSocket({ ...options, sharing: 'shared' })).close();
});

test('what no one listens to, or no route leads to, leaves the socket working', async (context) => {
  const socket = orFail(openUdpSocket({ family: 'ipv4', port: 0, namespace: pair.left.namespace }));
  context.after(() => socket.close());
  const seen: ReceivedMessage[] = [];
  orFail(socket.listen({ onMessage: (message) => seen.push(message), onError: () => {} }));
  orFail(socket.send(Buffer.from('unheard'), { to: { address: '127.0.0.1', port: 9 } }));
  const { port } = orFail(localEndpoint(socket));
  orFail(socket.send(Buffer.from('heard'), { to: { address: '127.0.0.1', port } }));
  await eventually('its own datagram arrives', () => seen.length === 1);
  const unroutable = socket.send(Buffer.from('lost'), { to: { address: '203.0.113.1', port: 9 } });
  assert.equal(!unroutable.ok && unroutable.error.errno, 'ENETUNREACH');
});
