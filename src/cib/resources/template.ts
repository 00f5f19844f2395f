// Resource templates: a primitive that names one is the template with the primitive's own settings on top.
// Source: Pacemaker Explained, "Reusing resource definitions".
import { XmlElement, type XmlNode } from '../xml/element.ts';
import type { XmlIndex } from '../xml/navigation.ts';

/** Why a `template` attribute cannot be followed. */
export type TemplateProblem = 'unknown' | 'itself';

/**
 * The effective definition of a resource: itself when it names no template; else the template under the resource's tag
 * and id, followed by the resource's own children (so that, at equal score, its own sets win). Of two `<operations>` the
 * resource's own counts, with the template's operations added that it does not have by name and role.
 */
export function effectiveDefinition(resource: XmlElement, index: XmlIndex): XmlElement | TemplateProblem {
  const name = resource.get('template');
  if (name === undefined) return resource;
  if (name === resource.id) return 'itself';
  const template = index.only('template', name);
  if (template === undefined) return 'unknown';
  const own = resource.child('operations');
  const inherited = template.child('operations');
  const merged = own === undefined || inherited === undefined ? own : withInherited(own, inherited);
  const nodes: XmlNode[] = template.nodes.filter((node) => own === undefined || node !== inherited);
  for (const node of resource.nodes) nodes.push(node === own && merged !== undefined ? merged : node);
  const definition = new XmlElement(resource.name, template.attributePairs, nodes, resource);
  return definition.with({ id: resource.id });
}

function withInherited(own: XmlElement, inherited: XmlElement): XmlElement {
  const present = new Set(own.children.map(operationKey));
  return own.append(...inherited.children.filter((op) => !present.has(operationKey(op))));
}

/** Name and role: the roles in which a resource simply runs are one, and the interval does not count. */
function operationKey(op: XmlElement): string {
  const role = (op.get('role') ?? 'started').toLowerCase();
  const ordinary = ['started', 'unpromoted', 'slave', 'unknown'].includes(role);
  return `${op.get('name') ?? ''}-${ordinary ? 'unknown' : role}`;
}
