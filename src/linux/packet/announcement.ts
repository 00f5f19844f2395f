// The frames by which a host tells its neighbours where an address now is: gratuitous ARP (RFC 826, RFC 5227 §3) and
// unsolicited neighbour advertisement (RFC 4861 §7.2.6); and the ARP question who has an address.
import { assert, defined } from '../../kit/index.ts';
import { addressBytes, addressText, hardwareAddressBytes, hardwareAddressText } from '../address.ts';

export type Announcement = {
  /** The address that is announced. */
  readonly address: string;
  /** The Ethernet address at which it is to be reached. */
  readonly hardwareAddress: string;
  /** The Ethernet source of the frame, where it differs. */
  readonly from?: string;
};

export type ArpMessage = {
  readonly operation: 'request' | 'reply';
  readonly senderHardwareAddress: string;
  readonly senderAddress: string;
  readonly targetHardwareAddress: string;
  readonly targetAddress: string;
};

export const etherTypeArp = 0x0806;
export const etherTypeIpv4 = 0x0800;
export const etherTypeIpv6 = 0x86dd;

const broadcast = 'ff:ff:ff:ff:ff:ff';
const unknownHardware = '00:00:00:00:00:00';
const allNodes = { address: 'ff02::1', hardwareAddress: '33:33:00:00:00:01' };
const ICMPV6 = 58;
const neighbourAdvertisementType = 136;
const neighbourSolicitationType = 135;
const [routerFlag, overrideFlag] = [0x80, 0x20];
const targetLinkLayerOption = [2, 1] as const;
const solicitedNodes = 'ff02::1:ff00:0';

/**
 * A broadcast ARP message about `address` to refresh every cache. Hosts take a request more widely than a reply; both
 * forms are in use.
 */
export function gratuitousArp(announcement: Announcement, operation: 'request' | 'reply' = 'request'): Buffer {
  const { address, hardwareAddress, from = hardwareAddress } = announcement;
  return arpFrame(from, {
    operation,
    senderHardwareAddress: hardwareAddress,
    senderAddress: address,
    targetHardwareAddress: operation === 'request' ? unknownHardware : broadcast,
    targetAddress: address,
  });
}

/** The broadcast question who has `targetAddress`; a sender address of 0.0.0.0 makes it a probe (RFC 5227 §2.1.1). */
export function arpRequest(options: { hardwareAddress: string; senderAddress: string; targetAddress: string }): Buffer {
  return arpFrame(options.hardwareAddress, {
    operation: 'request',
    senderHardwareAddress: options.hardwareAddress,
    senderAddress: options.senderAddress,
    targetHardwareAddress: unknownHardware,
    targetAddress: options.targetAddress,
  });
}

/** Reads the ARP message of an Ethernet frame; undefined when it is not ARP for IPv4 over Ethernet. */
export function decodeArp(frame: Buffer): ArpMessage | undefined {
  if (frame.length < 42 || frame.readUInt16BE(12) !== etherTypeArp) return undefined;
  const [hardware, protocol, sizes, operation] = [14, 16, 18, 20].map((at) => frame.readUInt16BE(at));
  if (hardware !== 1 || protocol !== etherTypeIpv4 || sizes !== 0x0604) return undefined;
  if (operation !== 1 && operation !== 2) return undefined;
  return {
    operation: operation === 1 ? 'request' : 'reply',
    senderHardwareAddress: hardwareAddressText(frame.subarray(22, 28)),
    senderAddress: addressText(frame.subarray(28, 32)),
    targetHardwareAddress: hardwareAddressText(frame.subarray(32, 38)),
    targetAddress: addressText(frame.subarray(38, 42)),
  };
}

/** A neighbour advertisement to all nodes that overrides what they have cached; `router` as the host forwards or not. */
export function unsolicitedNeighbourAdvertisement(announcement: Announcement, role: 'host' | 'router'): Buffer {
  const { address, hardwareAddress, from = hardwareAddress } = announcement;
  const source = ipv6(address);
  const message = Buffer.alloc(32);
  message.writeUInt8(neighbourAdvertisementType, 0);
  message.writeUInt8(overrideFlag | (role === 'router' ? routerFlag : 0), 4);
  source.copy(message, 8);
  message.set(targetLinkLayerOption, 24);
  ethernet(hardwareAddress).copy(message, 26);
  const packet = icmpv6Packet(source, ipv6(allNodes.address), message);
  return Buffer.concat([ethernetHeader(allNodes.hardwareAddress, from, etherTypeIpv6), packet]);
}

