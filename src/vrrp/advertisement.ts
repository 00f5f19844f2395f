// The VRRP advertisement on the wire: version 2 (RFC 3768 §5, with the authentication types of RFC 2338 that Keepalived
// kept) and version 3 (RFC 9568 §5). Only the VRRP message; the IP header around it is ip-header.ts.
//
//   v2: 2|1, VRID, priority, count, auth type, interval s, checksum; addresses; always 8 bytes of authentication data
//   v3: 3|1, VRID, priority, count, 0|interval cs (12 bits),  checksum; addresses
import { assert, err, ok, type Result } from '../kit/index.ts';
import { type AddressFamily, familyOf } from './address.ts';
import { finishChecksum, pseudoHeaderSum, sumWords } from './checksum.ts';

export const addressesMax = 255;
const headerBytes = 8;
const authenticationBytes = 8;
const advertisementType = 1;

export type AuthenticationType = 0 | 1 | 2;

/** What an advertisement says. Addresses are bytes, as they are compared byte for byte with the configured ones. */
export type Advertisement = {
  readonly version: 2 | 3;
  readonly virtualRouterId: number;
  /** 0: the master gives up its part. */
  readonly priority: number;
  readonly intervalMs: number;
  readonly addresses: readonly Uint8Array[];
  /** v2 only: 0 none, 1 PASS, 2 AH; always 0 in v3. */
  readonly authenticationType: AuthenticationType;
  /** v2 only: 8 bytes, zero unless PASS. */
  readonly authenticationData: Uint8Array;
};

/** Source and destination of the packet: v3 checksums cover them. */
export type Endpoints = { readonly source: Uint8Array; readonly destination: Uint8Array };

/** `v2-like`: keepalived's v3_checksum_as_v2 for IPv4, without the pseudo-header. */
export type ChecksumScope = 'pseudo-header' | 'v2-like';

export type DecodeFailure = {
  readonly code: 'length' | 'version' | 'type' | 'checksum' | 'authentication-type';
  /** What was received and what was wanted. */
  readonly message: string;
};

export function encodeAdvertisement(advert: Advertisement, endpoints: Endpoints, scope: ChecksumScope): Uint8Array {
  const addressBytes = advert.addresses[0]?.length ?? 4;
  assert(advert.addresses.length <= addressesMax, `an advertisement lists at most ${addressesMax} addresses`);
  assert(advert.priority >= 0 && advert.priority <= 255, `priority ${advert.priority} is one byte`);
  const trailer = advert.version === 2 ? authenticationBytes : 0;
  const bytes = new Uint8Array(headerBytes + advert.addresses.length * addressBytes + trailer);
  bytes[0] = (advert.version << 4) | advertisementType;
  bytes[1] = advert.virtualRouterId;
  bytes[2] = advert.priority;
  bytes[3] = advert.addresses.length;
  writeInterval(bytes, advert);
  advert.addresses.forEach((address, index) => {
    bytes.set(address, headerBytes + index * addressBytes);
  });
  if (advert.version === 2) bytes.set(advert.authenticationData, bytes.length - authenticationBytes);
  const checksum = finishChecksum(checksumSum(bytes, advert.version, endpoints, scope));
  bytes[6] = checksum >> 8;
  bytes[7] = checksum & 0xff;
  return bytes;
}

/**
 * Reads a VRRP message, with every check that needs no configuration: length, version, type, checksum, authentication
 * type (RFC 9568 §7.1, RFC 3768 §7.1). What depends on the instance is reception.ts.
 */
