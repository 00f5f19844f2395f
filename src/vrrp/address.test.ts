import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalAddress, formatAddress, parseAddress } from './index.ts';

test('any 4 or 16 bytes survive being written and read', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
  );
  fc.assert(fc.property(bytes, (address) => assert.deepEqual(parseAddress(formatAddress(address)), address)));
});

test('IPv6 text is the one of RFC 5952', () => {
  assert.equal(canonicalAddress('2001:DB8:0:0:0:0:0:200'), '2001:db8::200');
  assert.equal(canonicalAddress('2001:db8:0:1:0:0:0:1'), '2001:db8:0:1::1');
  assert.equal(canonicalAddress('fe80:0:0:1:0:0:0:0'), 'fe80:0:0:1::');
  assert.equal(canonicalAddress('::'), '::');
  assert.equal(canonicalAddress('::ffff:10.0.0.1'), '::ffff:a00:1');
});

test('what is no address is refused', () => {
  for (const text of ['', '1.2.3', '1.2.3.256', '1.2.3.4.5', ':::', '1::2::3', '12345::', '1:2:3:4:5:6:7', 'eth0'])
    assert.equal(parseAddress(text), undefined, text);
});
