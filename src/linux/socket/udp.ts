// UDP sockets with what `node:dgram` does not offer: binding to an interface, buffers beyond the system's limit, opening
// inside a namespace, and the destination, interface and hop limit of what arrives.
import { ok } from '../../kit/index.ts';
import { type KernelResult, kernelError } from '../error.ts';
import { errno, getsockname } from '../libc.ts';
import { type IpSocket, type IpSocketOptions, openIpSocket } from './ip.ts';
import { anyAddress, decodeSockaddr, type Endpoint, endpointText, sockaddrBytesMax } from './sockaddr.ts';

export type UdpSocketOptions = IpSocketOptions & {
  /** Any address of the family when left out. */
  readonly address?: string;
  /** 0 lets the kernel choose one. */
  readonly port: number;
  /** The interface of a link-local IPv6 address. */
  readonly scopeId?: number;
  /** Lets several sockets of this host bind the same address and port, each receiving the multicast (SO_REUSEADDR). */
  readonly sharing?: 'exclusive' | 'shared';
  /** Whether it may send to a broadcast address; 'refused' when left out. */
  readonly broadcast?: 'refused' | 'allowed';
};

/** Opens and binds a UDP socket. */
export function openUdpSocket(options: UdpSocketOptions): KernelResult<IpSocket> {
  const { family, address = anyAddress(family), port, scopeId } = options;
  const local = scopeId === undefined ? { address, port } : { address, port, scopeId };
  const where = options.interfaceName === undefined ? '' : ` on ${options.interfaceName}`;
  return openIpSocket(options, {
    type: 'datagram',
    protocol: 0,
    name: `a UDP socket at ${endpointText(local)}${where}`,
    settings: [
      ['SO_REUSEADDR', options.sharing === 'shared' ? 1 : undefined],
      ['SO_BROADCAST', options.broadcast === 'allowed' ? 1 : undefined],
      ['IPV6_V6ONLY', family === 'ipv6' ? 1 : undefined],
    ],
    local,
  });
}

/** The address that a socket is bound to, with the port that the kernel chose. */
export function localEndpoint({ fd, name }: IpSocket): KernelResult<Endpoint> {
  const sockaddr = Buffer.alloc(sockaddrBytesMax);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(sockaddr.length);
  const answered = getsockname(fd, sockaddr, length) === 0;
  const endpoint = answered ? decodeSockaddr(sockaddr) : undefined;
  return endpoint === undefined ? kernelError('getsockname', errno(), `read the address of ${name}`) : ok(endpoint);
}
