import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAddress } from './address.ts';
import { type Advertisement, decodeAdvertisement, encodeAdvertisement } from './advertisement.ts';
import { openAuthenticationHeader, sealAuthenticationHeader } from './authentication-header.ts';
import type { InstanceConfiguration } from './configuration.ts';
import { decodeIpv4, encodeIpv4 } from './ip-header.ts';
import { authenticationTypeOf, expectationOf, type ReceivedPacket, receive, secretBytes } from './reception.ts';
import { instanceOf, virtualAddress } from './testdata/instance.ts';
import { wire } from './testdata/wire.ts';

const hmacMd5 = (key: Uint8Array, message: Uint8Array) =>
  new Uint8Array(createHmac('md5', key).update(message).digest());

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'));
}

function address(text: string): Uint8Array {
  const bytes = parseAddress(text);
  assert.ok(bytes !== undefined);
  return bytes;
}

function advertOf(configuration: InstanceConfiguration, priority: number): Advertisement {
  return {
    version: configuration.version,
    virtualRouterId: configuration.virtualRouterId,
    priority,
    intervalMs: configuration.advertIntervalMs,
    addresses: expectationOf(configuration).addresses,
    authenticationType: authenticationTypeOf(configuration),
    authenticationData: configuration.authentication.kind === 'pass' ? secretBytes(configuration) : new Uint8Array(8),
  };
}

function received(text: string): ReceivedPacket {
  const packet = decodeIpv4(bytesOf(text));
  assert.ok(packet.ok);
  return { ...packet.value, ahVerified: false };
}

const unicast = (peer: string): InstanceConfiguration['transport'] => ({
  kind: 'unicast',
  source: '192.168.122.101',
  peers: [{ address: peer, ttlMin: undefined, ttlMax: undefined }],
  ttl: 255,
  checkSource: false,
  faultWithoutPeers: false,
});

const v3 = { version: 3, advertIntervalMs: 250 } as const;
const cases: { name: keyof typeof wire; priority: number; changes: Partial<InstanceConfiguration> }[] = [
  { name: 'v2-noauth', priority: 244, changes: {} },
  { name: 'v2-noauth-zero', priority: 0, changes: {} },
  { name: 'v2-pass', priority: 244, changes: { authentication: { kind: 'pass', secret: '12345' } } },
  { name: 'v2-pass-zero', priority: 0, changes: { authentication: { kind: 'pass', secret: '12345' } } },
  { name: 'v2-owner255', priority: 255, changes: { priority: 255 } },
  { name: 'v2-unicast', priority: 244, changes: { transport: unicast('192.168.122.50') } },
  { name: 'v3-ipv4', priority: 244, changes: v3 },
  { name: 'v3-ipv4-zero', priority: 0, changes: v3 },
  { name: 'v3-unicast', priority: 244, changes: { ...v3, transport: unicast('192.168.122.50') } },
];

for (const { name, priority, changes } of cases) {
  test(`${name}: our packet is the peer's, byte for byte, and the peer's is accepted`, () => {
    const configuration = instanceOf(changes);
    const peer = decodeIpv4(bytesOf(wire[name]));
    assert.ok(peer.ok);
    const { source, destination, identification } = peer.value;
    const payload = encodeAdvertisement(advertOf(configuration, priority), { source, destination }, 'pseudo-header');
    const ours = encodeIpv4({ source, destination, identification, protocol: 112, ttl: 255 }, payload);
    // The kernel fills in the header checksum.
    ours.set(peer.value.headerBytes.subarray(10, 12), 10);
    assert.deepEqual(Buffer.from(ours).toString('hex'), wire[name]);
    const accepted = receive(received(wire[name]), expectationOf(configuration));
    assert.ok(accepted.ok && accepted.value.priority === priority);
  });
}

test('v3 over IPv6: the same bytes as the peer, and accepted', () => {
  const configuration = instanceOf({
    ...v3,
    family: 'ipv6',
    virtualRouterId: 61,
    virtualAddresses: [virtualAddress('fe80::61', 64), virtualAddress('2001:db8::200', 64)],
  });
  const peer = bytesOf(wire['v3-ipv6']);
  const endpoints = { source: peer.slice(8, 24), destination: peer.slice(24, 40) };
  const payload = encodeAdvertisement(advertOf(configuration, 244), endpoints, 'pseudo-header');
  assert.deepEqual(Buffer.from(payload), Buffer.from(peer.slice(40)));
  const packet = { ...endpoints, ttl: 255, payload: peer.slice(40), ahVerified: false };
  assert.ok(receive(packet, expectationOf(configuration)).ok);
});

test('AH: our packet is the peer’s, byte for byte; one changed bit is refused', () => {
  const configuration = instanceOf({ authentication: { kind: 'ah', secret: '12345' } });
  const peer = decodeIpv4(bytesOf(wire['v2-ah']));
  assert.ok(peer.ok);
  const key = secretBytes(configuration);
  const { source, destination, headerBytes } = peer.value;
  const payload = encodeAdvertisement(advertOf(configuration, 244), { source, destination }, 'pseudo-header');
  const sealed = sealAuthenticationHeader({ header: headerBytes, sequence: 1, payload }, key, hmacMd5);
  assert.deepEqual(Buffer.from(sealed), Buffer.from(peer.value.payload));
  const opened = openAuthenticationHeader({ header: headerBytes, payload: sealed }, key, hmacMd5);
  assert.ok(opened.ok && opened.value.sequence === 1 && opened.value.parameterIndex === 0xc0a87a65);
  const packet = { ...peer.value, payload: opened.value.payload, ahVerified: true };
  assert.ok(receive(packet, expectationOf(configuration)).ok);
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const damaged = sealed.slice();
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.ok(!openAuthenticationHeader({ header: headerBytes, payload: damaged }, key, hmacMd5).ok, `bit ${bit}`);
  }
});

