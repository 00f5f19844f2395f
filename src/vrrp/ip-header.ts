// The IPv4 header around an advertisement. Keepalived writes its own (IP_HDRINCL), and so do we: TOS 0xc0 (network
// control), no options, no DF, TTL 255, identification counting from 1.
import { err, ok, type Result } from '../kit/index.ts';

export const ipv4HeaderBytes = 20;
const networkControl = 0xc0;

export type Ipv4Header = {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly protocol: number;
  readonly ttl: number;
  readonly identification: number;
};

/** Header with a zero checksum, which the kernel fills in, and the payload behind it. */
export function encodeIpv4(header: Ipv4Header, payload: Uint8Array): Uint8Array {
  const total = ipv4HeaderBytes + payload.length;
  const bytes = new Uint8Array(total);
  bytes[0] = 0x45;
  bytes[1] = networkControl;
  bytes[2] = total >> 8;
  bytes[3] = total & 0xff;
  bytes[4] = header.identification >> 8;
  bytes[5] = header.identification & 0xff;
  bytes[8] = header.ttl;
  bytes[9] = header.protocol;
  bytes.set(header.source, 12);
  bytes.set(header.destination, 16);
  bytes.set(payload, ipv4HeaderBytes);
  return bytes;
}

export type Ipv4Packet = Ipv4Header & {
  /** The header alone, options included: AH covers it. */
  readonly headerBytes: Uint8Array;
  readonly payload: Uint8Array;
};

/** A received packet taken apart, or what is wrong with it. Padding behind the IP total length is cut off. */
export function decodeIpv4(bytes: Uint8Array): Result<Ipv4Packet, string> {
  const headerLength = ((bytes[0] ?? 0) & 0x0f) * 4;
  const total = ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0);
  if (bytes.length < ipv4HeaderBytes || (bytes[0] ?? 0) >> 4 !== 4)
    return err(`no IPv4 header in ${bytes.length} bytes`);
  if (headerLength < ipv4HeaderBytes || total < headerLength || total > bytes.length)
    return err(`IPv4 header says ${headerLength} of ${total} bytes, received ${bytes.length}`);
  return ok({
    source: bytes.slice(12, 16),
    destination: bytes.slice(16, 20),
    protocol: bytes[9] ?? 0,
    ttl: bytes[8] ?? 0,
    identification: ((bytes[4] ?? 0) << 8) | (bytes[5] ?? 0),
    headerBytes: bytes.subarray(0, headerLength),
    payload: bytes.subarray(headerLength, total),
  });
}
