// The checks of a received advertisement against the instance it is for (RFC 9568 §7.1, RFC 3768 §7.1, and Keepalived's
// own). Each refusal carries both sides' values, so that its log line is enough to find the wrong file.
import { err, ok, type Result } from '../kit/index.ts';
import { formatAddress, parseAddress } from './address.ts';
import {
  type Advertisement,
  type AuthenticationType,
  type ChecksumScope,
  type DecodeFailure,
  decodeAdvertisement,
  type Endpoints,
} from './advertisement.ts';
import type { InstanceConfiguration } from './configuration.ts';
import type { Statistics } from './statistics.ts';

export type RefusalCode =
  | DecodeFailure['code']
  | 'ttl'
  | 'source'
  | 'authentication-mismatch'
  | 'authentication-failure'
  | 'address-list'
  | 'interval';

export type Refusal = {
  readonly code: RefusalCode;
  readonly message: string;
  /** Equal for refusals that need not be told one by one: sums and hashes differ from packet to packet. */
  readonly key: string;
};

type Objection = Pick<Refusal, 'code' | 'message'>;

/** A packet as it came: `ttl` is the hop limit on IPv6; `ahVerified` when an authentication header was opened. */
export type ReceivedPacket = Endpoints & {
  readonly ttl: number;
  readonly payload: Uint8Array;
  readonly ahVerified: boolean;
};

/** What an instance compares with, computed once per configuration. */
export type Expectation = {
  readonly configuration: InstanceConfiguration;
  /** In configured order; the master's list may have another (RFC 9568 §7.1). */
  readonly addresses: readonly Uint8Array[];
  readonly addressTexts: ReadonlySet<string>;
  readonly peers: ReadonlyMap<string, { readonly ttlMin: number; readonly ttlMax: number }>;
  readonly secret: Uint8Array;
  readonly checksumScope: ChecksumScope;
};

export function expectationOf(configuration: InstanceConfiguration): Expectation {
  const addresses = configuration.virtualAddresses.flatMap(({ address }) => parseAddress(address) ?? []);
  const peers = configuration.transport.kind === 'unicast' ? configuration.transport.peers : [];
  return {
    configuration,
    addresses,
    addressTexts: new Set(addresses.map(formatAddress)),
    peers: new Map(peers.map((peer) => [peer.address, { ttlMin: peer.ttlMin ?? 0, ttlMax: peer.ttlMax ?? 255 }])),
    secret: secretBytes(configuration),
    checksumScope: configuration.v3ChecksumAsV2 ? 'v2-like' : 'pseudo-header',
  };
}

/** The 8 bytes of authentication data an instance sends. */
export function secretBytes(configuration: InstanceConfiguration): Uint8Array {
  const bytes = new Uint8Array(8);
  if (configuration.authentication.kind !== 'none')
    bytes.set(new TextEncoder().encode(configuration.authentication.secret).subarray(0, 8));
  return bytes;
}

export function authenticationTypeOf(configuration: InstanceConfiguration): AuthenticationType {
  if (configuration.version === 3 || configuration.authentication.kind === 'none') return 0;
  return configuration.authentication.kind === 'pass' ? 1 : 2;
}

/** The advertisement, when nothing speaks against it. The VRID chose the instance already. */
export function receive(packet: ReceivedPacket, expectation: Expectation): Result<Advertisement, Refusal> {
  const judged = judge(packet, expectation);
  if (judged.ok) return judged;
  return err(refusalOf(expectation.configuration, packet.source, judged.error));
}

/** The refusal of a packet of `source`, with both sides' names. */
export function refusalOf({ name }: InstanceConfiguration, source: Uint8Array, { code, message }: Objection): Refusal {
  const sender = formatAddress(source);
  const told = `(${name}) ${message} (from ${sender})`;
  return {
    code,
    message: told,
    key: code === 'checksum' || code === 'authentication-failure' ? `${name} ${code} ${sender}` : told,
  };
}

function judge(packet: ReceivedPacket, expectation: Expectation): Result<Advertisement, Objection> {
  const origin = checkOrigin(packet, expectation);
  if (origin !== undefined) return err(origin);
  const decoded = decodeAdvertisement(packet.payload, packet, expectation.checksumScope);
  if (!decoded.ok) return decoded;
  const advert = decoded.value;
  const refusal =
    checkVersion(advert, expectation) ??
    checkAuthentication(advert, packet, expectation) ??
    checkAddresses(advert, expectation) ??
    checkInterval(advert, expectation);
  return refusal === undefined ? ok(advert) : err(refusal);
}

