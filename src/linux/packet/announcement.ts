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
const [routerFlag, overrideFlag] = [0x80, 0x20];
const targetLinkLayerOption = [2, 1];

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
  const source = addressBytes(address);
  assert(source.length === 16, `neighbour advertisements are for IPv6, not ${address}`);
  const message = Buffer.alloc(32);
  message.writeUInt8(neighbourAdvertisementType, 0);
  message.writeUInt8(overrideFlag | (role === 'router' ? routerFlag : 0), 4);
  source.copy(message, 8);
  message.set(targetLinkLayerOption, 24);
  ethernet(hardwareAddress).copy(message, 26);
  const destination = addressBytes(allNodes.address);
  message.writeUInt16BE(icmpv6Checksum(source, destination, message), 2);
  const header = Buffer.alloc(40);
  header.writeUInt8(0x60, 0);
  header.writeUInt16BE(message.length, 4);
  header.writeUInt8(ICMPV6, 6);
  header.writeUInt8(255, 7);
  source.copy(header, 8);
  destination.copy(header, 24);
  return Buffer.concat([ethernetHeader(allNodes.hardwareAddress, from, etherTypeIpv6), header, message]);
}

/** The Internet checksum (RFC 1071): the one's complement sum of 16-bit words, complemented. */
export function internetChecksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at + 1 < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  if (bytes.length % 2 === 1) sum += bytes.readUInt8(bytes.length - 1) << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
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
