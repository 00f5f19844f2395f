// Reading what tcpdump wrote (the classic file format of libpcap, man 5 pcap-savefile) as far as tests look: Ethernet, ARP,
// IPv4 and IPv6 headers, ports. Deeper layers are read by their own codecs from `payload`.
import { CommandFailure } from '../../kit/index.ts';
import { addressText, hardwareAddressText } from '../../linux/index.ts';

export type CapturedFrame = {
  /** Milliseconds since 1970, with the fraction that the capture has. */
  readonly epochMs: number;
  readonly bytes: Buffer;
  readonly source: string;
  readonly destination: string;
  readonly etherType: number;
  /** Of IPv4 and IPv6. */
  readonly ip?: CapturedPacket;
};

export type CapturedPacket = {
  readonly source: string;
  readonly destination: string;
  /** The protocol after the (first) header: 1 ICMP, 6 TCP, 17 UDP, 58 ICMPv6, 112 VRRP. */
  readonly protocol: number;
  /** TTL or hop limit. */
  readonly hopLimit: number;
  readonly payload: Buffer;
  /** Of TCP and UDP. */
  readonly ports?: { readonly source: number; readonly destination: number };
};

const fileHeaderBytes = 24;
const recordHeaderBytes = 16;
const etherHeaderBytes = 14;
const linkTypeEthernet = 1;
const [magicMicroseconds, magicNanoseconds] = [0xa1b2c3d4, 0xa1b23c4d];
const [etherTypeIpv4, etherTypeIpv6] = [0x0800, 0x86dd];
const [TCP, UDP] = [6, 17];

/** Every whole frame of a capture; a record that was cut off by the end of the file is left out. @throws CommandFailure `config` */
export function readPcap(file: Buffer): CapturedFrame[] {
  const magic = file.length < fileHeaderBytes ? 0 : file.readUInt32LE(0);
  if (magic !== magicMicroseconds && magic !== magicNanoseconds)
    throw notPcap('it does not start as one of this machine');
  if (file.readUInt32LE(20) !== linkTypeEthernet) throw notPcap('its frames are not Ethernet');
  const fractionsPerMs = magic === magicNanoseconds ? 1e6 : 1e3;
  const frames: CapturedFrame[] = [];
  let at = fileHeaderBytes;
  while (at + recordHeaderBytes <= file.length) {
    const [seconds, fraction, length] = [file.readUInt32LE(at), file.readUInt32LE(at + 4), file.readUInt32LE(at + 8)];
    at += recordHeaderBytes;
    if (at + length > file.length) break;
    const bytes = file.subarray(at, at + length);
    at += length;
    if (length >= etherHeaderBytes) frames.push(decodeFrame(bytes, seconds * 1000 + fraction / fractionsPerMs));
  }
  return frames;
}

function decodeFrame(bytes: Buffer, epochMs: number): CapturedFrame {
  const etherType = bytes.readUInt16BE(12);
  const ip = decodePacket(etherType, bytes.subarray(etherHeaderBytes));
  return {
    epochMs,
    bytes,
    destination: hardwareAddressText(bytes.subarray(0, 6)),
    source: hardwareAddressText(bytes.subarray(6, 12)),
    etherType,
    ...(ip === undefined ? {} : { ip }),
  };
}

function decodePacket(etherType: number, bytes: Buffer): CapturedPacket | undefined {
  if (etherType === etherTypeIpv4 && bytes.length >= 20) {
    const payload = bytes.subarray((bytes.readUInt8(0) & 0x0f) * 4, bytes.readUInt16BE(2));
    return packet(bytes.subarray(12, 16), bytes.subarray(16, 20), {
      protocol: bytes.readUInt8(9),
      hopLimit: bytes.readUInt8(8),
      payload,
    });
  }
  if (etherType === etherTypeIpv6 && bytes.length >= 40) {
    const payload = bytes.subarray(40, 40 + bytes.readUInt16BE(4));
    return packet(bytes.subarray(8, 24), bytes.subarray(24, 40), {
      protocol: bytes.readUInt8(6),
      hopLimit: bytes.readUInt8(7),
      payload,
    });
  }
  return undefined;
}

function packet(
  source: Buffer,
  destination: Buffer,
  rest: Pick<CapturedPacket, 'protocol' | 'hopLimit' | 'payload'>,
): CapturedPacket {
  const { protocol, payload } = rest;
  const hasPorts = (protocol === TCP || protocol === UDP) && payload.length >= 4;
  const ports = hasPorts ? { ports: { source: payload.readUInt16BE(0), destination: payload.readUInt16BE(2) } } : {};
  return { source: addressText(source), destination: addressText(destination), ...rest, ...ports };
}

function notPcap(why: string): CommandFailure {
  return new CommandFailure({ kind: 'config', what: 'this is no packet capture that can be read here', why });
}
