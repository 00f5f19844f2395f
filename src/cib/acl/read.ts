// What a subject sees of a document.
import type { XmlElement, XmlNode } from '../xml/element.ts';
import { AccessMap, type Acl } from './acl.ts';

/**
 * The document without what the subject may not see; undefined when nothing is left. Elements that are only on the way
 * to something visible keep their name and id, so that paths stay right.
 */
export function visiblePart(cib: XmlElement, acl: Acl): XmlElement | undefined {
  return acl === 'everything' ? cib : filtered(cib, new AccessMap(cib, acl.permissions));
}

function filtered(element: XmlElement, map: AccessMap): XmlElement | undefined {
  const isVisible = map.accessTo(element) !== 'deny';
  const nodes: XmlNode[] = [];
  for (const node of element.nodes) {
    const kept = node.kind === 'element' ? filtered(node, map) : isVisible ? node : undefined;
    if (kept !== undefined) nodes.push(kept);
  }
  if (!isVisible && nodes.length === 0) return undefined;
  const same = nodes.length === element.nodes.length && nodes.every((node, index) => node === element.nodes[index]);
  const inner = same ? element : element.withNodes(nodes);
  if (isVisible) return inner;
  const hidden = [...inner.attributes()].filter(([name]) => name !== 'id').map(([name]) => [name, undefined] as const);
  return inner.with(Object.fromEntries(hidden));
}
