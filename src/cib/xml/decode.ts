// The characters of an XML file: by its byte order mark, by the encoding that it declares, else UTF-8 (XML 1.0, 4.3.3 and
// appendix F). Bytes that are not of that encoding are a mistake: read as best they can, they would change a name unseen.
import { type Diagnostic, err, ok, type Result } from '../../kit/index.ts';

const declaredEncoding = /^<\?xml\s[^>]*?\bencoding\s*=\s*["']([\w.:-]+)["']/;

/** The text of the file without its byte order mark, or in which line it stops being text. */
export function decodeXml(bytes: Uint8Array): Result<string, Diagnostic> {
  const encoding = encodingOf(bytes);
  const decoder = decoderOf(encoding);
  if (decoder === undefined) {
    const what = `no encoding is known by the name of '${encoding}'`;
    return err({ severity: 'error', place: { line: 1, column: 1 }, what, fix: 'Store the file as UTF-8' });
  }
  try {
    return ok(decoder.decode(bytes));
  } catch {
    return err({
      severity: 'error',
      place: { line: firstWrongLine(bytes, encoding) },
      what: `this is no ${encoding.toUpperCase()} text`,
      fix: `Store the file as UTF-8, or declare its encoding in the first line: <?xml version="1.0" encoding="…"?>`,
    });
  }
}

/** By the first bytes of a file. */
export function encodingOf(bytes: Uint8Array): string {
  const [first, second, third, fourth] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0x3c && second === 0 && third !== 0)) return 'utf-16le';
  if ((first === 0xfe && second === 0xff) || (first === 0 && second === 0x3c && fourth !== 0)) return 'utf-16be';
  const beginning = String.fromCharCode(...bytes.subarray(0, 200));
  const declared = declaredEncoding.exec(beginning)?.[1]?.toLowerCase() ?? 'utf-8';
  // What can be read as single bytes is not UTF-16, whatever it says.
  return declared.startsWith('utf-16') ? 'utf-8' : declared;
}

function decoderOf(encoding: string): InstanceType<typeof TextDecoder> | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true });
  } catch {
    return undefined;
  }
}

function firstWrongLine(bytes: Uint8Array, encoding: string): number {
  if (encoding.startsWith('utf-16')) return 1;
  for (let line = 1, start = 0; start < bytes.length; line++) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline < 0 ? bytes.length : newline + 1;
    try {
      new TextDecoder(encoding, { fatal: true }).decode(bytes.subarray(start, end));
    } catch {
      return line;
    }
    start = end;
  }
  return 1;
}
