import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
import { orFail } from '../error.ts';
import { eventually, makeTestPair, type TestPair } from '../testing/pair.ts';
import {
  arpRequest,
  decodeArp,
  etherTypeArp,
  etherTypeIpv6,
  gratuitousArp,
  unsolicitedNeighbourAdvertisement,
} from './announcement.ts';
import { matchFields } from './filter.ts';
import { type Frame, openPacketSocket } from './socket.ts';

const virtual = '00:00:5e:00:01:33';
let pair: TestPair;
before(() => {
  pair = makeTestPair();
});
after(() => pair.remove());

for (const operation of ['request', 'reply'] as const) {
  test(`a gratuitous ARP ${operation} moves an address in the neighbour's cache`, async (context) => {
    const { left, right } = pair;
    right.ip('neighbour', 'replace', '192.0.2.100', 'lladdr', '02:00:00:00:00:01', 'dev', 'eth0', 'nud', 'stale');
    const socket = orFail(openPacketSocket({ etherType: 'none', namespace: left.namespace }));
    context.after(() => socket.close());
    const announcement = { address: '192.0.2.100', hardwareAddress: virtual };
    // An entry is locked for a while after each change (locktime), so the announcement is repeated as in production.
    await eventually('the cache has the new address', () => {
      orFail(socket.send(gratuitousArp(announcement, operation), left.index));
      return right.ip('neighbour', 'show', '192.0.2.100').includes(virtual);
    });
  });
}

test("an unsolicited neighbour advertisement moves an address in the neighbour's cache", async (context) => {
  const { left, right } = pair;
  right.ip('neighbour', 'replace', '2001:db8::100', 'lladdr', '02:00:00:00:00:01', 'dev', 'eth0', 'nud', 'stale');
  const socket = orFail(openPacketSocket({ etherType: 'none', namespace: left.namespace }));
  context.after(() => socket.close());
  const frame = unsolicitedNeighbourAdvertisement({ address: '2001:db8::100', hardwareAddress: virtual }, 'host');
  await eventually('the cache has the new address', () => {
    orFail(socket.send(frame, left.index));
    return right.ip('-6', 'neighbour', 'show', '2001:db8::100').includes(virtual);
  });
});

test('an ARP question is answered by the host that has the address', async (context) => {
  const { left, right } = pair;
  const socket = orFail(
    openPacketSocket({
      etherType: etherTypeArp,
      interfaceIndex: left.index,
      namespace: left.namespace,
      outgoing: 'ignore',
    }),
  );
  context.after(() => socket.close());
  const frames: Frame[] = [];
  orFail(socket.listen({ onFrame: (frame) => frames.push(frame), onError: (error) => assert.fail(error.errno) }));
  const hardwareAddress = left.ip('-o', 'link', 'show', 'eth0').match(/link\/ether (\S+)/)?.[1] ?? '';
  const question = { hardwareAddress, senderAddress: left.address, targetAddress: right.address };
  orFail(socket.send(arpRequest(question), left.index));
  // The other kernel may have questions of its own.
  const answer = () => frames.find(({ bytes }) => decodeArp(bytes)?.operation === 'reply');
  await eventually('the answer arrives', () => answer() !== undefined);
  const reply = decodeArp(answer()?.bytes ?? Buffer.alloc(0));
  assert.equal(reply?.senderAddress, right.address);
  assert.equal(answer()?.source, reply?.senderHardwareAddress);
  assert.equal(answer()?.packetType, 'host');
});

test('a filter passes only the frames whose fields match, and one of whose values is there', async (context) => {
  const { left, right } = pair;
  // Next header ICMPv6 at 20, its type at 54.
  const filter = matchFields(
    [
      { offset: 12, bytes: 2, equals: etherTypeIpv6 },
      { offset: 20, bytes: 1, equals: 58 },
      { offset: 54, bytes: 1, equals: 136 },
      { offset: 62, bytes: 4, equals: 0x20010db8 },
    ],
    { offset: 74, bytes: 4, oneOf: [0x100, 0x101] },
  );
  const receiver = orFail(
    openPacketSocket({ etherType: 'all', interfaceIndex: right.index, namespace: right.namespace, filter }),
  );
  context.after(() => receiver.close());
  const frames: Frame[] = [];
  orFail(receiver.listen({ onFrame: (frame) => frames.push(frame), onError: (error) => assert.fail(error.errno) }));
  const sender = orFail(openPacketSocket({ etherType: 'none', namespace: left.namespace }));
  context.after(() => sender.close());
  const advertise = (address: string) =>
    unsolicitedNeighbourAdvertisement({ address, hardwareAddress: virtual }, 'router');
  orFail(sender.send(advertise('2001:db8::102'), left.index));
  orFail(sender.send(gratuitousArp({ address: '192.0.2.101', hardwareAddress: virtual }), left.index));
  orFail(sender.send(advertise('2001:db8::101'), left.index));
  await eventually('the matching frame arrives', () => frames.length > 0);
  assert.deepEqual(
    frames.map(({ bytes }) => bytes),
    [advertise('2001:db8::101')],
  );
});

test('tcpdump reads the announcements as what they are', async (context) => {
  const { left, right } = pair;
  const capture = spawn('ip', ['netns', 'exec', right.name, 'tcpdump', '-lnvi', 'eth0', `ether src ${virtual}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  context.after(() => capture.kill());
  let [printed, heard] = ['', ''];
  capture.stdout.on('data', (text) => (printed += text));
  capture.stderr.on('data', (text) => (heard += text));
  await eventually('tcpdump listens', () => heard.includes('listening on'));
  const socket = orFail(openPacketSocket({ etherType: 'none', namespace: left.namespace }));
  context.after(() => socket.close());
  const announcement = { address: '192.0.2.100', hardwareAddress: virtual };
  orFail(socket.send(gratuitousArp(announcement), left.index));
  orFail(socket.send(gratuitousArp(announcement, 'reply'), left.index));
  orFail(
    socket.send(unsolicitedNeighbourAdvertisement({ ...announcement, address: '2001:db8::100' }, 'host'), left.index),
  );
  await eventually('three are printed', () => printed.includes('tgt is 2001:db8::100'));
  assert.match(printed, /Request who-has 192\.0\.2\.100 tell 192\.0\.2\.100/);
  assert.match(printed, /Reply 192\.0\.2\.100 is-at 00:00:5e:00:01:33/);
  assert.match(printed, /hlim 255.*2001:db8::100 > ff02::1: \[icmp6 sum ok\].*neighbor advertisement/);
  assert.match(printed, /Flags \[override\]/);
});
