import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
import { kernelFailure, orFail } from '../error.ts';
import { eventually, makeTestPair, type TestPair } from '../testing/pair.ts';
import type { ReceivedMessage } from './message.ts';
import { openRawSocket, splitIpv4 } from './raw.ts';

let pair: TestPair;
before(() => {
  pair = makeTestPair();
});
after(() => pair.remove());

for (const protocol of [112, 51]) {
  test(`IPv4 protocol ${protocol}: a multicast datagram arrives with its header, TTL, TOS, source and interface`, async (context) => {
    const { left, right } = pair;
    const group = '224.0.0.18';
    const options = { family: 'ipv4', protocol, interfaceName: 'eth0' } as const;
    const sender = orFail(
      openRawSocket({
        ...options,
        namespace: left.namespace,
        hopLimit: 255,
        trafficClass: 0xc0,
        multicastInterfaceIndex: left.index,
        multicastLoop: 'others-only',
      }),
    );
    context.after(() => sender.close());
    const receiver = orFail(openRawSocket({ ...options, namespace: right.namespace }));
    orFail(receiver.join({ address: group, interfaceIndex: right.index }));
    const seen: ReceivedMessage[] = [];
    orFail(
      receiver.listen({ onMessage: (message) => seen.push(message), onError: (error) => assert.fail(error.errno) }),
    );
    context.after(() => receiver.close());
    orFail(sender.send(Buffer.from('advert'), { to: { address: group, port: 0 } }));
    await eventually('the datagram arrives', () => seen.length > 0);
    const [message] = seen;
    assert.ok(message);
    const packet = splitIpv4(message.bytes);
    assert.equal(packet?.payload.toString(), 'advert');
    assert.equal(packet?.header.readUInt8(8), 255);
    assert.deepEqual(
      { ...message, bytes: undefined },
      {
        bytes: undefined,
        truncated: false,
        source: { address: left.address, port: 0 },
        destination: group,
        interfaceIndex: right.index,
        hopLimit: 255,
        trafficClass: 0xc0,
      },
    );
    orFail(receiver.leave({ address: group, interfaceIndex: right.index }));
    orFail(sender.send(Buffer.from('unheard'), { to: { address: group, port: 0 } }));
    orFail(sender.send(Buffer.from('unicast'), { to: { address: right.address, port: 0 } }));
    await eventually('the unicast arrives', () => seen.length > 1);
    assert.equal(splitIpv4(seen[1]?.bytes ?? Buffer.alloc(0))?.payload.toString(), 'unicast');
  });

  test(`IPv6 protocol ${protocol}: a multicast datagram arrives with hop limit, class, source and interface`, async (context) => {
    const { left, right } = pair;
    const group = 'ff02::12';
    const options = { family: 'ipv6', protocol, interfaceName: 'eth0' } as const;
    const sender = orFail(
      openRawSocket({
        ...options,
        namespace: left.namespace,
        hopLimit: 255,
        trafficClass: 0xc0,
        multicastInterfaceIndex: left.index,
        multicastLoop: 'others-only',
      }),
    );
    context.after(() => sender.close());
    const receiver = orFail(openRawSocket({ ...options, namespace: right.namespace }));
    orFail(receiver.join({ address: group, interfaceIndex: right.index }));
    const seen: ReceivedMessage[] = [];
    orFail(
      receiver.listen({ onMessage: (message) => seen.push(message), onError: (error) => assert.fail(error.errno) }),
    );
    context.after(() => receiver.close());
    const to = { address: group, port: 0 };
    orFail(sender.send(Buffer.from('advert'), { to, source: left.address6, interfaceIndex: left.index }));
    await eventually('the datagram arrives', () => seen.length > 0);
    assert.deepEqual(seen[0], {
      bytes: Buffer.from('advert'),
      truncated: false,
      source: { address: left.address6, port: 0 },
      destination: group,
      interfaceIndex: right.index,
      hopLimit: 255,
      trafficClass: 0xc0,
    });
  });
}

test('tcpdump sees an own IPv4 header as it was written', async (context) => {
  const { left, right } = pair;
  const capture = spawn('ip', ['netns', 'exec', right.name, 'tcpdump', '-lnvi', 'eth0', '-c1', 'ip proto 112'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  context.after(() => capture.kill());
  let [printed, heard] = ['', ''];
  capture.stdout.on('data', (text) => (printed += text));
  capture.stderr.on('data', (text) => (heard += text));
  await eventually('tcpdump listens', () => heard.includes('listening on'));
  const sender = orFail(
    openRawSocket({
      family: 'ipv4',
      protocol: 112,
      namespace: left.namespace,
      ipHeader: 'sender',
      interfaceName: 'eth0',
      multicastInterfaceIndex: left.index,
    }),
  );
  context.after(() => sender.close());
  // VRRPv2, vrid 51, prio 244, auth none, 1 s, 192.0.2.100 behind a header of 20 bytes from 192.0.2.77.
  const advert = Buffer.from('213344010001560cc0000264' + '0000000000000000', 'hex');
  const header = Buffer.from('45c00028beef0000ff700000' + 'c000024d' + 'e0000012', 'hex');
  orFail(sender.send(Buffer.concat([header, advert]), { to: { address: '224.0.0.18', port: 0 } }));
  await eventually('tcpdump prints it', () => printed.includes('VRRPv2'));
  assert.match(printed, /tos 0xc0, ttl 255, id 48879/);
  assert.match(printed, /192\.0\.2\.77 > 224\.0\.0\.18: .*VRRPv2, Advertisement, vrid 51, prio 68/s);
});

test('a refusal names the call, the errno, what was attempted and what to do', () => {
  const { left } = pair;
  const missing = openRawSocket({ family: 'ipv4', protocol: 112, interfaceName: 'nosuch0', namespace: left.namespace });
  assert.ok(!missing.ok);
  assert.deepEqual(missing.error, {
    call: 'setsockopt',
    errno: 'ENODEV',
    attempted: 'open a raw ipv4 socket for protocol 112 on nosuch0 (SO_BINDTODEVICE)',
  });
  assert.equal(kernelFailure(missing.error).kind, 'not-found');
  const nowhere = openRawSocket({ family: 'ipv6', protocol: 112, namespace: '/run/netns/hv-none' });
  assert.ok(!nowhere.ok);
  assert.equal(nowhere.error.attempted, 'open the network namespace /run/netns/hv-none');
});
