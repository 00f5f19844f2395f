// Making, changing and deleting network interfaces (man 8 ip-link, RTM_*LINK; <linux/if_link.h>, <linux/veth.h>).
import { closeSync, openSync } from 'node:fs';
import { defined } from '../../kit/index.ts';
import { hardwareAddressBytes } from '../address.ts';
import { fromSystemError, type KernelResult } from '../error.ts';
import { numberOfName } from '../flag.ts';
import type { NamespacePath } from '../namespace/enter.ts';
import { attribute, nested, uint16, uint32, zeroTerminated } from './message.ts';
import type { RouteSocket } from './socket.ts';

const macvlanModes = { private: 1, vepa: 2, bridge: 4, passthru: 8 } as const;

type NewLink = {
  readonly name: string;
  readonly hardwareAddress?: string;
  readonly mtu?: number;
  /** The namespace that it is made in; the socket's when left out. */
  readonly namespace?: NamespacePath;
};

/** What to make. It is down until it is set up. */
export type LinkSettings = NewLink &
  (
    | { readonly kind: 'bridge' }
    | { readonly kind: 'dummy' }
    | { readonly kind: 'veth'; readonly peer: NewLink }
    | { readonly kind: 'macvlan'; readonly parentIndex: number; readonly mode: keyof typeof macvlanModes }
    | { readonly kind: 'vlan'; readonly parentIndex: number; readonly vlanId: number }
    | { readonly kind: 'vrf'; readonly table: number }
  );

/** What to change of an interface; all of it is done, or the error says what was not. */
export type LinkChange = {
  readonly state?: 'up' | 'down';
  readonly name?: string;
  readonly hardwareAddress?: string;
  readonly mtu?: number;
  /** The bridge, bond or VRF to join; 0 leaves it. */
  readonly masterIndex?: number;
  /** The namespace to move to. */
  readonly namespace?: NamespacePath;
  /** Whether the kernel gives the interface an IPv6 link-local address of its own (IFLA_INET6_ADDR_GEN_MODE). */
  readonly linkLocal?: 'eui64' | 'none';
};

const [RTM_NEWLINK, RTM_DELLINK] = [16, 17];
const [NLM_F_EXCL, NLM_F_CREATE] = [0x200, 0x400];
const [IFLA_ADDRESS, IFLA_IFNAME, IFLA_MTU, IFLA_LINK, IFLA_MASTER] = [1, 3, 4, 5, 10];
const [IFLA_LINKINFO, IFLA_AF_SPEC, IFLA_NET_NS_FD] = [18, 26, 28];
const [IFLA_INFO_KIND, IFLA_INFO_DATA] = [1, 2];
const [VETH_INFO_PEER, IFLA_MACVLAN_MODE, IFLA_VLAN_ID, IFLA_VRF_TABLE] = [1, 1, 1, 1];
const [AF_INET6, IFLA_INET6_ADDR_GEN_MODE] = [10, 8];
const IFF_UP = 1;

/** Makes an interface; EEXIST when the name is taken. */
export function addLink(socket: RouteSocket, settings: LinkSettings): KernelResult<void> {
  const attempted = `make the ${settings.kind} interface ${settings.name}`;
  const peer = settings.kind === 'veth' ? settings.peer.namespace : undefined;
  return withNamespaces([settings.namespace, peer], attempted, ([here, there]) =>
    socket.request({
      call: 'RTM_NEWLINK',
      type: RTM_NEWLINK,
      flags: NLM_F_CREATE | NLM_F_EXCL,
      body: Buffer.concat([
        header({ index: 0, flags: 0 }),
        newLinkAttributes(settings, here),
        attribute(IFLA_LINK, uint32('parentIndex' in settings ? settings.parentIndex : undefined)),
        nested(IFLA_LINKINFO, attribute(IFLA_INFO_KIND, Buffer.from(settings.kind)), kindData(settings, there)),
      ]),
      attempted,
    }),
  );
}

