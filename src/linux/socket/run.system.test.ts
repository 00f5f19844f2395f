import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { orFail } from '../error.ts';
import { eventually, makeTestPair, type TestPair } from '../testing/pair.ts';
import type { IpSocket } from './ip.ts';
import { DatagramRun, runDatagramsMax } from './run.ts';
import { openUdpSocket } from './udp.ts';

let pair: TestPair;
before(() => {
  pair = makeTestPair();
});
after(() => pair.remove());

test('a run takes equal datagrams and one shorter at its end', () => {
  const run = new DatagramRun();
  assert.ok(run.add(new Uint8Array(100)));
  assert.ok(!run.add(new Uint8Array(101)), 'a longer one is none of it');
  assert.ok(run.add(new Uint8Array(100)));
  assert.ok(run.add(new Uint8Array(99)));
  assert.ok(!run.add(new Uint8Array(99)), 'nothing follows a shorter one');
  assert.deepEqual([run.count, run.size], [3, 299]);
  run.clear();
  for (let count = 0; count < runDatagramsMax; count++) assert.ok(run.add(new Uint8Array(1000)));
  assert.ok(!run.add(new Uint8Array(1000)));
});

for (const { what, datagramBytes, merging } of [
  { what: 'as one, merged again', datagramBytes: 1400, merging: 'merging' },
  { what: 'as one, to a socket that does not merge', datagramBytes: 1400, merging: 'apart' },
  { what: 'one by one, being larger than the path carries whole', datagramBytes: 4000, merging: 'merging' },
] as const) {
  test(`a run arrives datagram by datagram: sent ${what}`, async (context) => {
    const { left, right } = pair;
    const receiver = orFail(openUdpSocket({ family: 'ipv4', port: 5420, namespace: right.namespace }));
    context.after(() => receiver.close());
    if (merging === 'merging') receiver.mergeReceived();
    const sender = orFail(openUdpSocket({ family: 'ipv4', port: 5421, namespace: left.namespace }));
    context.after(() => sender.close());
    const sent = [...Array(14).fill(datagramBytes), 33].map((size, index) => new Uint8Array(size).fill(index + 1));
    const run = new DatagramRun();
    for (const datagram of sent) assert.ok(run.add(datagram));
    orFail(sender.sendRun(run, { address: right.address, port: 5420 }));
    const arrived: Uint8Array[] = [];
    await eventually('every datagram arrives', () => {
      arrived.push(...waiting(receiver, left.address));
      return arrived.length >= sent.length;
    });
    assert.deepEqual(arrived, sent);
  });
}

function waiting(receiver: IpSocket, from: string): Uint8Array[] {
  const datagrams: Uint8Array[] = [];
  for (let viewed = orFail(receiver.view()); viewed !== undefined; viewed = orFail(receiver.view())) {
    const { bytes, datagramBytes, source } = viewed;
    assert.deepEqual(source, { address: from, port: 5421 });
    for (let at = 0; at < bytes.length; at += datagramBytes)
      datagrams.push(Uint8Array.from(bytes.subarray(at, at + datagramBytes)));
  }
  return datagrams;
}
