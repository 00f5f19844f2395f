// IPv4 and IPv6 addresses as numbers, enough to compare networks and to make node ids.

import type { Family } from './model.ts';

export function familyOf(text: string): Family | undefined {
  if (ipv4Number(text) !== undefined) return 'ipv4';
  return ipv6Words(text) === undefined ? undefined : 'ipv6';
}

/** The address as a 32-bit number, big-endian: 10.97.1.3 is 0x0A610103. Without leading zeros, which would mean octal. */
export function ipv4Number(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part))) return undefined;
  const bytes = parts.map(Number);
  if (bytes.some((byte) => byte > 255)) return undefined;
  return bytes.reduce((number, byte) => number * 256 + byte, 0);
}

/** Eight 16-bit words (RFC 4291, 2.2), without a zone. */
export function ipv6Words(text: string): readonly number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2 || !text.includes(':')) return undefined;
  const [head, tail] = halves.map(wordsOf);
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  if (tail === undefined) return head.length === 8 ? head : undefined;
  const missing = 8 - head.length - tail.length;
  return missing < 1 ? undefined : [...head, ...Array<number>(missing).fill(0), ...tail];
}

function wordsOf(half: string): number[] | undefined {
  if (half === '') return [];
  const words: number[] = [];
  for (const part of half.split(':')) {
    const mapped = ipv4Number(part);
    if (mapped !== undefined) words.push(Math.floor(mapped / 65_536), mapped % 65_536);
    else if (/^[0-9a-fA-F]{1,4}$/.test(part)) words.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return words;
}

/** Do both lie in the same network of `prefixLength` bits? */
export function sameNetwork(left: string, right: string, prefixLength: number): boolean {
  const [leftBits, rightBits] = [bitsOf(left), bitsOf(right)];
  if (leftBits === undefined || rightBits === undefined || leftBits.length !== rightBits.length) return false;
  return leftBits.slice(0, prefixLength) === rightBits.slice(0, prefixLength);
}

/** One address, however its zeros are written. */
export function sameAddress(left: string, right: string): boolean {
  const bits = bitsOf(left);
  return bits !== undefined && bits === bitsOf(right);
}

export function isMulticast(text: string): boolean {
  const number = ipv4Number(text);
  if (number !== undefined) return Math.floor(number / 2 ** 28) === 0xe;
  return (ipv6Words(text)?.[0] ?? 0) >= 0xff00;
}

function bitsOf(text: string): string | undefined {
  const number = ipv4Number(text);
  if (number !== undefined) return number.toString(2).padStart(32, '0');
  return ipv6Words(text)
    ?.map((word) => word.toString(2).padStart(16, '0'))
    .join('');
}
