import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  arpRequest,
  decodeArp,
  decodeNeighbourAdvertisement,
  gratuitousArp,
  internetChecksum,
  neighbourProbe,
  unsolicitedNeighbourAdvertisement,
} from './announcement.ts';

const hardwareAddress = '00:00:5e:00:01:33';

test('a gratuitous ARP has the bytes of RFC 5227: sender and target are the address itself', () => {
  const announcement = { address: '192.0.2.100', hardwareAddress };
  const head = 'ffffffffffff00005e0001330806' + '0001080006040001' + '00005e000133c0000264';
  assert.equal(gratuitousArp(announcement).toString('hex'), `${head}000000000000c0000264`);
  const reply = gratuitousArp(announcement, 'reply');
  assert.deepEqual(decodeArp(reply), {
    operation: 'reply',
    senderHardwareAddress: hardwareAddress,
    senderAddress: '192.0.2.100',
    targetHardwareAddress: 'ff:ff:ff:ff:ff:ff',
    targetAddress: '192.0.2.100',
  });
  const fromElsewhere = gratuitousArp({ ...announcement, from: '02:00:00:00:00:09' });
  assert.equal(fromElsewhere.subarray(6, 12).toString('hex'), '020000000009');
  const probe = decodeArp(arpRequest({ hardwareAddress, senderAddress: '0.0.0.0', targetAddress: '192.0.2.1' }));
  assert.deepEqual([probe?.senderAddress, probe?.targetAddress], ['0.0.0.0', '192.0.2.1']);
});

test('a neighbour advertisement overrides, is unsolicited, has hop limit 255 and a right checksum', () => {
  for (const [role, flags] of [
    ['host', 0x20],
    ['router', 0xa0],
  ] as const) {
    const frame = unsolicitedNeighbourAdvertisement({ address: '2001:db8::100', hardwareAddress }, role);
    const [ip, icmp] = [frame.subarray(14, 54), frame.subarray(54)];
    assert.equal(frame.subarray(0, 14).toString('hex'), '33330000000100005e00013386dd');
    assert.deepEqual([ip.readUInt8(6), ip.readUInt8(7), ip.readUInt16BE(4)], [58, 255, icmp.length]);
    assert.deepEqual([icmp.readUInt8(0), icmp.readUInt8(4)], [136, flags]);
    assert.equal(icmp.subarray(24).toString('hex'), '020100005e000133');
    const pseudo = Buffer.from([0, 0, 0, icmp.length, 0, 0, 0, 58]);
    assert.equal(internetChecksum(Buffer.concat([ip.subarray(8, 40), pseudo, icmp])), 0);
  }
});

test('a probe asks the solicited nodes of its address, from no address, with a right checksum (RFC 4862)', () => {
  const frame = neighbourProbe({ address: '2001:db8::12:3456', hardwareAddress });
  const [ip, icmp] = [frame.subarray(14, 54), frame.subarray(54)];
  assert.equal(frame.subarray(0, 14).toString('hex'), '3333ff12345600005e00013386dd');
  assert.equal(ip.subarray(8).toString('hex'), `${'00'.repeat(16)}ff0200000000000000000001ff123456`);
  assert.deepEqual([ip.readUInt8(6), ip.readUInt8(7), icmp.readUInt8(0), icmp.length], [58, 255, 135, 24]);
  const pseudo = Buffer.from([0, 0, 0, icmp.length, 0, 0, 0, 58]);
  assert.equal(internetChecksum(Buffer.concat([ip.subarray(8, 40), pseudo, icmp])), 0);
});

test('a neighbour advertisement is read back; without the option its sender is who has the address', () => {
  const announcement = { address: '2001:db8::100', hardwareAddress };
  const frame = unsolicitedNeighbourAdvertisement({ ...announcement, from: '02:00:00:00:00:09' }, 'host');
  assert.deepEqual(decodeNeighbourAdvertisement(frame), announcement);
  const bare = frame.subarray(0, 78);
  assert.deepEqual(decodeNeighbourAdvertisement(bare), { ...announcement, hardwareAddress: '02:00:00:00:00:09' });
  assert.equal(decodeNeighbourAdvertisement(neighbourProbe(announcement)), undefined);
});

test('no bytes make the readers fail', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      decodeArp(Buffer.from(bytes));
      decodeNeighbourAdvertisement(Buffer.from(bytes));
    }),
  );
});
