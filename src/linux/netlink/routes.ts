// Routes: list, add, replace, delete (man 7 rtnetlink, RTM_*ROUTE; <linux/rtnetlink.h>).
import { assert, ok } from '../../kit/index.ts';
import { addressBytes, addressText, type Family, familyNumber, familyOf, familyOfNumber } from '../address.ts';
import type { KernelResult } from '../error.ts';
import { nameOfNumber, numberOfName } from '../flag.ts';
import { type Scope, scopes } from './addresses.ts';
import {
  type Attributes,
  attribute,
  decodeAttributes,
  type NetlinkMessage,
  nested,
  nestedAttributes,
  readAddress,
  readUint32,
  uint32,
} from './message.ts';
import type { NetlinkRequest, RouteSocket } from './socket.ts';

/** The names are those of `ip route` and of /etc/iproute2. */
const types = {
  unicast: 1,
  local: 2,
  broadcast: 3,
  anycast: 4,
  multicast: 5,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
  throw: 9,
} as const;
/** The tables that have names of themselves. */
export const routeTables = { default: 253, main: 254, local: 255 } as const;
const protocols = { redirect: 1, kernel: 2, boot: 3, static: 4, ra: 9, keepalived: 18 } as const;

export type RouteType = keyof typeof types;
export type RouteTable = keyof typeof routeTables | number;
export type RouteScope = Scope | number;
export type RouteProtocol = keyof typeof protocols | number;

export type NextHop = {
  readonly gateway?: string;
  readonly interfaceIndex?: number;
  /** 1 to 256. */
  readonly weight?: number;
  /** The gateway is on the link although no address of ours says so. */
  readonly onlink?: boolean;
};

/** A route to add or as listed; what is left out of an addition is the kernel's choice. */
export type Route = {
  readonly family: Family;
  /** `ADDRESS/LENGTH`; undefined is the default route. */
  readonly destination?: string;
  readonly type?: RouteType | number;
  readonly gateway?: string;
  readonly interfaceIndex?: number;
  readonly onlink?: boolean;
  /** Several ways at once, in place of gateway and interface. */
  readonly nextHops?: readonly NextHop[];
  /** The source address that it suggests. */
  readonly source?: string;
  readonly metric?: number;
  readonly table?: RouteTable;
  readonly protocol?: RouteProtocol;
  readonly scope?: RouteScope;
  readonly trafficClass?: number;
  readonly mtu?: number;
};

export const RTM_NEWROUTE = 24;
export const RTM_DELROUTE = 25;
const RTM_GETROUTE = 26;
const [NLM_F_REPLACE, NLM_F_EXCL, NLM_F_CREATE] = [0x100, 0x200, 0x400];
const headerBytes = 12;
const [RTA_DST, RTA_OIF, RTA_GATEWAY, RTA_PRIORITY, RTA_PREFSRC] = [1, 4, 5, 6, 7];
const [RTA_METRICS, RTA_MULTIPATH, RTA_TABLE, RTA_VIA] = [8, 9, 15, 18];
const RTAX_MTU = 2;
const RTNH_F_ONLINK = 4;
const RTM_F_CLONED = 0x200;

/** Every route of the namespace, or of one family or table. */
export function listRoutes(
  socket: RouteSocket,
  only: { readonly family?: Family; readonly table?: RouteTable } = {},
): KernelResult<Route[]> {
  const body = Buffer.alloc(headerBytes);
  body.writeUInt8(only.family === undefined ? 0 : familyNumber[only.family], 0);
  const dumped = socket.dump({ call: 'RTM_GETROUTE', type: RTM_GETROUTE, body, attempted: 'list the routes' });
  if (!dumped.ok) return dumped;
  const found = dumped.value.flatMap((message) => decodeRoute(message) ?? []);
  return ok(found.filter(({ table }) => only.table === undefined || table === only.table));
}

/** Adds a route; EEXIST when there is one to the same destination with the same metric. */
export function addRoute(socket: RouteSocket, route: Route): KernelResult<void> {
  return socket.request(requestOf(route, { call: 'RTM_NEWROUTE', flags: NLM_F_CREATE | NLM_F_EXCL, verb: 'add' }));
}