test('what was encoded decodes to itself, for every version, family and size', () => {
  const parts = fc.record({
    ipv6: fc.boolean(),
    version: fc.constantFrom(2 as const, 3 as const),
    virtualRouterId: fc.integer({ min: 1, max: 255 }),
    priority: fc.integer({ min: 0, max: 255 }),
    count: fc.integer({ min: 0, max: 255 }),
    interval: fc.integer({ min: 1, max: 255 }),
    fill: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    scope: fc.constantFrom('pseudo-header' as const, 'v2-like' as const),
  });
  fc.assert(
    fc.property(parts, ({ ipv6, count, interval, fill, scope, ...rest }) => {
      const size = ipv6 ? 16 : 4;
      const version = ipv6 ? 3 : rest.version;
      const advert: Advertisement = {
        ...rest,
        version,
        intervalMs: interval * (version === 2 ? 1000 : 10),
        addresses: Array.from({ length: count }, (_, index) => fill.slice(0, size).map((byte) => byte ^ index)),
        authenticationType: 0,
        authenticationData: new Uint8Array(8),
      };
      const endpoints = { source: fill.slice(0, size), destination: fill.slice(16 - size) };
      const decoded = decodeAdvertisement(encodeAdvertisement(advert, endpoints, scope), endpoints, scope);
      assert.deepEqual(decoded, { ok: true, value: advert });
    }),
  );
});

test('no damaged or arbitrary message is accepted or makes the decoder throw', () => {
  const endpoints = { source: address('10.0.0.1'), destination: address('224.0.0.18') };
  const good = encodeAdvertisement(advertOf(instanceOf(v3), 100), endpoints, 'pseudo-header');
  for (let bit = 0; bit < good.length * 8; bit++) {
    const damaged = good.slice();
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.ok(!decodeAdvertisement(damaged, endpoints, 'pseudo-header').ok, `bit ${bit}`);
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      decodeAdvertisement(bytes, endpoints, 'pseudo-header');
      decodeIpv4(bytes);
      openAuthenticationHeader({ header: new Uint8Array(20), payload: bytes }, bytes, hmacMd5);
    }),
  );
});

test('every refusal names both sides’ values', () => {
  const packet = received(wire['v2-noauth']);
  const refusals: [Partial<InstanceConfiguration>, Partial<ReceivedPacket>, string, RegExp][] = [
    [{}, { ttl: 64 }, 'ttl', /invalid ttl\. 64 and expect 255/],
    [{ version: 3 }, {}, 'version', /invalid version\. 2 and expect 3/],
    [{ authentication: { kind: 'pass', secret: 'x' } }, {}, 'authentication-mismatch', /a 0 auth, expecting 1/],
    [{ advertIntervalMs: 3000 }, {}, 'interval', /mine=3 sec rcv'd=1 sec/],
    [{ virtualAddresses: [virtualAddress('192.168.122.200')] }, {}, 'address-list', /count 2, expected 1!/],
    [
      { virtualAddresses: [virtualAddress('192.168.122.200'), virtualAddress('192.168.122.202')] },
      {},
      'address-list',
      /not present in MASTER advert : 192\.168\.122\.201 \(received .*200, .*201, expected .*200, .*202\)/,
    ],
    [{}, { payload: packet.payload.slice(0, 20) }, 'length', /too short\. 20 and expect at least 24/],
    [{}, { payload: packet.payload.map((byte, index) => (index === 2 ? 1 : byte)) }, 'checksum', /0x73e5 and expect/],
    [{ transport: { ...unicast('192.168.122.9'), checkSource: true } as never }, {}, 'source', /122\.101 .*122\.9/],
  ];
  for (const [changes, damage, code, wording] of refusals) {
    const result = receive({ ...packet, ...damage }, expectationOf(instanceOf(changes)));
    assert.ok(!result.ok, code);
    assert.equal(result.error.code, code);
    assert.match(result.error.message, wording);
    assert.match(result.error.message, /192\.168\.122\.101/);
  }
  const wrongSecret = instanceOf({ authentication: { kind: 'pass', secret: 'other' } });
  const refused = receive(received(wire['v2-pass']), expectationOf(wrongSecret));
  assert.ok(!refused.ok && refused.error.code === 'authentication-failure');
});

test('the address list may come in any order, and may go unchecked', () => {
  const turned = instanceOf({ virtualAddresses: [...instanceOf().virtualAddresses].reverse() });
  assert.ok(receive(received(wire['v2-noauth']), expectationOf(turned)).ok);
  const unchecked = instanceOf({ virtualAddresses: [virtualAddress('10.0.0.1')], skipCheckAdvAddr: true });
  assert.ok(receive(received(wire['v2-noauth']), expectationOf(unchecked)).ok);
});
