// Checksums of frames that were taken from a virtual interface. The sender left them to the card (checksum offload), and
// there is no card: whoever puts such a frame back on a wire has to fill them in.
import { internetChecksum } from '../../linux/index.ts';

const etherHeaderBytes = 14;
const [etherTypeIpv4, etherTypeIpv6] = [0x0800, 0x86dd];
/** Where the checksum is, by protocol. IPv4's ICMP is always computed by its sender. */
const checksumAt: Readonly<Record<number, number>> = { 6: 16, 17: 6 };
const fragmentMask = 0x3fff;

/** Fills in the checksum of TCP and UDP over IPv4 and IPv6, in place; leaves every other frame as it is. */
export function completeChecksum(frame: Buffer): void {
  const packet = frame.subarray(etherHeaderBytes);
  const etherType = frame.length >= etherHeaderBytes ? frame.readUInt16BE(12) : 0;
  if (etherType === etherTypeIpv4 && packet.length >= 20) {
    if ((packet.readUInt16BE(6) & fragmentMask) !== 0) return;
    const segment = packet.subarray((packet.readUInt8(0) & 0x0f) * 4, packet.readUInt16BE(2));
    complete(segment, packet.readUInt8(9), packet.subarray(12, 20));
  } else if (etherType === etherTypeIpv6 && packet.length >= 40) {
    const segment = packet.subarray(40, 40 + packet.readUInt16BE(4));
    complete(segment, packet.readUInt8(6), packet.subarray(8, 40));
  }
}

/** RFC 9293 §3.1, RFC 768, RFC 8200 §8.1; the two pseudo-headers have the same sum. */
function complete(segment: Buffer, protocol: number, addresses: Buffer): void {
  const at = checksumAt[protocol];
  if (at === undefined || segment.length < at + 2) return;
  const isAbsent = protocol === 17 && segment.readUInt16BE(at) === 0;
  if (isAbsent) return;
  segment.writeUInt16BE(0, at);
  const tail = Buffer.alloc(4);
  tail.writeUInt16BE(segment.length, 0);
  tail.writeUInt16BE(protocol, 2);
  const sum = internetChecksum(Buffer.concat([addresses, tail, segment]));
  segment.writeUInt16BE(sum === 0 && protocol === 17 ? 0xffff : sum, at);
}
