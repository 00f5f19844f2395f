// Templates: what a primitive that names one is, and which resources come of a template.

import { effectiveDefinition, resolveReference, type XmlElement, xmlIndexOf } from '../../cib/index.ts';
import type { Cluster } from '../model/index.ts';
import { noteMistake } from './cluster.ts';

/** The primitive with its template merged in; undefined when it names itself or no template. */
export function withTemplate(cluster: Cluster, element: XmlElement): XmlElement | undefined {
  const name = element.get('template');
  if (name === undefined) return element;
  const definition = effectiveDefinition(element, xmlIndexOf(cluster.cib));
  if (typeof definition === 'string') {
    const what =
      definition === 'itself' ? `'${name}' names itself as its template` : `the template '${name}' does not exist`;
    noteMistake(cluster, element, what, 'Name another template, or remove the attribute');
    return undefined;
  }
  recordDerived(cluster, name, element.id ?? '');
  return definition;
}

function recordDerived(cluster: Cluster, template: string, id: string): void {
  const derived = cluster.templates.get(template);
  if (derived === undefined) cluster.templates.set(template, [id]);
  else if (!derived.includes(id)) derived.push(id);
}

/** The `operations` element of a definition, followed to where its `id-ref` points. */
export function operationsOf(cluster: Cluster, element: XmlElement): XmlElement | undefined {
  const operations = element.child('operations');
  return operations === undefined ? undefined : resolveReference(operations, xmlIndexOf(cluster.cib));
}
