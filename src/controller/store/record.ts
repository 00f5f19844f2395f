// A journal record: what one accepted change was, in a form that proves its own wholeness.
//
//   0   magic      u32  'HVJ1'
//   4   length     u32  bytes of payload
//   8   term       u64  the quorate membership it was accepted in
//   16  index      u64  place in the document's history
//   24  previous   u32  `chain` of the entry before: this record continues that history and no other
//   28  check      u32  CRC-32C of bytes 4..28 and the payload; the `chain` that the next entry continues
//   32  payload
//
// CRC-32C (Castagnoli, RFC 3720 appendix B.4) finds every burst that a torn sector leaves. The chain makes two histories
// that parted comparable by their last value, and keeps a journal of one from being read onto a snapshot of the other.

export const recordMagic = 0x314a5648;
export const recordHeaderBytes = 32;
const checkAt = 28;
/** A change larger than this is refused before it is accepted (limits of the document are lower). */
export const payloadBytesMax = 64 << 20;

export type JournalRecord = {
  readonly term: number;
  readonly index: number;
  /** The chain value of the entry before. */
  readonly previous: number;
  readonly payload: Uint8Array;
};

export function encodeRecord(record: JournalRecord): Uint8Array {
  const bytes = new Uint8Array(recordHeaderBytes + record.payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, recordMagic, true);
  view.setUint32(4, record.payload.length, true);
  view.setBigUint64(8, BigInt(record.term), true);
  view.setBigUint64(16, BigInt(record.index), true);
  bytes.set(record.payload, recordHeaderBytes);
  view.setUint32(24, record.previous, true);
  view.setUint32(checkAt, checkOf(bytes), true);
  return bytes;
}

export type DecodedRecord =
  | { readonly kind: 'record'; readonly record: JournalRecord; readonly chain: number; readonly end: number }
  | { readonly kind: 'end' }
  /** Not a whole record: torn, or damaged. */
  | { readonly kind: 'broken'; readonly why: string };

export function decodeRecord(bytes: Uint8Array, at: number): DecodedRecord {
  if (at === bytes.length) return { kind: 'end' };
  if (bytes.length - at < recordHeaderBytes) return { kind: 'broken', why: 'the header is cut short' };
  const view = new DataView(bytes.buffer, bytes.byteOffset + at);
  if (view.getUint32(0, true) !== recordMagic) return { kind: 'broken', why: 'no record begins here' };
  const length = view.getUint32(4, true);
  const end = at + recordHeaderBytes + length;
  if (length > payloadBytesMax || end > bytes.length) return { kind: 'broken', why: 'the payload is cut short' };
  const whole = bytes.subarray(at, end);
  const chain = view.getUint32(checkAt, true);
  if (chain !== checkOf(whole)) return { kind: 'broken', why: 'the checksum does not match' };
  const payload = whole.slice(recordHeaderBytes);
  const [term, index] = [Number(view.getBigUint64(8, true)), Number(view.getBigUint64(16, true))];
  const previous = view.getUint32(24, true);
  return { kind: 'record', record: { term, index, previous, payload }, chain, end };
}

/** The value that names the history up to and including this record. */
export function chainOf(record: JournalRecord): number {
  return checkOf(encodeRecord(record));
}

function checkOf(record: Uint8Array): number {
  return crc32c(record.subarray(recordHeaderBytes), crc32c(record.subarray(4, checkAt)));
}

const crcTable: Uint32Array = (() => {
  const table = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
    table[byte] = value;
  }
  return table;
})();

/** CRC-32C; `before` continues one over earlier bytes. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  let value = ~before;
  for (const byte of bytes) value = (value >>> 8) ^ (crcTable[(value ^ byte) & 0xff] ?? 0);
  return ~value >>> 0;
}
