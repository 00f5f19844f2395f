import { parseXml, type XmlElement } from '../../../cib/index.ts';
import { CommandFailure, formatDiagnostic } from '../../../kit/index.ts';
import { readTextFile } from '../../text-file.ts';

/** `-` is standard input. @throws CommandFailure `not-found`, or `config` with the place in the file */
export function readXmlFile(file: string): XmlElement {
  const parsed = parseXml(readTextFile(file), { file });
  if (parsed.ok) return parsed.value;
  throw new CommandFailure({ kind: 'config', what: formatDiagnostic(parsed.error) });
}