/** Changes an interface by its index; ENODEV when there is none. */
export function setLink(socket: RouteSocket, index: number, change: LinkChange): KernelResult<void> {
  const attempted = `change interface ${index} (${Object.keys(change).join(', ')})`;
  return withNamespaces([change.namespace], attempted, ([namespace]) =>
    socket.request({
      call: 'RTM_SETLINK',
      type: RTM_NEWLINK,
      body: Buffer.concat([
        header({ index, flags: change.state === 'up' ? IFF_UP : 0, mask: change.state === undefined ? 0 : IFF_UP }),
        attribute(IFLA_IFNAME, zeroTerminated(change.name)),
        attribute(IFLA_ADDRESS, hardware(change.hardwareAddress)),
        attribute(IFLA_MTU, uint32(change.mtu)),
        attribute(IFLA_MASTER, uint32(change.masterIndex)),
        attribute(IFLA_NET_NS_FD, uint32(namespace)),
        linkLocalAttribute(change.linkLocal),
      ]),
      attempted,
    }),
  );
}

/** Deletes an interface (and the peer of a veth) by its index; ENODEV when there is none. */
export function deleteLink(socket: RouteSocket, index: number): KernelResult<void> {
  const attempted = `delete interface ${index}`;
  return socket.request({ call: 'RTM_DELLINK', type: RTM_DELLINK, body: header({ index, flags: 0 }), attempted });
}

function newLinkAttributes({ name, hardwareAddress, mtu }: NewLink, namespace: number | undefined): Buffer {
  return Buffer.concat([
    attribute(IFLA_IFNAME, zeroTerminated(name)),
    attribute(IFLA_ADDRESS, hardware(hardwareAddress)),
    attribute(IFLA_MTU, uint32(mtu)),
    attribute(IFLA_NET_NS_FD, uint32(namespace)),
  ]);
}

function kindData(settings: LinkSettings, peerNamespace: number | undefined): Buffer {
  switch (settings.kind) {
    case 'bridge':
    case 'dummy':
      return Buffer.alloc(0);
    case 'veth': {
      const peer = Buffer.concat([header({ index: 0, flags: 0 }), newLinkAttributes(settings.peer, peerNamespace)]);
      return nested(IFLA_INFO_DATA, nested(VETH_INFO_PEER, peer));
    }
    case 'macvlan': {
      const mode = numberOfName(macvlanModes, settings.mode);
      return nested(IFLA_INFO_DATA, attribute(IFLA_MACVLAN_MODE, uint32(mode)));
    }
    case 'vlan':
      return nested(IFLA_INFO_DATA, attribute(IFLA_VLAN_ID, uint16(settings.vlanId)));
    case 'vrf':
      return nested(IFLA_INFO_DATA, attribute(IFLA_VRF_TABLE, uint32(settings.table)));
  }
}

/** `struct ifinfomsg` */
function header({ index, flags, mask = 0 }: { index: number; flags: number; mask?: number }): Buffer {
  const message = Buffer.alloc(16);
  message.writeInt32LE(index, 4);
  message.writeUInt32LE(flags, 8);
  message.writeUInt32LE(mask, 12);
  return message;
}

function linkLocalAttribute(linkLocal: LinkChange['linkLocal']): Buffer {
  if (linkLocal === undefined) return Buffer.alloc(0);
  const mode = attribute(IFLA_INET6_ADDR_GEN_MODE, Buffer.from([linkLocal === 'none' ? 1 : 0]));
  return nested(IFLA_AF_SPEC, nested(AF_INET6, mode));
}

function hardware(address: string | undefined): Buffer | undefined {
  return address === undefined ? undefined : defined(hardwareAddressBytes(address), `'${address}' is no MAC address`);
}

/** Opens the namespaces for the time of `body`, which is given their descriptors in the same places. */
function withNamespaces(
  paths: readonly (NamespacePath | undefined)[],
  attempted: string,
  body: (descriptors: readonly (number | undefined)[]) => KernelResult<void>,
): KernelResult<void> {
  const descriptors: (number | undefined)[] = [];
  try {
    for (const path of paths) descriptors.push(path === undefined ? undefined : openSync(path, 'r'));
    return body(descriptors);
  } catch (error) {
    return fromSystemError(error, attempted);
  } finally {
    for (const descriptor of descriptors) if (descriptor !== undefined) closeSync(descriptor);
  }
}