/** The question whether anybody has `address`, as duplicate address detection asks it: from no address (RFC 4862 §5.4.2). */
export function neighbourProbe({ address, hardwareAddress }: Announcement): Buffer {
  const target = ipv6(address);
  const message = Buffer.alloc(24);
  message.writeUInt8(neighbourSolicitationType, 0);
  target.copy(message, 8);
  const asked = ipv6(solicitedNodes);
  target.copy(asked, 13, 13);
  const to = hardwareAddressText(Buffer.concat([Buffer.from([0x33, 0x33]), asked.subarray(12)]));
  const packet = icmpv6Packet(Buffer.alloc(16), asked, message);
  return Buffer.concat([ethernetHeader(to, hardwareAddress, etherTypeIpv6), packet]);
}

/**
 * The address and the hardware address that a neighbour advertisement speaks for; the sender's own where it names none.
 * undefined when the frame is no neighbour advertisement.
 */
export function decodeNeighbourAdvertisement(
  frame: Buffer,
): { readonly address: string; readonly hardwareAddress: string } | undefined {
  if (frame.length < 78 || frame.readUInt16BE(12) !== etherTypeIpv6 || frame.readUInt8(20) !== ICMPV6) return undefined;
  const message = frame.subarray(54);
  if (message.readUInt8(0) !== neighbourAdvertisementType) return undefined;
  const [type, length] = targetLinkLayerOption;
  const named = message.length >= 32 && message.readUInt8(24) === type && message.readUInt8(25) === length;
  return {
    address: addressText(message.subarray(8, 24)),
    hardwareAddress: hardwareAddressText(named ? message.subarray(26, 32) : frame.subarray(6, 12)),
  };
}

/** The Internet checksum (RFC 1071): the one's complement sum of 16-bit words, complemented. */
export function internetChecksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at + 1 < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  if (bytes.length % 2 === 1) sum += bytes.readUInt8(bytes.length - 1) << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** An IPv6 packet with its checksum set. */
function icmpv6Packet(source: Buffer, destination: Buffer, message: Buffer): Buffer {
  message.writeUInt16BE(icmpv6Checksum(source, destination, message), 2);
  const header = Buffer.alloc(40);
  header.writeUInt8(0x60, 0);
  header.writeUInt16BE(message.length, 4);
  header.writeUInt8(ICMPV6, 6);
  header.writeUInt8(255, 7);
  source.copy(header, 8);
  destination.copy(header, 24);
  return Buffer.concat([header, message]);
}

function icmpv6Checksum(source: Buffer, destination: Buffer, message: Buffer): number {
  const pseudo = Buffer.alloc(8);
  pseudo.writeUInt32BE(message.length, 0);
  pseudo.writeUInt8(ICMPV6, 7);
  return internetChecksum(Buffer.concat([source, destination, pseudo, message]));
}

function arpFrame(from: string, message: ArpMessage): Buffer {
  const fixed = Buffer.from([0, 1, 8, 0, 6, 4, 0, message.operation === 'request' ? 1 : 2]);
  return Buffer.concat([
    ethernetHeader(broadcast, from, etherTypeArp),
    fixed,
    ethernet(message.senderHardwareAddress),
    ipv4(message.senderAddress),
    ethernet(message.targetHardwareAddress),
    ipv4(message.targetAddress),
  ]);
}

function ethernetHeader(to: string, from: string, etherType: number): Buffer {
  return Buffer.concat([ethernet(to), ethernet(from), Buffer.from([etherType >> 8, etherType & 0xff])]);
}

function ethernet(address: string): Buffer {
  return defined(hardwareAddressBytes(address), `'${address}' is no Ethernet address`);
}

function ipv4(address: string): Buffer {
  const bytes = addressBytes(address);
  assert(bytes.length === 4, `ARP is for IPv4, not ${address}`);
  return bytes;
}

function ipv6(address: string): Buffer {
  const bytes = addressBytes(address);
  assert(bytes.length === 16, `neighbour discovery is for IPv6, not ${address}`);
  return bytes;
}
