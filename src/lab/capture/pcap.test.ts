import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPcap } from './pcap.ts';

/** A UDP datagram 10.0.0.1:1234 → 10.0.0.2:7 with the payload `hi`, padded to Ethernet's least length. */
const datagram = Buffer.from(
  '02000000000202000000000108004500001e00010000401166ce0a0000010a00000204d20007000a00006869' + '00'.repeat(16),
  'hex',
);

function pcap(frames: readonly Buffer[], magic = 0xa1b2c3d4): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(magic, 0);
  header.writeUInt32LE(1, 20);
  const records = frames.flatMap((frame) => {
    const record = Buffer.alloc(16);
    for (const [index, value] of [1_700_000_000, 250_000, frame.length, frame.length].entries()) {
      record.writeUInt32LE(value, 4 * index);
    }
    return [record, frame];
  });
  return Buffer.concat([header, ...records]);
}

test('a frame is read with its time, addresses, ports and unpadded payload', () => {
  const [frame] = readPcap(pcap([datagram]));
  assert.equal(frame?.epochMs, 1_700_000_000_250);
  assert.deepEqual([frame?.source, frame?.destination], ['02:00:00:00:00:01', '02:00:00:00:00:02']);
  const { source, destination, protocol, hopLimit, ports, payload } = frame?.ip ?? assert.fail('no IP');
  assert.deepEqual([source, destination, protocol, hopLimit], ['10.0.0.1', '10.0.0.2', 17, 64]);
  assert.deepEqual(ports, { source: 1234, destination: 7 });
  assert.equal(payload.subarray(8).toString(), 'hi');
});

test('nanosecond captures keep their fraction', () => {
  assert.equal(readPcap(pcap([datagram], 0xa1b23c4d))[0]?.epochMs, 1_700_000_000_000.25);
});

test('a capture that ends in the middle of a record gives the whole ones before it', () => {
  const file = pcap([datagram, datagram]);
  assert.equal(readPcap(file.subarray(0, file.length - 1)).length, 1);
});

test('what is no capture is refused', () => {
  assert.throws(() => readPcap(Buffer.from('GIF89a')), /no packet capture/);
});
