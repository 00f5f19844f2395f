import { serialiseXml, upgradeCib, type XmlElement } from '../../../cib/index.ts';
import type { Edit } from '../../../controller/index.ts';
import { CommandFailure, formatDiagnostic } from '../../../kit/index.ts';
import { type ChangeFlags, ClusterSession } from '../../cluster/session.ts';
import { readXmlFile } from '../../xml-file.ts';

export async function replace(flags: ChangeFlags, file: string): Promise<void> {
  const edit = replacementOf(readXmlFile(file));
  const session = new ClusterSession();
  const document = await session.document();
  const done = `the document now is as ${file} says`;
  await session.change(flags, { document, edits: [edit], done, unchanged: done });
}

/** The whole configuration, or one object of it; an older schema is translated, as the cluster does with its own. */
export function replacementOf(element: XmlElement): Edit {
  return { kind: 'replace', xml: serialiseXml(inKnownForm(element)) };
}

export async function patch(flags: ChangeFlags, file: string): Promise<void> {
  const xml = serialiseXml(readXmlFile(file));
  const session = new ClusterSession();
  const document = await session.document();
  const done = `${file} is applied`;
  await session.change(flags, { document, edits: [{ kind: 'patch', xml }], done, unchanged: done });
}

function inKnownForm(element: XmlElement): XmlElement {
  if (element.name !== 'cib') return element;
  const upgraded = upgradeCib(element);
  if (upgraded.ok) return upgraded.value.root;
  throw new CommandFailure({ kind: 'config', what: formatDiagnostic(upgraded.error) });
}
