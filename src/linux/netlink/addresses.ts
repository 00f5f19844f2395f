// IP addresses of interfaces: list, add, delete (man 7 rtnetlink, RTM_*ADDR; <linux/if_addr.h>).
import { assert, ok } from '../../kit/index.ts';
import { addressBytes, addressText, type Family, familyNumber, familyOf, familyOfNumber } from '../address.ts';
import type { KernelResult } from '../error.ts';
import { flagBits, flagNames, nameOfNumber, numberOfName } from '../flag.ts';
import {
  attribute,
  decodeAttributes,
  type NetlinkMessage,
  readText,
  readUint32,
  uint32,
  zeroTerminated,
} from './message.ts';
import type { NetlinkRequest, RouteSocket } from './socket.ts';

/** Of addresses and of routes: how far they reach. */
export const scopes = { global: 0, site: 200, link: 253, host: 254, nowhere: 255 } as const;
export type Scope = keyof typeof scopes;

const flags = {
  secondary: 0x01,
  nodad: 0x02,
  optimistic: 0x04,
  dadfailed: 0x08,
  homeaddress: 0x10,
  deprecated: 0x20,
  tentative: 0x40,
  permanent: 0x80,
  mngtmpaddr: 0x100,
  noprefixroute: 0x200,
  autojoin: 0x400,
  'stable-privacy': 0x800,
} as const;
/** The names are those of `ip address`. */
export type AddressFlag = keyof typeof flags;

/** An address as the kernel has it. */
export type InterfaceAddress = {
  readonly family: Family;
  readonly interfaceIndex: number;
  /** The local address. */
  readonly address: string;
  readonly prefixLength: number;
  /** The other end of a point-to-point link, where it differs. */
  readonly peer?: string;
  readonly broadcast?: string;
  /** IPv4 only: the interface name, or that with `:something`. */
  readonly label?: string;
  readonly scope: Scope | number;
  readonly flags: readonly AddressFlag[];
  /** In seconds; undefined is forever. */
  readonly validLifetimeS?: number;
  readonly preferredLifetimeS?: number;
};

/** What to add. */
export type AddressSettings = {
  readonly interfaceIndex: number;
  readonly address: string;
  readonly prefixLength: number;
  readonly peer?: string;
  readonly broadcast?: string;
  readonly label?: string;
  /** The kernel's default is global (IPv4), or by the address itself (IPv6, where it cannot be chosen). */
  readonly scope?: Scope | number;
  /** Those that may be set: nodad, optimistic, homeaddress, mngtmpaddr, noprefixroute, autojoin. */
  readonly flags?: readonly AddressFlag[];
  readonly validLifetimeS?: number;
  /** 0 adds the address deprecated: never chosen as a source. */
  readonly preferredLifetimeS?: number;
};

/** Which address to delete. */
export type AddressKey = Pick<AddressSettings, 'interfaceIndex' | 'address' | 'prefixLength' | 'peer' | 'label'>;

export const RTM_NEWADDR = 20;
export const RTM_DELADDR = 21;
const RTM_GETADDR = 22;
const [NLM_F_REPLACE, NLM_F_EXCL, NLM_F_CREATE] = [0x100, 0x200, 0x400];
const headerBytes = 8;
const [IFA_ADDRESS, IFA_LOCAL, IFA_LABEL, IFA_BROADCAST, IFA_CACHEINFO, IFA_FLAGS] = [1, 2, 3, 4, 6, 8];
const foreverS = 0xffff_ffff;

/** Every address of the namespace, or of one interface. */
export function listAddresses(
  socket: RouteSocket,
  only: { readonly interfaceIndex?: number; readonly family?: Family } = {},
): KernelResult<InterfaceAddress[]> {
  const body = Buffer.alloc(headerBytes);
  body.writeUInt8(only.family === undefined ? 0 : familyNumber[only.family], 0);
  body.writeUInt32LE(only.interfaceIndex ?? 0, 4);
  const dumped = socket.dump({ call: 'RTM_GETADDR', type: RTM_GETADDR, body, attempted: 'list the IP addresses' });
  if (!dumped.ok) return dumped;
  const found = dumped.value.flatMap((message) => decodeAddress(message) ?? []);
  // Kernels without strict checking of requests list every interface.
  return ok(found.filter(({ interfaceIndex: index }) => index === (only.interfaceIndex ?? index)));
}

/** Adds an address; EEXIST when the interface has it already. */
export function addAddress(socket: RouteSocket, settings: AddressSettings): KernelResult<void> {
  return socket.request(addition(settings, NLM_F_CREATE | NLM_F_EXCL));
}

