import { readFileSync } from 'node:fs';
import { parseXml, type XmlElement } from '../../../cib/index.ts';
import { CommandFailure, formatDiagnostic } from '../../../kit/index.ts';

/** `-` is standard input. @throws CommandFailure `not-found`, or `config` with the place in the file */
export function readXmlFile(file: string): XmlElement {
  const parsed = parseXml(readText(file), { file });
  if (parsed.ok) return parsed.value;
  throw new CommandFailure({ kind: 'config', what: formatDiagnostic(parsed.error) });
}

function readText(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CommandFailure({ kind: 'not-found', what: `cannot read ${file}`, why });
  }
}
