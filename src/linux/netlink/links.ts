// Network interfaces as the kernel has them (man 7 rtnetlink, RTM_*LINK; <linux/if_link.h>).
import { ok } from '../../kit/index.ts';
import { hardwareAddressText } from '../address.ts';
import type { KernelResult } from '../error.ts';
import { flagNames, nameOfNumber } from '../flag.ts';
import { decodeAttributes, type NetlinkMessage, nestedAttributes, readText, readUint32 } from './message.ts';
import type { RouteSocket } from './socket.ts';

const flags = {
  up: 0x1,
  broadcast: 0x2,
  loopback: 0x8,
  pointopoint: 0x10,
  running: 0x40,
  noarp: 0x80,
  promisc: 0x100,
  allmulti: 0x200,
  multicast: 0x1000,
  'lower-up': 0x10000,
  dormant: 0x20000,
} as const;
export type LinkFlag = keyof typeof flags;

const operationalStates = {
  unknown: 0,
  'not-present': 1,
  down: 2,
  'lower-layer-down': 3,
  testing: 4,
  dormant: 5,
  up: 6,
} as const;
export type OperationalState = keyof typeof operationalStates;

export type Link = {
  readonly index: number;
  readonly name: string;
  /** Empty for a link without one. */
  readonly hardwareAddress: string;
  readonly mtu: number;
  readonly flags: readonly LinkFlag[];
  /** RFC 2863; carrier is lost when it is `down` or `lower-layer-down`. */
  readonly state: OperationalState | number;
  /** The driver's kind: `veth`, `macvlan`, `bridge`…; undefined for a physical interface. */
  readonly kind?: string;
  /** The interface below (macvlan, vlan) or the other end (veth); in another namespace where `parentNamespaceId` is set. */
  readonly parentIndex?: number;
  readonly parentNamespaceId?: number;
  /** The bridge, bond or VRF that it belongs to. */
  readonly masterIndex?: number;
};

export const RTM_NEWLINK = 16;
export const RTM_DELLINK = 17;
const RTM_GETLINK = 18;
const headerBytes = 16;
const [IFLA_ADDRESS, IFLA_IFNAME, IFLA_MTU, IFLA_LINK, IFLA_MASTER] = [1, 3, 4, 5, 10];
const [IFLA_OPERSTATE, IFLA_LINKINFO, IFLA_LINK_NETNSID] = [16, 18, 37];
const IFLA_INFO_KIND = 1;

/** Every interface of the namespace. */
export function listLinks(socket: RouteSocket): KernelResult<Link[]> {
  const body = Buffer.alloc(headerBytes);
  const dumped = socket.dump({ call: 'RTM_GETLINK', type: RTM_GETLINK, body, attempted: 'list the interfaces' });
  return dumped.ok ? ok(dumped.value.flatMap((message) => decodeLink(message) ?? [])) : dumped;
}

/** The interface of that name, undefined when there is none. */
export function linkByName(socket: RouteSocket, name: string): KernelResult<Link | undefined> {
  const links = listLinks(socket);
  return links.ok ? ok(links.value.find((link) => link.name === name)) : links;
}

/** A link out of RTM_NEWLINK or RTM_DELLINK; undefined for the bridge's messages about its ports (AF_BRIDGE). */
export function decodeLink({ body }: NetlinkMessage): Link | undefined {
  if (body.readUInt8(0) !== 0) return undefined;
  const attributes = decodeAttributes(body.subarray(headerBytes));
  const kind = readText(nestedAttributes(attributes, IFLA_LINKINFO).get(IFLA_INFO_KIND));
  const parent = readUint32(attributes.get(IFLA_LINK));
  const namespaceId = attributes.get(IFLA_LINK_NETNSID)?.readInt32LE(0);
  const master = readUint32(attributes.get(IFLA_MASTER));
  return {
    index: body.readInt32LE(4),
    name: readText(attributes.get(IFLA_IFNAME)) ?? '',
    hardwareAddress: hardwareAddressText(attributes.get(IFLA_ADDRESS) ?? Buffer.alloc(0)),
    mtu: readUint32(attributes.get(IFLA_MTU)) ?? 0,
    flags: flagNames(flags, body.readUInt32LE(8)),
    state: nameOfNumber(operationalStates, attributes.get(IFLA_OPERSTATE)?.readUInt8(0) ?? 0),
    ...(kind === undefined ? {} : { kind }),
    ...(parent === undefined || parent === 0 ? {} : { parentIndex: parent }),
    ...(namespaceId === undefined ? {} : { parentNamespaceId: namespaceId }),
    ...(master === undefined ? {} : { masterIndex: master }),
  };
}
