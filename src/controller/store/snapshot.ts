// A snapshot: the whole document as the standard tools read it, with a first line that says where in the history it
// stands and proves that it is whole. One file, so that the document and its place cannot come apart.
import { err, ok, type Result } from '../../kit/index.ts';
import { crc32c } from './record.ts';

/** Raised when the form of snapshot or journal changes; a newer file is refused, never guessed at. */
export const storeFormat = 1;

export type Snapshot = {
  readonly term: number;
  readonly index: number;
  /** Names the history that led here (record.ts). */
  readonly chain: number;
  /** XML, without the first line. */
  readonly document: string;
};

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

export function encodeSnapshot(snapshot: Snapshot): Uint8Array {
  const body = encoder.encode(snapshot.document);
  const place = `format=${storeFormat} term=${snapshot.term} index=${snapshot.index} chain=${snapshot.chain}`;
  const check = crc32c(body, crc32c(encoder.encode(place)));
  const head = encoder.encode(`<!-- haven ${place} bytes=${body.length} crc32c=${check} -->\n`);
  const bytes = new Uint8Array(head.length + body.length);
  bytes.set(head);
  bytes.set(body, head.length);
  return bytes;
}

/** The snapshot, or a sentence that says why it cannot be trusted. */
export function decodeSnapshot(bytes: Uint8Array): Result<Snapshot, string> {
  const newline = bytes.indexOf(0x0a);
  const head = new TextDecoder().decode(bytes.subarray(0, Math.max(0, newline)));
  const match = /^<!-- haven (format=(\d+) term=(\d+) index=(\d+) chain=(\d+)) bytes=(\d+) crc32c=(\d+) -->$/.exec(
    head,
  );
  if (match === null) return err('its first line is not one of ours');
  const [, place = '', format, term, index, chain, length, check] = match;
  if (Number(format) > storeFormat) {
    return err(`it was written in format ${format} by a newer version (this one reads up to ${storeFormat})`);
  }
  const body = bytes.subarray(newline + 1);
  if (body.length !== Number(length)) return err(`it has ${body.length} of ${length} bytes`);
  if (crc32c(body, crc32c(encoder.encode(place))) !== Number(check)) return err('its checksum does not match');
  return ok({ term: Number(term), index: Number(index), chain: Number(chain), document: decoder.decode(body) });
}