/** Adds an address, or changes lifetimes and flags of one that is there. */
export function replaceAddress(socket: RouteSocket, settings: AddressSettings): KernelResult<void> {
  return socket.request(addition(settings, NLM_F_CREATE | NLM_F_REPLACE));
}

/** Deletes an address; EADDRNOTAVAIL when the interface does not have it. */
export function deleteAddress(socket: RouteSocket, key: AddressKey): KernelResult<void> {
  const { address, prefixLength, interfaceIndex, peer, label } = key;
  return socket.request({
    call: 'RTM_DELADDR',
    type: RTM_DELADDR,
    body: Buffer.concat([
      header(key, 0),
      attribute(IFA_LOCAL, addressBytes(address)),
      attribute(IFA_ADDRESS, addressBytes(peer ?? address)),
      attribute(IFA_LABEL, zeroTerminated(label)),
    ]),
    attempted: `delete ${address}/${prefixLength} from interface ${interfaceIndex}`,
  });
}

/** An address out of RTM_NEWADDR or RTM_DELADDR; undefined for a family that is not IP. */
export function decodeAddress({ body }: NetlinkMessage): InterfaceAddress | undefined {
  const family = familyOfNumber(body.readUInt8(0));
  if (family === undefined) return undefined;
  const attributes = decodeAttributes(body.subarray(headerBytes));
  const given = attributes.get(IFA_ADDRESS);
  const local = attributes.get(IFA_LOCAL) ?? given;
  if (local === undefined) return undefined;
  const broadcast = attributes.get(IFA_BROADCAST);
  const label = readText(attributes.get(IFA_LABEL));
  const bits = readUint32(attributes.get(IFA_FLAGS)) ?? body.readUInt8(2);
  const lifetimes = attributes.get(IFA_CACHEINFO);
  return {
    family,
    interfaceIndex: body.readUInt32LE(4),
    address: addressText(local),
    prefixLength: body.readUInt8(1),
    ...(given === undefined || given.equals(local) ? {} : { peer: addressText(given) }),
    ...(broadcast === undefined ? {} : { broadcast: addressText(broadcast) }),
    ...(label === undefined ? {} : { label }),
    scope: nameOfNumber(scopes, body.readUInt8(3)),
    flags: flagNames(flags, bits),
    ...lifetime('preferredLifetimeS', lifetimes?.readUInt32LE(0)),
    ...lifetime('validLifetimeS', lifetimes?.readUInt32LE(4)),
  };
}

function lifetime<Name extends string>(name: Name, valueS: number | undefined): { [name in Name]?: number } {
  return valueS === undefined || valueS === foreverS ? {} : ({ [name]: valueS } as { [name in Name]?: number });
}

function addition(settings: AddressSettings, how: number): NetlinkRequest {
  const { address, prefixLength, interfaceIndex, peer, broadcast, label } = settings;
  return {
    call: 'RTM_NEWADDR',
    type: RTM_NEWADDR,
    flags: how,
    body: Buffer.concat([
      header(settings, numberOfName(scopes, settings.scope ?? 'global')),
      attribute(IFA_LOCAL, addressBytes(address)),
      attribute(IFA_ADDRESS, addressBytes(peer ?? address)),
      attribute(IFA_BROADCAST, broadcast === undefined ? undefined : addressBytes(broadcast)),
      attribute(IFA_LABEL, zeroTerminated(label)),
      attribute(IFA_FLAGS, uint32(flagBits(flags, settings.flags ?? []))),
      attribute(IFA_CACHEINFO, cacheInfo(settings)),
    ]),
    attempted: `add ${address}/${prefixLength} to interface ${interfaceIndex}`,
  };
}

/** `struct ifa_cacheinfo`: preferred, valid, and two time stamps that the kernel writes. */
function cacheInfo({ validLifetimeS, preferredLifetimeS }: AddressSettings): Buffer | undefined {
  if (validLifetimeS === undefined && preferredLifetimeS === undefined) return undefined;
  const info = Buffer.alloc(16);
  info.writeUInt32LE(preferredLifetimeS ?? validLifetimeS ?? foreverS, 0);
  info.writeUInt32LE(validLifetimeS ?? foreverS, 4);
  return info;
}

/** `struct ifaddrmsg` */
function header({ address, prefixLength, interfaceIndex }: AddressKey, scope: number): Buffer {
  const family = familyOf(address);
  assert(family !== undefined, `'${address}' is no IP address`);
  const message = Buffer.alloc(headerBytes);
  message.writeUInt8(familyNumber[family], 0);
  message.writeUInt8(prefixLength, 1);
  message.writeUInt8(scope, 3);
  message.writeUInt32LE(interfaceIndex, 4);
  return message;
}