/** Adds a route in place of the one with the same destination and metric. */
export function replaceRoute(socket: RouteSocket, route: Route): KernelResult<void> {
  return socket.request(
    requestOf(route, { call: 'RTM_NEWROUTE', flags: NLM_F_CREATE | NLM_F_REPLACE, verb: 'replace' }),
  );
}

/** Deletes the first route that has everything that `route` names; ESRCH when none has. */
export function deleteRoute(socket: RouteSocket, route: Route): KernelResult<void> {
  return socket.request(requestOf(route, { call: 'RTM_DELROUTE', flags: 0, verb: 'delete' }));
}

/** A route out of RTM_NEWROUTE or RTM_DELROUTE; undefined for cached routes and families that are not IP. */
export function decodeRoute({ body }: NetlinkMessage): Route | undefined {
  const family = familyOfNumber(body.readUInt8(0));
  const flags = body.readUInt32LE(8);
  if (family === undefined || (flags & RTM_F_CLONED) !== 0) return undefined;
  const attributes = decodeAttributes(body.subarray(headerBytes));
  const destination = readAddress(attributes.get(RTA_DST));
  const source = readAddress(attributes.get(RTA_PREFSRC));
  const metric = readUint32(attributes.get(RTA_PRIORITY));
  const mtu = readUint32(nestedAttributes(attributes, RTA_METRICS).get(RTAX_MTU));
  const hops = attributes.get(RTA_MULTIPATH);
  return {
    family,
    ...(destination === undefined ? {} : { destination: `${destination}/${body.readUInt8(1)}` }),
    type: nameOfNumber(types, body.readUInt8(7)),
    ...hopOf(attributes, flags),
    ...(hops === undefined ? {} : { nextHops: decodeNextHops(hops) }),
    ...(source === undefined ? {} : { source }),
    ...(metric === undefined ? {} : { metric }),
    table: nameOfNumber(routeTables, readUint32(attributes.get(RTA_TABLE)) ?? body.readUInt8(4)),
    protocol: nameOfNumber(protocols, body.readUInt8(5)),
    scope: nameOfNumber(scopes, body.readUInt8(6)),
    ...(body.readUInt8(3) === 0 ? {} : { trafficClass: body.readUInt8(3) }),
    ...(mtu === undefined ? {} : { mtu }),
  };
}

/** A route in the words of `ip route`, for error texts. */
export function routeText({ family, destination, gateway, table }: Route): string {
  const via = gateway === undefined ? '' : ` via ${gateway}`;
  const where = table === undefined || table === 'main' ? '' : ` in table ${table}`;
  return `the ${family} route to ${destination ?? 'default'}${via}${where}`;
}

type Change = { readonly call: 'RTM_NEWROUTE' | 'RTM_DELROUTE'; readonly flags: number; readonly verb: string };

function requestOf(route: Route, { call, flags, verb }: Change): NetlinkRequest {
  const deleting = call === 'RTM_DELROUTE';
  const table = numberOfName(routeTables, route.table ?? 'main');
  const destination = route.destination === undefined ? undefined : parsePrefix(route.destination);
  const header = Buffer.alloc(headerBytes);
  header.writeUInt8(familyNumber[route.family], 0);
  header.writeUInt8(destination?.length ?? 0, 1);
  header.writeUInt8(route.trafficClass ?? 0, 3);
  header.writeUInt8(table < 256 ? table : 0, 4);
  // Zero matches any protocol, scope and type when deleting.
  header.writeUInt8(numberOfName(protocols, route.protocol ?? (deleting ? 0 : 'boot')), 5);
  header.writeUInt8(numberOfName(scopes, route.scope ?? (deleting ? 'nowhere' : defaultScope(route))), 6);
  header.writeUInt8(numberOfName(types, route.type ?? (deleting ? 0 : 'unicast')), 7);
  header.writeUInt32LE(route.onlink === true ? RTNH_F_ONLINK : 0, 8);
  return {
    call,
    type: deleting ? RTM_DELROUTE : RTM_NEWROUTE,
    flags,
    body: Buffer.concat([
      header,
      attribute(RTA_DST, destination?.address),
      hopAttributes(route.family, route),
      attribute(RTA_OIF, uint32(route.interfaceIndex)),
      attribute(RTA_PREFSRC, route.source === undefined ? undefined : addressBytes(route.source)),
      attribute(RTA_PRIORITY, uint32(route.metric)),
      attribute(RTA_TABLE, uint32(table)),
      route.mtu === undefined ? Buffer.alloc(0) : nested(RTA_METRICS, attribute(RTAX_MTU, uint32(route.mtu))),
      attribute(RTA_MULTIPATH, route.nextHops && encodeNextHops(route.family, route.nextHops)),
    ]),
    attempted: `${verb} ${routeText(route)}`,
  };
}

