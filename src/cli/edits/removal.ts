// Taking a resource out of the configuration, with everything that speaks of it.
import {
  childAt,
  removeElement,
  replaceElement,
  serialiseXml,
  type XmlElement,
  xmlElement,
  xmlIndexOf,
} from '../../cib/index.ts';
import type { Edit } from '../../controller/index.ts';
import { isResource, resourceNamed } from './names.ts';

/**
 * The resource goes with what it holds, a group or clone that would be left empty goes with it, and so do constraints,
 * references in sets and in tags, and fence levels that name what went.
 */
export function removalEdits(cib: XmlElement, id: string): Edit[] {
  const top = outermostEmptied(cib, resourceNamed(cib, id));
  const gone = new Set(idsBelow(top));
  return [...mentionEdits(cib, gone), { kind: 'delete', xml: serialiseXml(xmlElement(top.name, { id: top.id })) }];
}

/** Constraints, references in sets and in tags, and fence levels that name any of these resources go, or name it no longer. */
export function mentionEdits(cib: XmlElement, gone: ReadonlySet<string>): Edit[] {
  const configuration = childAt(cib, 'configuration');
  const holders = [
    configuration?.child('constraints'),
    configuration?.child('tags'),
    configuration?.child('fencing-topology'),
  ];
  return holders.flatMap((holder) => holder?.children ?? []).flatMap((each) => withoutMention(each, gone));
}

/** Every id that would be removed, the resource's own first. */
export function removedWith(cib: XmlElement, id: string): string[] {
  return idsBelow(outermostEmptied(cib, resourceNamed(cib, id)));
}

function outermostEmptied(cib: XmlElement, resource: XmlElement): XmlElement {
  const around = xmlIndexOf(cib).parentOf(resource);
  if (around === undefined || !isResource(around)) return resource;
  return around.children.filter(isResource).length === 1 ? outermostEmptied(cib, around) : resource;
}

function idsBelow(resource: XmlElement): string[] {
  return [resource.id ?? '', ...resource.children.filter(isResource).flatMap(idsBelow)];
}

const mentioningAttributes = ['rsc', 'with-rsc', 'first', 'then'];

function withoutMention(element: XmlElement, gone: ReadonlySet<string>): Edit[] {
  const removal: Edit[] = [{ kind: 'delete', xml: serialiseXml(xmlElement(element.name, { id: element.id })) }];
  if (mentioningAttributes.some((name) => gone.has(element.get(name) ?? ''))) return removal;
  if (element.name === 'fencing-level') return withoutDevices(element, gone, removal);
  const trimmed = withoutReferences(element, gone);
  if (trimmed === element) return [];
  return trimmed.children.some((child) => child.name === 'resource_set' || child.name === 'obj_ref')
    ? [{ kind: 'replace', xml: serialiseXml(trimmed) }]
    : removal;
}

function withoutDevices(level: XmlElement, gone: ReadonlySet<string>, removal: Edit[]): Edit[] {
  const devices = (level.get('devices') ?? '').split(',');
  const left = devices.filter((device) => !gone.has(device.trim()));
  if (left.length === devices.length) return [];
  if (left.length === 0) return removal;
  return [{ kind: 'replace', xml: serialiseXml(level.with({ devices: left.join(',') })) }];
}

/** `resource_ref` in sets and `obj_ref` in tags; a set that is left empty goes too. */
function withoutReferences(element: XmlElement, gone: ReadonlySet<string>): XmlElement {
  let trimmed = element;
  for (const child of element.children) {
    if ((child.name === 'resource_ref' || child.name === 'obj_ref') && gone.has(child.id ?? '')) {
      trimmed = removeElement(trimmed, child);
    } else if (child.name === 'resource_set') {
      const set = withoutReferences(child, gone);
      if (set === child) continue;
      trimmed = set.children.length === 0 ? removeElement(trimmed, child) : replaceElement(trimmed, child, set);
    }
  }
  return trimmed;
}
