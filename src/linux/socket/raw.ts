// Raw IP sockets (man 7 raw): one IP protocol, such as 112 (VRRP) or 51 (AH), below the transport layer.
import type { KernelResult } from '../error.ts';
import { type IpSocket, type IpSocketOptions, openIpSocket } from './ip.ts';

export type RawSocketOptions = IpSocketOptions & {
  /** The IP protocol number, 1 to 255. */
  readonly protocol: number;
  /** Who writes the IPv4 header of what is sent: the kernel, or the sender as part of each payload (IP_HDRINCL). */
  readonly ipHeader?: 'kernel' | 'sender';
};

/** An IPv4 datagram as a raw socket receives it: header and what follows. */
export type Ipv4Packet = { readonly header: Buffer; readonly payload: Buffer };

/**
 * Opens a raw socket. What it receives starts with the IPv4 header (`splitIpv4`); over IPv6 there is none, and the hop
 * limit comes beside the payload. Needs CAP_NET_RAW.
 */
export function openRawSocket(options: RawSocketOptions): KernelResult<IpSocket> {
  const { family, protocol, interfaceName } = options;
  const where = interfaceName === undefined ? '' : ` on ${interfaceName}`;
  return openIpSocket(options, {
    type: 'raw',
    protocol,
    name: `a raw ${family} socket for protocol ${protocol}${where}`,
    settings: family === 'ipv4' && options.ipHeader === 'sender' ? [['IP_HDRINCL', 1]] : [],
  });
}

/** Splits what a raw IPv4 socket received (RFC 791 §3.1); undefined when it is shorter than its header says. */
export function splitIpv4(packet: Buffer): Ipv4Packet | undefined {
  if (packet.length < 20) return undefined;
  const headerBytes = (packet.readUInt8(0) & 0x0f) * 4;
  if (headerBytes < 20 || packet.length < headerBytes) return undefined;
  return { header: packet.subarray(0, headerBytes), payload: packet.subarray(headerBytes) };
}
