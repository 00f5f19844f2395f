// A file in place of the configuration, or of one object of it.
import { serialiseXml, upgradeCib, type XmlElement } from '../../cib/index.ts';
import type { Edit } from '../../controller/index.ts';
import { CommandFailure, formatDiagnostic } from '../../kit/index.ts';

/**
 * An older schema is translated, as the cluster does with its own. The cluster's document goes on naming the schema that it
 * names: the newest only leave out what older ones still allow, and tools of an older generation refuse newer names.
 */
export function replacementOf(element: XmlElement): Edit {
  return { kind: 'replace', xml: serialiseXml(inKnownForm(element)) };
}

function inKnownForm(element: XmlElement): XmlElement {
  if (element.name !== 'cib' || element.get('validate-with') === 'none') return element;
  const upgraded = upgradeCib(element);
  if (upgraded.ok) return upgraded.value.root.with({ 'validate-with': undefined });
  throw new CommandFailure({ kind: 'config', what: formatDiagnostic(upgraded.error) });
}
