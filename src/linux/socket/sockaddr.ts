// Socket addresses (man 7 ip, ipv6, packet, netlink) as bytes.
import { addressBytes, addressText, type Family, familyNumber, familyOf } from '../address.ts';

/** An IP address with a port (0 for raw sockets) and, for link-local IPv6, the interface it is meant on. */
export type Endpoint = { readonly address: string; readonly port: number; readonly scopeId?: number };

/** The size of the largest address that we receive. */
export const sockaddrBytesMax = 28;

export function encodeSockaddr({ address, port, scopeId }: Endpoint): Buffer {
  const bytes = addressBytes(address);
  const family: Family = bytes.length === 4 ? 'ipv4' : 'ipv6';
  const sockaddr = Buffer.alloc(family === 'ipv4' ? 16 : 28);
  sockaddr.writeUInt16LE(familyNumber[family], 0);
  sockaddr.writeUInt16BE(port, 2);
  bytes.copy(sockaddr, family === 'ipv4' ? 4 : 8);
  if (family === 'ipv6') sockaddr.writeUInt32LE(scopeId ?? 0, 24);
  return sockaddr;
}

/** The address of a received message; undefined for a family that is not IP. */
export function decodeSockaddr(sockaddr: Buffer): Endpoint | undefined {
  const family = sockaddr.readUInt16LE(0);
  const port = sockaddr.readUInt16BE(2);
  if (family === familyNumber.ipv4) return { address: addressText(sockaddr.subarray(4, 8)), port };
  if (family !== familyNumber.ipv6) return undefined;
  const scopeId = sockaddr.readUInt32LE(24);
  const endpoint = { address: addressText(sockaddr.subarray(8, 24)), port };
  return scopeId === 0 ? endpoint : { ...endpoint, scopeId };
}

/** The address that means "any" in a family. */
export function anyAddress(family: Family): string {
  return family === 'ipv4' ? '0.0.0.0' : '::';
}

export function endpointText({ address, port }: Endpoint): string {
  if (port === 0) return address;
  return familyOf(address) === 'ipv6' ? `[${address}]:${port}` : `${address}:${port}`;
}
