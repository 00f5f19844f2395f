// What changes in a network namespace, told by the kernel (man 7 rtnetlink, multicast groups).
import { ok } from '../../kit/index.ts';
import { type KernelError, type KernelResult, kernelError } from '../error.ts';
import { close, errno, recv } from '../libc.ts';
import type { NamespacePath } from '../namespace/enter.ts';
import { watchReadable } from '../readiness/watch.ts';
import { setOption } from '../socket/option.ts';
import { decodeAddress, type InterfaceAddress, RTM_DELADDR, RTM_NEWADDR } from './addresses.ts';
import { decodeLink, type Link, RTM_DELLINK, RTM_NEWLINK } from './links.ts';
import { decodeMessages, type NetlinkMessage } from './message.ts';
import { decodeRoute, type Route, RTM_DELROUTE, RTM_NEWROUTE } from './routes.ts';
import { openNetlinkDescriptor } from './socket.ts';

export type NetworkEvent =
  | { readonly kind: 'link'; readonly link: Link }
  | { readonly kind: 'link-gone'; readonly link: Link }
  | { readonly kind: 'address'; readonly address: InterfaceAddress }
  | { readonly kind: 'address-gone'; readonly address: InterfaceAddress }
  | { readonly kind: 'route'; readonly route: Route }
  | { readonly kind: 'route-gone'; readonly route: Route }
  /** Events were lost because they came faster than they were read: list everything anew. */
  | { readonly kind: 'lost' };

/** `link` tells of interfaces and their carrier; `address` and `route` of IPv4 and IPv6. */
export type NetworkSubject = 'link' | 'address' | 'route';

export type NetworkWatch = { readonly close: () => void; readonly unref: () => void };

export type NetworkWatchOptions = {
  readonly subjects: readonly NetworkSubject[];
  readonly namespace?: NamespacePath;
  readonly onEvent: (event: NetworkEvent) => void;
  /** The watch has ended for a reason that is not ours. */
  readonly onError: (error: KernelError) => void;
};

const NETLINK_ROUTE = 0;
const SOCK_NONBLOCK = 0o4000;
const MSG_DONTWAIT = 0x40;
/** RTNLGRP_* of <linux/rtnetlink.h>. */
const groups: Readonly<Record<NetworkSubject, readonly number[]>> = { link: [1], address: [5, 9], route: [7, 11] };
const receiveBufferBytes = 1 << 20;
const datagramsPerTurnMax = 64;
const datagram = Buffer.alloc(65_536);

/** Tells of every change from now on. What was there before is asked with the lists, after this returned. */
export function watchNetwork(options: NetworkWatchOptions): KernelResult<NetworkWatch> {
  const opened = openNetlinkDescriptor({
    protocol: NETLINK_ROUTE,
    groups: options.subjects.flatMap((subject) => groups[subject]),
    nonblocking: SOCK_NONBLOCK,
    namespace: options.namespace,
  });
  if (!opened.ok) return opened;
  const fd = opened.value;
  // A larger buffer makes loss rarer; loss is told and handled, so a refusal does not matter.
  setOption(fd, 'SO_RCVBUFFORCE', receiveBufferBytes, 'enlarge the buffer of network events');
  let open = true;
  const hear = (event: NetworkEvent) => {
    if (open) options.onEvent(event);
  };
  const watch = watchReadable(fd, 'network events', () => {
    for (let count = 0; count < datagramsPerTurnMax && open; count++) {
      if (!readOne(fd, { ...options, onEvent: hear })) return;
    }
  });
  if (!watch.ok) {
    close(fd);
    return watch;
  }
  const end = () => {
    if (!open) return;
    open = false;
    watch.value.close();
    close(fd);
  };
  return ok({ close: end, unref: watch.value.unref });
}

/** Reads one datagram of events; false when there is none. */
function readOne(fd: number, { onEvent, onError }: NetworkWatchOptions): boolean {
  const size = recv(fd, datagram, datagram.length, MSG_DONTWAIT);
  if (size >= 0) {
    const messages = decodeMessages(Buffer.from(datagram.subarray(0, size)));
    for (const message of messages) {
      const event = eventOf(message);
      if (event !== undefined) onEvent(event);
    }
    return true;
  }
  const { error } = kernelError('recv', errno(), 'receive network events');
  if (error.errno === 'ENOBUFS') {
    onEvent({ kind: 'lost' });
    return true;
  }
  if (error.errno !== 'EAGAIN' && error.errno !== 'EINTR') onError(error);
  return false;
}

function eventOf(message: NetlinkMessage): NetworkEvent | undefined {
  switch (message.type) {
    case RTM_NEWLINK:
    case RTM_DELLINK: {
      const link = decodeLink(message);
      return link && { kind: message.type === RTM_NEWLINK ? 'link' : 'link-gone', link };
    }
    case RTM_NEWADDR:
    case RTM_DELADDR: {
      const address = decodeAddress(message);
      return address && { kind: message.type === RTM_NEWADDR ? 'address' : 'address-gone', address };
    }
    case RTM_NEWROUTE:
    case RTM_DELROUTE: {
      const route = decodeRoute(message);
      return route && { kind: message.type === RTM_NEWROUTE ? 'route' : 'route-gone', route };
    }
    default:
      return undefined;
  }
}
