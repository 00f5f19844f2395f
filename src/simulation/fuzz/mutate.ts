// Datagrams changed at random, in the ways that hurt: bits, whole numbers at the edge of what is allowed, lengths, and
// pieces of one datagram in another.
import type { Random } from '../../kit/index.ts';

const edges = [0, 1, 2, 3, 30, 31, 384, 385, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];
const changesMax = 6;
const growthMax = 64;

/** `original` and, at times, a part of `other`; never the same bytes as `original`. */
export function mutate(random: Random, original: Uint8Array, other: Uint8Array): Uint8Array {
  let bytes = Uint8Array.from(original);
  for (let changes = random.between(1, changesMax); changes > 0; changes--) bytes = change(random, bytes, other);
  if (!isSame(bytes, original)) return bytes;
  return bytes.length > 0 ? flip(random, bytes) : Uint8Array.of(0);
}

function change(random: Random, bytes: Uint8Array<ArrayBuffer>, other: Uint8Array): Uint8Array<ArrayBuffer> {
  if (bytes.length === 0) return bytes;
  switch (random.below(8)) {
    case 0:
      return bytes.slice(0, random.below(bytes.length + 1));
    case 1: {
      const longer = new Uint8Array(bytes.length + random.between(1, growthMax));
      longer.set(bytes);
      return longer;
    }
    case 2: {
      const piece = other.subarray(random.below(other.length + 1));
      const at = random.below(bytes.length);
      bytes.set(piece.subarray(0, bytes.length - at), at);
      return bytes;
    }
    case 3:
    case 4:
      if (bytes.length < 4) return flip(random, bytes);
      new DataView(bytes.buffer).setUint32(random.below(bytes.length - 3), random.pick(edges) ?? 0, true);
      return bytes;
    default:
      return flip(random, bytes);
  }
}

function flip(random: Random, bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const at = random.below(bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
  return bytes;
}

function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}