/** The counter a refusal belongs to; a wrong source has none of its own. */
export function countRefusal(statistics: Statistics, code: RefusalCode): void {
  const counters: Readonly<Record<RefusalCode, keyof Statistics | undefined>> = {
    length: 'lengthErrors',
    version: 'versionErrors',
    type: 'invalidType',
    checksum: 'checksumErrors',
    'authentication-type': 'invalidAuthenticationType',
    ttl: 'ttlErrors',
    source: undefined,
    'authentication-mismatch': 'authenticationTypeMismatch',
    'authentication-failure': 'authenticationFailure',
    'address-list': 'addressListErrors',
    interval: 'intervalErrors',
  };
  const counter = counters[code];
  if (counter !== undefined) statistics[counter]++;
}

/** Multicast must come with TTL 255, which no router leaves as it is; unicast within the bounds given for its peer. */
function checkOrigin(packet: ReceivedPacket, { configuration, peers }: Expectation): Objection | undefined {
  if (configuration.transport.kind === 'multicast') {
    if (packet.ttl === 255) return undefined;
    return refuse('ttl', `invalid ttl. ${packet.ttl} and expect 255`);
  }
  const source = formatAddress(packet.source);
  const peer = peers.get(source);
  if (peer === undefined && configuration.transport.checkSource)
    return refuse('source', `unicast source address ${source} not a unicast peer (${[...peers.keys()]})`);
  if (peer === undefined || (packet.ttl >= peer.ttlMin && packet.ttl <= peer.ttlMax)) return undefined;
  return refuse('ttl', `TTL/HL ${packet.ttl} from ${source} out of range [${peer.ttlMin}, ${peer.ttlMax}]`);
}

function checkVersion(advert: Advertisement, { configuration }: Expectation): Objection | undefined {
  if (advert.version === configuration.version) return undefined;
  return refuse('version', `invalid version. ${advert.version} and expect ${configuration.version}`);
}

function checkAuthentication(
  advert: Advertisement,
  packet: ReceivedPacket,
  { configuration, secret }: Expectation,
): Objection | undefined {
  const wanted = authenticationTypeOf(configuration);
  const received = advert.authenticationType;
  if (received !== wanted || packet.ahVerified !== (wanted === 2))
    return refuse('authentication-mismatch', `received a ${received} auth, expecting ${wanted}!`);
  if (wanted !== 1 || advert.authenticationData.every((byte, index) => byte === secret[index])) return undefined;
  // The received secret is not logged: logs travel further than configuration files.
  return refuse('authentication-failure', 'received an invalid passwd!');
}

/** Same number of addresses and the same ones, in any order; RFC 9568 §7.1 lets an administrator skip this. */
function checkAddresses(advert: Advertisement, expectation: Expectation): Objection | undefined {
  const { configuration, addresses, addressTexts } = expectation;
  if (configuration.skipCheckAdvAddr) return undefined;
  if (advert.addresses.length !== addresses.length) {
    const counts = `received an unexpected ip number count ${advert.addresses.length}, expected ${addresses.length}!`;
    return refuse('address-list', counts);
  }
  if (advert.addresses.every((address, index) => sameBytes(address, addresses[index]))) return undefined;
  const stranger = advert.addresses.map(formatAddress).find((address) => !addressTexts.has(address));
  if (stranger === undefined) return undefined;
  const lists = `received ${advert.addresses.map(formatAddress).join(', ')}, expected ${[...addressTexts].join(', ')}`;
  return refuse(
    'address-list',
    `ip address associated with VRID ${advert.virtualRouterId} not present in MASTER advert : ${stranger} (${lists})`,
  );
}

/** v2 refuses another interval (RFC 3768 §7.1); v3 learns it (RFC 9568 §6.4.2). */
function checkInterval(advert: Advertisement, { configuration }: Expectation): Objection | undefined {
  if (advert.version === 3 || advert.intervalMs === configuration.advertIntervalMs) return undefined;
  const [mine, received] = [configuration.advertIntervalMs / 1000, advert.intervalMs / 1000];
  return refuse('interval', `advertisement interval mismatch mine=${mine} sec rcv'd=${received} sec`);
}

function refuse(code: RefusalCode, message: string): Objection {
  return { code, message };
}

function sameBytes(left: Uint8Array, right: Uint8Array | undefined): boolean {
  return right !== undefined && left.length === right.length && left.every((byte, index) => byte === right[index]);
}
