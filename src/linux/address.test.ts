import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  addressBytes,
  addressText,
  familyOf,
  hardwareAddressBytes,
  hardwareAddressText,
  isMulticast,
} from './address.ts';

test('the text of an IPv6 address is that of the URL standard, which follows RFC 5952', () => {
  const zeros = fc.constantFrom(0, 0, 0, 1, 0xdb8, 0xffff);
  fc.assert(
    fc.property(fc.array(zeros, { minLength: 8, maxLength: 8 }), (groups) => {
      const bytes = Buffer.alloc(16);
      groups.forEach((group, index) => void bytes.writeUInt16BE(group, index * 2));
      const mapped = bytes.subarray(0, 12).equals(Buffer.from('00000000000000000000ffff', 'hex'));
      const long = groups.map((group) => group.toString(16)).join(':');
      const oracle = new URL(`http://[${long}]`).hostname.slice(1, -1);
      if (!mapped) assert.equal(addressText(bytes), oracle);
      assert.deepEqual(addressBytes(addressText(bytes)), bytes);
      assert.deepEqual(addressBytes(long), bytes);
    }),
    { numRuns: 2000 },
  );
});

test('an IPv4 address is the same after text and bytes', () => {
  fc.assert(fc.property(fc.ipV4(), (text) => assert.equal(addressText(addressBytes(text)), text)));
});

test('what is no address has no family', () => {
  for (const text of ['', '1.2.3', '1.2.3.4/24', '::1%lo', 'fe80::1%eth0', 'host', '1:2', '256.1.1.1']) {
    assert.equal(familyOf(text), undefined, text);
  }
  assert.throws(() => addressBytes('host'), /'host' is no IP address/);
});

test('mapped and embedded IPv4 is read and written in dotted form', () => {
  assert.deepEqual(addressBytes('::ffff:192.0.2.1').subarray(10), Buffer.from('ffffc0000201', 'hex'));
  assert.equal(addressText(addressBytes('::ffff:c000:201')), '::ffff:192.0.2.1');
});

test('multicast is 224.0.0.0/4 and ff00::/8', () => {
  const answers = ['223.255.255.255', '224.0.0.18', '239.1.1.1', '240.0.0.1', 'ff02::12', 'fe80::1'].map(isMulticast);
  assert.deepEqual(answers, [false, true, true, false, true, false]);
});

test('Ethernet addresses are read in either case and with short groups, and nothing else is', () => {
  assert.equal(hardwareAddressText(hardwareAddressBytes('0:0:5E:0:1:FF') ?? Buffer.alloc(0)), '00:00:5e:00:01:ff');
  for (const text of ['', '00:00:5e:00:01', '00:00:5e:00:01:100', '00-00-5e-00-01-01', 'g0:00:5e:00:01:01']) {
    assert.equal(hardwareAddressBytes(text), undefined, text);
  }
});
