// Authentication type AH of VRRP version 2 (RFC 2338 §5.3.6.3): an IPsec Authentication Header (RFC 2402) with
// HMAC-MD5-96 (RFC 2403) between the IP header and the advertisement. What Keepalived signs, seen on its wire: the IP
// header with TOS, fragment word and checksum zeroed (the TTL stays, unlike RFC 2402 §3.3.3.1.1.1), the AH with a zero
// ICV, the advertisement. The keyed hash itself is the driver's, since a core imports no library of Node.
import { err, ok, type Result } from '../kit/index.ts';

export const ahProtocol = 51;
const ahBytes = 24;
const icvOffset = 12;
const icvBytes = 12;

/** HMAC-MD5 of `message` under `key`: 16 bytes. */
export type HmacMd5 = (key: Uint8Array, message: Uint8Array) => Uint8Array;

export type AuthenticationHeader = {
  /** The sender's address as a number: Keepalived's choice of a security parameter index. */
  readonly parameterIndex: number;
  /** From 1; a lower one than last heard is a replay. */
  readonly sequence: number;
  readonly payload: Uint8Array;
};

/** AH and advertisement, to stand behind the IPv4 header given (whose total length and protocol are already right). */
export function sealAuthenticationHeader(
  packet: { readonly header: Uint8Array; readonly sequence: number; readonly payload: Uint8Array },
  key: Uint8Array,
  hmacMd5: HmacMd5,
): Uint8Array {
  const sealed = new Uint8Array(ahBytes + packet.payload.length);
  const view = new DataView(sealed.buffer);
  sealed[0] = 112;
  sealed[1] = ahBytes / 4 - 2;
  sealed.set(packet.header.subarray(12, 16), 4);
  view.setUint32(8, packet.sequence);
  sealed.set(packet.payload, ahBytes);
  sealed.set(icvOf(packet.header, sealed, { key, hmacMd5 }), icvOffset);
  return sealed;
}

/** The advertisement inside an AH whose ICV is right. */
export function openAuthenticationHeader(
  packet: { readonly header: Uint8Array; readonly payload: Uint8Array },
  key: Uint8Array,
  hmacMd5: HmacMd5,
): Result<AuthenticationHeader, string> {
  const { header, payload } = packet;
  if (payload.length < ahBytes) return err(`AH too short. ${payload.length} and expect at least ${ahBytes}`);
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  if (payload[0] !== 112 || payload[1] !== ahBytes / 4 - 2)
    return err(`AH next header ${payload[0]} length ${payload[1]}, expect 112 and ${ahBytes / 4 - 2}`);
  const received = payload.slice(icvOffset, icvOffset + icvBytes);
  const expected = icvOf(header, payload, { key, hmacMd5 });
  if (!received.every((byte, index) => byte === expected[index]))
    return err(`IPSEC-AH : invalid IPSEC HMAC-MD5 value ${hex(received)}, expect ${hex(expected)}: another auth_pass`);
  return ok({
    parameterIndex: view.getUint32(4),
    sequence: view.getUint32(8),
    payload: payload.subarray(ahBytes),
  });
}

function icvOf(
  header: Uint8Array,
  behindHeader: Uint8Array,
  secret: { readonly key: Uint8Array; readonly hmacMd5: HmacMd5 },
): Uint8Array {
  const message = new Uint8Array(header.length + behindHeader.length);
  message.set(header);
  message.set(behindHeader, header.length);
  for (const mutable of [1, 6, 7, 10, 11]) message[mutable] = 0;
  message.fill(0, header.length + icvOffset, header.length + icvOffset + icvBytes);
  return secret.hmacMd5(secret.key, message).slice(0, icvBytes);
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