/** As `ip route` has it: a route without a gateway reaches its own link only. */
function defaultScope({ family, type, gateway, nextHops }: Route): RouteScope {
  if (family === 'ipv6') return 'global';
  if (type === 'local') return 'host';
  if (type === 'broadcast' || type === 'multicast' || type === 'anycast') return 'link';
  const direct = (type ?? 'unicast') === 'unicast' && gateway === undefined && nextHops === undefined;
  return direct ? 'link' : 'global';
}

/** RTA_GATEWAY, or RTA_VIA where the gateway is of the other family (RFC 5549). */
function hopAttributes(family: Family, { gateway }: NextHop): Buffer {
  if (gateway === undefined) return Buffer.alloc(0);
  const gatewayFamily = familyOf(gateway);
  if (gatewayFamily === family) return attribute(RTA_GATEWAY, addressBytes(gateway));
  const number = familyNumber[gatewayFamily ?? family];
  return attribute(RTA_VIA, Buffer.concat([Buffer.from([number, 0]), addressBytes(gateway)]));
}

/** `struct rtnexthop` (length, flags, weight − 1, interface), each with attributes of its own. */
function encodeNextHops(family: Family, hops: readonly NextHop[]): Buffer {
  const encoded = hops.map((hop) => {
    const attributes = hopAttributes(family, hop);
    const header = Buffer.alloc(8);
    header.writeUInt16LE(8 + attributes.length, 0);
    header.writeUInt8(hop.onlink === true ? RTNH_F_ONLINK : 0, 2);
    header.writeUInt8((hop.weight ?? 1) - 1, 3);
    header.writeInt32LE(hop.interfaceIndex ?? 0, 4);
    return Buffer.concat([header, attributes]);
  });
  return Buffer.concat(encoded);
}

function decodeNextHops(bytes: Buffer): NextHop[] {
  const hops: NextHop[] = [];
  for (let at = 0; at + 8 <= bytes.length; ) {
    const length = bytes.readUInt16LE(at);
    if (length < 8) break;
    const attributes = decodeAttributes(bytes.subarray(at + 8, at + length));
    const hop = hopOf(attributes, bytes.readUInt8(at + 2));
    hops.push({ ...hop, interfaceIndex: bytes.readInt32LE(at + 4), weight: bytes.readUInt8(at + 3) + 1 });
    at += (length + 3) & ~3;
  }
  return hops;
}

function hopOf(attributes: Attributes, flags: number): NextHop {
  const via = attributes.get(RTA_VIA);
  const gateway =
    readAddress(attributes.get(RTA_GATEWAY)) ?? (via === undefined ? undefined : addressText(via.subarray(2)));
  const interfaceIndex = readUint32(attributes.get(RTA_OIF));
  return {
    ...(gateway === undefined ? {} : { gateway }),
    ...(interfaceIndex === undefined ? {} : { interfaceIndex }),
    ...((flags & RTNH_F_ONLINK) === 0 ? {} : { onlink: true }),
  };
}

/** `ADDRESS/LENGTH`, or an address for itself alone. */
export function parsePrefix(text: string): { readonly address: Buffer; readonly length: number } {
  const [address = '', length] = text.split('/');
  const bytes = addressBytes(address);
  const bits = length === undefined ? bytes.length * 8 : Number(length);
  assert(Number.isInteger(bits) && bits >= 0 && bits <= bytes.length * 8, `'${text}' is no prefix`);
  return { address: bytes, length: bits };
}
