// The Internet checksum (RFC 1071) and VRRP's pseudo-headers (RFC 9568 §5.2.8).

/** Protocol number of VRRP (RFC 9568 §5.1.1.4). */
export const vrrpProtocol = 112;

/** One's complement sum of 16-bit words, not yet folded or complemented; an odd last byte is padded with zero. */
export function sumWords(bytes: Uint8Array, start = 0): number {
  let sum = start;
  for (let index = 0; index < bytes.length; index += 2) sum += ((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0);
  return sum;
}

/** The checksum field for a sum: folded and complemented. Over bytes that contain a valid checksum it is 0. */
export function finishChecksum(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return ~folded & 0xffff;
}

/** Sum of the pseudo-header of RFC 9568 §5.2.8: source, destination, zero, protocol, length; the same for both families. */
export function pseudoHeaderSum(source: Uint8Array, destination: Uint8Array, lengthBytes: number): number {
  return sumWords(destination, sumWords(source)) + vrrpProtocol + lengthBytes;
}
