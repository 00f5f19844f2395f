// Reading an XML file that somebody named on the command line.
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { decodeXml, parseXml, type XmlElement } from '../cib/index.ts';
import { CommandFailure, formatDiagnostic } from '../kit/index.ts';

/** 64 nodes with 10,000 resources write 400 MiB, and a string of V8 has 512 at most; a device never ends. */
const bytesMax = 500 * 1024 * 1024;
const bytesPerRead = 1024 * 1024;

/** `-` is standard input. @throws CommandFailure `not-found` with the reason in words, or `config` with the place in the file */
export function readXmlFile(file: string): XmlElement {
  const text = decodeXml(readBytes(file));
  const parsed = text.ok ? parseXml(text.value, { file }) : text;
  if (parsed.ok) return parsed.value;
  const diagnostic = { ...parsed.error, place: { file, ...parsed.error.place } };
  throw new CommandFailure({ kind: 'config', what: formatDiagnostic(diagnostic) });
}

function readBytes(file: string): Uint8Array {
  try {
    return file === '-' ? readFileSync(0) : readBounded(file);
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