export function decodeAdvertisement(
  bytes: Uint8Array,
  endpoints: Endpoints,
  scope: ChecksumScope,
): Result<Advertisement, DecodeFailure> {
  if (bytes.length < headerBytes) return tooShort(bytes.length, headerBytes);
  const version = (bytes[0] ?? 0) >> 4;
  const family = familyOf(endpoints.source);
  if (version !== 2 && version !== 3) return failure('version', `invalid version. ${version} and expect 2 or 3`);
  if (version === 2 && family === 'ipv6') return failure('version', 'invalid version. 2 and expect 3 over IPv6');
  const type = (bytes[0] ?? 0) & 0x0f;
  if (type !== advertisementType) return failure('type', `invalid type. ${type} and expect ${advertisementType}`);
  const wanted = messageBytes(version, bytes[3] ?? 0, family);
  if (bytes.length < wanted) return tooShort(bytes.length, wanted);
  const message = bytes.subarray(0, wanted);
  const rest = finishChecksum(checksumSum(message, version, endpoints, scope));
  if (rest !== 0) return checksumFailure(message, version, endpoints, scope);
  const authenticationType = version === 2 ? (bytes[4] ?? 0) : 0;
  if (authenticationType !== 0 && authenticationType !== 1 && authenticationType !== 2)
    return failure('authentication-type', `Invalid auth type: ${authenticationType}`);
  return ok({
    version,
    virtualRouterId: bytes[1] ?? 0,
    priority: bytes[2] ?? 0,
    intervalMs: readInterval(message, version),
    addresses: readAddresses(message, family),
    authenticationType,
    authenticationData: version === 2 ? message.slice(-authenticationBytes) : new Uint8Array(authenticationBytes),
  });
}

/** The version and VRID of a message that may be anything, to find its instance; undefined when it has no header. */
export function peekRouter(
  bytes: Uint8Array,
): { readonly version: number; readonly virtualRouterId: number } | undefined {
  if (bytes.length < headerBytes) return undefined;
  return { version: (bytes[0] ?? 0) >> 4, virtualRouterId: bytes[1] ?? 0 };
}

/** Bytes of a whole message with so many addresses. */
export function messageBytes(version: 2 | 3, addressCount: number, family: AddressFamily): number {
  return headerBytes + addressCount * (family === 'ipv4' ? 4 : 16) + (version === 2 ? authenticationBytes : 0);
}

function writeInterval(bytes: Uint8Array, advert: Advertisement): void {
  if (advert.version === 2) {
    bytes[4] = advert.authenticationType;
    bytes[5] = Math.round(advert.intervalMs / 1000);
    return;
  }
  const centiseconds = Math.round(advert.intervalMs / 10);
  assert(centiseconds >= 1 && centiseconds <= 0xfff, `an interval of ${advert.intervalMs} ms has no 12-bit form`);
  bytes[4] = centiseconds >> 8;
  bytes[5] = centiseconds & 0xff;
}

function readInterval(bytes: Uint8Array, version: 2 | 3): number {
  if (version === 2) return (bytes[5] ?? 0) * 1000;
  return ((((bytes[4] ?? 0) & 0x0f) << 8) | (bytes[5] ?? 0)) * 10;
}

function readAddresses(bytes: Uint8Array, family: AddressFamily): Uint8Array[] {
  const size = family === 'ipv4' ? 4 : 16;
  return Array.from({ length: bytes[3] ?? 0 }, (_, index) =>
    bytes.slice(headerBytes + index * size, headerBytes + (index + 1) * size),
  );
}

/** v2 covers the message alone (authentication data included); v3 the pseudo-header as well, on IPv4 too. */
function checksumSum(bytes: Uint8Array, version: number, endpoints: Endpoints, scope: ChecksumScope): number {
  const plain = version === 2 || (scope === 'v2-like' && familyOf(endpoints.source) === 'ipv4');
  return sumWords(bytes, plain ? 0 : pseudoHeaderSum(endpoints.source, endpoints.destination, bytes.length));
}

function checksumFailure(
  message: Uint8Array,
  version: 2 | 3,
  endpoints: Endpoints,
  scope: ChecksumScope,
): Result<never, DecodeFailure> {
  const received = ((message[6] ?? 0) << 8) | (message[7] ?? 0);
  const zeroed = message.slice();
  zeroed[6] = 0;
  zeroed[7] = 0;
  const computed = finishChecksum(checksumSum(zeroed, version, endpoints, scope));
  return failure('checksum', `Invalid VRRPv${version} checksum. ${hex(received)} and expect ${hex(computed)}`);
}

function tooShort(received: number, wanted: number): Result<never, DecodeFailure> {
  return failure('length', `ip payload too short. ${received} and expect at least ${wanted}`);
}

function failure(code: DecodeFailure['code'], message: string): Result<never, DecodeFailure> {
  return err({ code, message });
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(4, '0')}`;
}
