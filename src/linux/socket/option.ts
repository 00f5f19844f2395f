// Socket options by name (man 7 socket, ip, ipv6, packet).
import { ok } from '../../kit/index.ts';
import { type KernelResult, kernelError } from '../error.ts';
import { errno, setsockopt } from '../libc.ts';

const [SOL_SOCKET, IPPROTO_IP, SOL_UDP, IPPROTO_IPV6, SOL_PACKET, SOL_NETLINK] = [1, 0, 17, 41, 263, 270];

/** Level and number of each option that this room sets. */
const options = {
  SO_REUSEADDR: [SOL_SOCKET, 2],
  SO_BROADCAST: [SOL_SOCKET, 6],
  SO_SNDBUF: [SOL_SOCKET, 7],
  SO_RCVBUF: [SOL_SOCKET, 8],
  SO_PRIORITY: [SOL_SOCKET, 12],
  SO_RCVTIMEO: [SOL_SOCKET, 20],
  SO_BINDTODEVICE: [SOL_SOCKET, 25],
  SO_ATTACH_FILTER: [SOL_SOCKET, 26],
  SO_SNDBUFFORCE: [SOL_SOCKET, 32],
  SO_RCVBUFFORCE: [SOL_SOCKET, 33],
  SO_MARK: [SOL_SOCKET, 36],
  IP_TOS: [IPPROTO_IP, 1],
  IP_TTL: [IPPROTO_IP, 2],
  IP_HDRINCL: [IPPROTO_IP, 3],
  IP_PKTINFO: [IPPROTO_IP, 8],
  IP_RECVTTL: [IPPROTO_IP, 12],
  IP_RECVTOS: [IPPROTO_IP, 13],
  IP_MULTICAST_IF: [IPPROTO_IP, 32],
  IP_MULTICAST_TTL: [IPPROTO_IP, 33],
  IP_MULTICAST_LOOP: [IPPROTO_IP, 34],
  IP_ADD_MEMBERSHIP: [IPPROTO_IP, 35],
  IP_DROP_MEMBERSHIP: [IPPROTO_IP, 36],
  IP_MULTICAST_ALL: [IPPROTO_IP, 49],
  IPV6_UNICAST_HOPS: [IPPROTO_IPV6, 16],
  IPV6_MULTICAST_IF: [IPPROTO_IPV6, 17],
  IPV6_MULTICAST_HOPS: [IPPROTO_IPV6, 18],
  IPV6_MULTICAST_LOOP: [IPPROTO_IPV6, 19],
  IPV6_ADD_MEMBERSHIP: [IPPROTO_IPV6, 20],
  IPV6_DROP_MEMBERSHIP: [IPPROTO_IPV6, 21],
  IPV6_V6ONLY: [IPPROTO_IPV6, 26],
  IPV6_MULTICAST_ALL: [IPPROTO_IPV6, 29],
  IPV6_RECVPKTINFO: [IPPROTO_IPV6, 49],
  IPV6_RECVHOPLIMIT: [IPPROTO_IPV6, 51],
  IPV6_RECVTCLASS: [IPPROTO_IPV6, 66],
  IPV6_TCLASS: [IPPROTO_IPV6, 67],
  UDP_GRO: [SOL_UDP, 104],
  PACKET_ADD_MEMBERSHIP: [SOL_PACKET, 1],
  PACKET_IGNORE_OUTGOING: [SOL_PACKET, 23],
  NETLINK_ADD_MEMBERSHIP: [SOL_NETLINK, 1],
  NETLINK_CAP_ACK: [SOL_NETLINK, 10],
  NETLINK_EXT_ACK: [SOL_NETLINK, 11],
  NETLINK_GET_STRICT_CHK: [SOL_NETLINK, 12],
} as const;

export type SocketOption = keyof typeof options;

/** Sets one option; `attempted` completes "cannot …" in the error. */
export function setOption(
  fd: number,
  option: SocketOption,
  value: number | Uint8Array,
  attempted: string,
): KernelResult<void> {
  const bytes = typeof value === 'number' ? int(value) : value;
  const [level, number] = options[option];
  if (setsockopt(fd, level, number, bytes, bytes.length) === 0) return ok(undefined);
  return kernelError('setsockopt', errno(), `${attempted} (${option})`);
}

/** A list of options to set in order; an undefined value leaves the kernel's default. */
export type OptionSettings = readonly (readonly [SocketOption, number | Uint8Array | undefined])[];

/** Sets each option until one fails. */
export function setOptions(fd: number, settings: OptionSettings, attempted: string): KernelResult<void> {
  for (const [option, value] of settings) {
    if (value === undefined) continue;
    const set = setOption(fd, option, value, attempted);
    if (!set.ok) return set;
  }
  return ok(undefined);
}

/** The value of SO_BINDTODEVICE and of other options that take a name. */
export function nameValue(name: string): Buffer {
  return Buffer.from(`${name}\0`);
}

/** `struct timeval` of SO_RCVTIMEO. */
export function secondsValue(seconds: number): Buffer {
  const value = Buffer.alloc(16);
  value.writeUInt32LE(seconds, 0);
  return value;
}

function int(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}
