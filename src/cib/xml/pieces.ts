// A large file is read piece by piece: neither its bytes nor its text are ever in memory whole, which of a document with a long
// history are more than the tree. Each piece is small enough for the processor's caches, and for V8's young generation.
import { encodingOf } from './decode.ts';
import type { XmlElement } from './element.ts';
import { xmlLimits } from './parse.ts';
import { type NextPiece, scanPlainPieces } from './scan.ts';

/** Writes the next bytes of the file to the beginning of `into`, and says how many; 0 at its end. */
export type ReadBytes = (into: Uint8Array) => number;

const pieceBytes = 48 * 1024;
const endOfTag = 0x3e;

/**
 * The root element of a file that is plain UTF-8 and plain XML, as nearly all are; undefined when it has to be read whole, to
 * find out what it is or what is wrong with it.
 */
export function parsePlainPieces(read: ReadBytes): XmlElement | undefined {
  try {
    return scanPlainPieces(piecesOf(read), xmlLimits);
  } catch (thrown) {
    if (thrown instanceof NotPlain) return undefined;
    throw thrown;
  }
}

class NotPlain extends Error {}

/** Each ends with the last tag that is whole: a character of several bytes is never cut, and rarely anything else. */
function piecesOf(read: ReadBytes): NextPiece {
  const bytes = new Uint8Array(pieceBytes);
  let held = 0;
  let isFirst = true;
  return () => {
    const filled = fill(bytes, held, read);
    if (filled === 0) return undefined;
    const end = filled < bytes.length ? filled : bytes.lastIndexOf(endOfTag, filled - 1) + 1;
    if (end === 0 || (isFirst && encodingOf(bytes.subarray(0, filled)) !== 'utf-8')) throw new NotPlain();
    const text = decoded(bytes.subarray(0, end), isFirst ? 'skipped' : 'a character');
    isFirst = false;
    bytes.copyWithin(0, end, filled);
    held = filled - end;
    return text;
  };
}

/** Up to its end, or the file's. */
function fill(bytes: Uint8Array, held: number, read: ReadBytes): number {
  let filled = held;
  while (filled < bytes.length) {
    const got = read(bytes.subarray(filled));
    if (got === 0) break;
    filled += got;
  }
  return filled;
}

function decoded(bytes: Uint8Array, byteOrderMark: 'skipped' | 'a character'): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: byteOrderMark === 'a character' }).decode(bytes);
  } catch {
    throw new NotPlain();
  }
}
