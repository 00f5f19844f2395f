// Addresses between the kernel's bytes and people's text: IPv4, IPv6 (RFC 5952) and Ethernet.
import { isIPv4, isIPv6 } from 'node:net';
import { assert, defined } from '../kit/index.ts';

export type Family = 'ipv4' | 'ipv6';

/** AF_INET and AF_INET6 of <sys/socket.h>. */
export const familyNumber: Readonly<Record<Family, number>> = { ipv4: 2, ipv6: 10 };

export function familyOfNumber(number: number): Family | undefined {
  if (number === familyNumber.ipv4) return 'ipv4';
  return number === familyNumber.ipv6 ? 'ipv6' : undefined;
}

/** The family of an address in text, undefined when it is none (a zone such as `%eth0` belongs to no address). */
export function familyOf(address: string): Family | undefined {
  if (isIPv4(address)) return 'ipv4';
  if (isIPv6(address) && !address.includes('%')) return 'ipv6';
  return undefined;
}

/** 4 or 16 bytes in network order; `address` must be one (`familyOf` tells). */
export function addressBytes(address: string): Buffer {
  const family = familyOf(address);
  assert(family !== undefined, `'${address}' is no IP address`);
  return family === 'ipv4' ? ipv4Bytes(address) : ipv6Bytes(address);
}

/** The canonical text of 4 or 16 bytes. */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`;
  assert(bytes.length === 16, `an IP address has 4 or 16 bytes, not ${bytes.length}`);
  return ipv6Text(bytes);
}

/** True for 224.0.0.0/4 and ff00::/8. */
export function isMulticast(address: string): boolean {
  const first = defined(addressBytes(address)[0], 'an address has bytes');
  return familyOf(address) === 'ipv4' ? first >= 224 && first < 240 : first === 0xff;
}

/** Six bytes of `00:00:5e:00:01:33`; undefined when it is no Ethernet address. */
export function hardwareAddressBytes(text: string): Buffer | undefined {
  if (!/^[0-9a-f]{1,2}(:[0-9a-f]{1,2}){5}$/i.test(text)) return undefined;
  return Buffer.from(text.split(':').map((part) => Number.parseInt(part, 16)));
}

export function hardwareAddressText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

function ipv4Bytes(address: string): Buffer {
  return Buffer.from(address.split('.').map(Number));
}

function ipv6Bytes(address: string): Buffer {
  const [head = '', tail] = address.split('::');
  const front = groups(head);
  const back = tail === undefined ? Buffer.alloc(0) : groups(tail);
  return Buffer.concat([front, Buffer.alloc(16 - front.length - back.length), back]);
}

function groups(text: string): Buffer {
  if (text === '') return Buffer.alloc(0);
  return Buffer.concat(text.split(':').map((group) => (group.includes('.') ? ipv4Bytes(group) : hexGroup(group))));
}

function hexGroup(group: string): Buffer {
  const value = Number.parseInt(group, 16);
  return Buffer.from([value >> 8, value & 0xff]);
}

/** RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups shortened, the first on a tie. */
function ipv6Text(bytes: Uint8Array): string {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, 16);
  const values = Array.from({ length: 8 }, (_, index) => view.readUInt16BE(index * 2));
  if (values.slice(0, 5).every((value) => value === 0) && values[5] === 0xffff) {
    return `::ffff:${addressText(view.subarray(12))}`;
  }
  const { start, length } = longestZeroRun(values);
  const text = (part: readonly number[]) => part.map((value) => value.toString(16)).join(':');
  if (length < 2) return text(values);
  return `${text(values.slice(0, start))}::${text(values.slice(start + length))}`;
}

function longestZeroRun(values: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  values.forEach((value, index) => {
    if (value !== 0) start = index + 1;
    else if (index + 1 - start > best.length) best = { start, length: index + 1 - start };
  });
  return best;
}
