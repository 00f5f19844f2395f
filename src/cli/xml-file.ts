// Reading an XML file that somebody named on the command line.
import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { decodeXml, parsePlainPieces, parseXml, type ReadBytes, type XmlElement } from '../cib/index.ts';
import { CommandFailure, formatDiagnostic } from '../kit/index.ts';

/** 64 nodes with 10,000 resources write 400 MiB, and a string of V8 has 512 at most; a device never ends. */
const bytesMax = 500 * 1024 * 1024;
const bytesPerRead = 1024 * 1024;

/** `-` is standard input. @throws CommandFailure `not-found` with the reason in words, or `config` with the place in the file */
export function readXmlFile(file: string): XmlElement {
  if (file !== '-' && readable(file, () => statSync(file)).isFile()) {
    return (
      inPieces(file) ??
      whole(
        file,
        readable(file, () => readBounded(file)),
      )
    );
  }
  const bytes = readable(file, () => (file === '-' ? readFileSync(0) : readBounded(file)));
  return parsePlainPieces(readerOf(bytes)) ?? whole(file, bytes);
}

/** Neither bytes nor text are in memory whole. Undefined for what has to be read whole. */
function inPieces(file: string): XmlElement | undefined {
  const descriptor = readable(file, () => openSync(file, 'r'));
  try {
    let length = 0;
    return parsePlainPieces((into) => {
      const got = readable(file, () => readSync(descriptor, into));
      length += got;
      if (length > bytesMax) throw tooLong(file);
      return got;
    });
  } finally {
    closeSync(descriptor);
  }
}

/** What is wrong with a text is told by who sees all of it. */
function whole(file: string, bytes: Uint8Array): XmlElement {
  const text = decodeXml(bytes);
  const parsed = text.ok ? parseXml(text.value, { file }) : text;
  if (parsed.ok) return parsed.value;
  const diagnostic = { ...parsed.error, place: { file, ...parsed.error.place } };
  throw new CommandFailure({ kind: 'config', what: formatDiagnostic(diagnostic) });
}

function readerOf(bytes: Uint8Array): ReadBytes {
  let at = 0;
  return (into) => {
    const next = bytes.subarray(at, at + into.length);
    into.set(next);
    at += next.length;
    return next.length;
  };
}

function readable<Read>(file: string, read: () => Read): Read {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof CommandFailure) throw cause;
    throw new CommandFailure({ kind: 'not-found', what: `cannot read ${file}`, ...inWords(cause) });
  }
}

function readBounded(file: string): Uint8Array {
  const descriptor = openSync(file, 'r');
  try {
    const parts: Buffer[] = [];
    // A plain file is read at once; what has no size, or grows, in parts.
    let next = Math.max(bytesPerRead, Math.min(fstatSync(descriptor).size, bytesMax) + 1);
    for (let length = 0; ; next = bytesPerRead) {
      const part = Buffer.allocUnsafeSlow(next);
      const got = readSync(descriptor, part);
      if (got === 0) {
        const [first, second] = parts;
        return first !== undefined && second === undefined ? first : Buffer.concat(parts, length);
      }
      parts.push(part.subarray(0, got));
      length += got;
      if (length > bytesMax) throw tooLong(file);
    }
  } finally {
    closeSync(descriptor);
  }
}

function tooLong(file: string): CommandFailure {
  const why = `it goes on after ${bytesMax / 1024 / 1024} MiB, more than any document has`;
  return new CommandFailure({ kind: 'not-found', what: `cannot read ${file}`, why });
}

function inWords(cause: unknown): { readonly why: string; readonly fix?: string } {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  switch (code) {
    case 'EISDIR':
      return { why: 'it is a directory', fix: 'Name a file in it' };
    case 'ENOENT':
      return { why: 'there is no such file' };
    case 'ENOTDIR':
      return { why: 'a part of the path before its last name is no directory' };
    case 'EACCES':
      return { why: 'you are not allowed to', fix: 'Run the command as root, or as a member of its group' };
    default:
      return { why: cause instanceof Error ? cause.message : String(cause) };
  }
}
