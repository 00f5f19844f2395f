// Haven and real keepalived in both roles over every kind of wire, and the same frames from both in the same state.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Pair, type Program, peerAvailable, withPair } from './pair.ts';

const withPeer = {
  skip: process.getuid?.() !== 0 ? 'needs root' : peerAvailable ? false : 'needs the Debian package keepalived',
};

type Variant = { readonly name: string; readonly address: string; readonly lines: (peer: string) => string };

const v4 = 'virtual_ipaddress {\n 192.168.122.200/24\n 192.168.122.201/24\n}';
const v6 = 'virtual_ipaddress {\n fe80::61/64\n 2001:db8::200/64\n}';
const v3 = 'version 3\nadvert_int 0.25';
const [address4, address6] = ['192.168.122.200', '2001:db8::200'];
const unicast = (peer: string) => `unicast_peer {\n ${peer}\n}`;

const variants: readonly Variant[] = [
  { name: 'v2 without authentication', address: address4, lines: () => v4 },
  { name: 'v2 AH', address: address4, lines: () => `authentication {\n auth_type AH\n auth_pass 12345\n}\n${v4}` },
  { name: 'v2 unicast', address: address4, lines: (peer) => `${unicast(peer)}\n${v4}` },
  { name: 'v2 virtual MAC', address: address4, lines: () => `use_vmac\n${v4}` },
  { name: 'v3 IPv4', address: address4, lines: () => `${v3}\n${v4}` },
  { name: 'v3 unicast', address: address4, lines: (peer) => `${v3}\n${unicast(peer)}\n${v4}` },
  { name: 'v3 IPv6', address: address6, lines: () => `${v3}\n${v6}` },
  { name: 'v3 IPv6 virtual MAC', address: address6, lines: () => `${v3}\nuse_vmac\n${v6}` },
];

/** These stand for the others in `npm test`; `npm run interop -- keepalived` runs all. */
const bounded = ['v3 IPv4', 'v3 IPv6'];

for (const variant of variants) {
  const left = process.env.HAVEN_INTEROP !== 'whole' && !bounded.includes(variant.name);
  const options = left && withPeer.skip === false ? { skip: 'runs with: npm run interop -- keepalived' } : withPeer;
  test(`${variant.name}: each takes over from the other, with the same frames`, options, () =>
    withPair(async (pair) => {
      const ours = await framesOf(pair, variant, 'haven', 'keepalived');
      const theirs = await framesOf(pair, variant, 'keepalived', 'haven');
      assert.deepEqual(ours, theirs);
    }),
  );
}

/** `first` is master of server1, hands over to `second` on server2 and takes the address back; the frames it sent. */
async function framesOf(pair: Pair, variant: Variant, first: Program, second: Program): Promise<string[]> {
  const configuration = (priority: number, peer: string) =>
    `vrrp_instance VI_1 {
      interface eth0
      virtual_router_id 51
      priority ${priority}
      ${variant.lines(peer)}
    }`;
  const capture = await pair.capture('server2', 'ip proto 112 or ip proto 51 or ip6 proto 112');
  await pair.start('server2', second, configuration(243, '192.168.122.101'));
  await pair.start('server1', first, configuration(244, '192.168.122.102'));
  await pair.untilHeldBy(variant.address, ['server1']);
  await pair.stop('server1');
  await pair.untilHeldBy(variant.address, ['server2']);
  await pair.start('server1', first, configuration(244, '192.168.122.102'));
  await pair.untilHeldBy(variant.address, ['server1']);
  await pair.stop('server2');
  await pair.stop('server1');
  const frames = (await capture.end()).filter((frame) => isFromServer1(frame));
  assert.ok(frames.length > 0, 'adverts of server1 were captured');
  return [...new Set(frames.map(maskCounters))].sort();
}

/** By the source address: the Ethernet source may be the virtual router's. */
function isFromServer1(frame: string): boolean {
  const server1 = { ipv4: 'c0a87a65', interfaceIdentifier: '6876fffe000001' };
  return frame.slice(24, 28) === '0800'
    ? frame.slice(52, 60) === server1.ipv4
    : frame.includes(server1.interfaceIdentifier);
}

/** Without what counts or hashes: IPv4 identification and checksum, the IPv6 flow label, AH sequence and ICV. */
function maskCounters(frame: string): string {
  const bytes = Buffer.from(frame, 'hex');
  const ipv4 = bytes.readUInt16BE(12) === 0x0800;
  const masked: readonly [number, number][] = ipv4
    ? [[18, 20], [24, 26], ...(bytes[23] === 51 ? ([[42, 58]] as const) : [])].map(([from = 0, to = 0]) => [from, to])
    : [[15, 18]];
  for (const [from, to] of masked) bytes.fill(0, from, to);
  return bytes.toString('hex');
}
