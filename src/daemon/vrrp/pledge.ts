// What the guardian undoes should this process die or hang: the addresses of every master, and priority 0 in its name as
// ready frames, so that a backup takes over after its skew instead of three advertisements.
import type { FarewellFrame, FarewellPacket, HeldAddress, Pledge } from '../../guardian/index.ts';
import { emptyPledge } from '../../guardian/index.ts';
import { hardwareAddressBytes, internetChecksum } from '../../linux/index.ts';
import { formatAddress, type InstanceConfiguration, vrrpProtocol } from '../../vrrp/index.ts';
import type { Interfaces } from './interfaces.ts';
import { addressesOf, interfaceOf, rulesAndRoutesOf } from './possession.ts';
import { advertInterface } from './virtual-mac.ts';

export type Farewell = {
  readonly to: 'multicast' | 'unicast';
  readonly family: 'ipv4' | 'ipv6';
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  /** IPv4: the whole packet; IPv6: what follows the header. */
  readonly bytes: Uint8Array;
};

/** What one master holds, and its farewell: a frame to the group, or a packet to each unicast peer. */
export function pledgeOf(
  master: InstanceConfiguration,
  interfaces: Interfaces,
  farewells: readonly Farewell[],
): Pledge {
  return {
    ...emptyPledge,
    addresses: heldAddresses(master),
    frames: farewells.flatMap((farewell) => farewellFrame(master, interfaces, farewell) ?? []),
    packets: farewells.flatMap((farewell) => farewellPacket(master, farewell) ?? []),
    ...rulesAndRoutesOf(master, interfaces),
  };
}

/** The macvlans of this daemon: there whoever is master. */
export function linksPledge(links: readonly string[]): Pledge {
  return { ...emptyPledge, links };
}

export function joinPledges(parts: readonly Pledge[]): Pledge {
  return {
    ...emptyPledge,
    addresses: parts.flatMap((part) => part.addresses),
    frames: parts.flatMap((part) => part.frames),
    packets: parts.flatMap((part) => part.packets),
    rules: parts.flatMap((part) => part.rules),
    routes: parts.flatMap((part) => part.routes),
    links: parts.flatMap((part) => part.links),
  };
}

function heldAddresses(instance: InstanceConfiguration): HeldAddress[] {
  return addressesOf(instance).map((address) => ({
    interfaceName: interfaceOf(instance, address),
    address: address.address,
    prefixLength: address.prefixLength,
  }));
}

function farewellFrame(
  instance: InstanceConfiguration,
  interfaces: Interfaces,
  farewell: Farewell,
): FarewellFrame | undefined {
  const interfaceName = advertInterface(instance);
  const hardware = hardwareAddressBytes(interfaces.link(interfaceName)?.hardwareAddress ?? '');
  if (farewell.to === 'unicast' || hardware === undefined) return undefined;
  const etherType = farewell.family === 'ipv4' ? [0x08, 0x00] : [0x86, 0xdd];
  const packet = farewell.family === 'ipv4' ? withHeaderChecksum(farewell.bytes) : withIpv6Header(farewell);
  const frame = Buffer.concat([groupHardware(farewell), hardware, Buffer.from(etherType), packet]);
  return { interfaceName, frame: frame.toString('hex') };
}

/** A peer's hardware address is the kernel's business, which still has the route to it. */
function farewellPacket(instance: InstanceConfiguration, farewell: Farewell): FarewellPacket | undefined {
  if (farewell.to === 'multicast') return undefined;
  const { family, source, destination, bytes } = farewell;
  return {
    interfaceName: advertInterface(instance),
    family,
    // Beside AH, VRRP is all that is sent.
    protocol: family === 'ipv4' ? (bytes[9] ?? vrrpProtocol) : vrrpProtocol,
    source: formatAddress(source),
    destination: formatAddress(destination),
    packet: Buffer.from(bytes).toString('hex'),
  };
}

/** RFC 1112 §6.4 and RFC 2464 §7. */
function groupHardware({ family, destination }: Farewell): Buffer {
  if (family === 'ipv6') return Buffer.from([0x33, 0x33, ...destination.slice(12)]);
  const [, second = 0, third = 0, fourth = 0] = destination;
  return Buffer.from([0x01, 0x00, 0x5e, second & 0x7f, third, fourth]);
}

function withHeaderChecksum(packet: Uint8Array): Buffer {
  const bytes = Buffer.from(packet);
  bytes.writeUInt16BE(0, 10);
  bytes.writeUInt16BE(internetChecksum(bytes.subarray(0, 20)), 10);
  return bytes;
}

/** Traffic class 0xc0, next header 112, hop limit 255. */
function withIpv6Header({ source, destination, bytes }: Farewell): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(0x6c000000, 0);
  header.writeUInt16BE(bytes.length, 4);
  header.writeUInt8(112, 6);
  header.writeUInt8(255, 7);
  return Buffer.concat([header, source, destination, bytes]);
}
