// Objects of a section that a document may not have yet: acls, alerts, tags, fencing-topology.
import { childAt, serialiseXml, type XmlElement, xmlElement } from '../../cib/index.ts';
import type { Edit } from '../../controller/index.ts';
import { CommandFailure } from '../../kit/index.ts';
import { unknownName } from './names.ts';

export type Section = 'acls' | 'alerts' | 'tags' | 'fencing-topology';

export function objectsIn(cib: XmlElement, section: Section): readonly XmlElement[] {
  return childAt(cib, 'configuration', section)?.children ?? [];
}

/** At the end of the section, which is made when there is none. */
export function additions(cib: XmlElement, section: Section, objects: readonly XmlElement[]): Edit[] {
  if (objects.length === 0) return [];
  if (childAt(cib, 'configuration', section) !== undefined)
    return objects.map((object) => ({ kind: 'create', section, xml: serialiseXml(object) }));
  return [{ kind: 'create', section: 'configuration', xml: serialiseXml(xmlElement(section, {}, objects)) }];
}

export function removalOf({ name, id }: XmlElement): Edit {
  return { kind: 'delete', xml: serialiseXml(xmlElement(name, { id })) };
}

export function replacementBy(object: XmlElement): Edit {
  return { kind: 'replace', xml: serialiseXml(object) };
}

/** The object of this id. @throws CommandFailure `not-found`, with the nearest name; `what`: "no alert" */
export function objectNamed(objects: readonly XmlElement[], id: string, what: string): XmlElement {
  const found = objects.find((each) => each.id === id);
  if (found !== undefined) return found;
  const ids = objects.flatMap((each) => each.id ?? []);
  if (ids.length > 0) throw unknownName(`there is ${what} '${id}'`, id, ids);
  throw new CommandFailure({ kind: 'not-found', what: `there is ${what} '${id}', and no other` });
}
