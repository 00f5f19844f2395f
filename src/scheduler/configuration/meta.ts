// Where a resource's meta-attributes, instance attributes and utilization come from.

import { parseInteger, type ResourceAgent, type XmlElement, xmlIndexOf } from '../../cib/index.ts';
import type { Cluster, ClusterNode, Resource } from '../model/index.ts';
import { plainContext } from './cluster.ts';
import { addValues, hasRules, type ValueContext, valuesOf } from './nvset.ts';

export function agentOf(element: XmlElement): ResourceAgent {
  return { class: element.get('class'), provider: element.get('provider'), type: element.get('type') };
}

/** As `context`, with more that rules may ask about. */
export function contextWith(context: ValueContext, rules: Partial<ValueContext['rules']>): ValueContext {
  const { index, noteChange } = context;
  return { index, noteChange, rules: { ...context.rules, ...rules } };
}

export type MetaSource = {
  readonly element: XmlElement;
  readonly parent: Resource | undefined;
  /** Given to the instances of a clone. */
  readonly extra: Readonly<Record<string, string>>;
};

/**
 * Meta-attributes, strongest source first: attributes of the element itself, its own sets, the sets of its ancestors from
 * the nearest on, `rsc_defaults`, and at last whatever its parent has by other means.
 */
export function resourceMeta(cluster: Cluster, { element, parent, extra }: MetaSource): Map<string, string> {
  const meta = new Map<string, string>(Object.entries(extra));
  element.forEachAttribute((name, value) => {
    if (value.toLowerCase() !== '#default' && !meta.has(name)) meta.set(name, value);
  });
  const context: ValueContext =
    element.name === 'primitive'
      ? contextWith(plainContext(cluster), { resource: agentOf(element) })
      : plainContext(cluster);
  addValues(meta, { parent: element, setName: 'meta_attributes' }, context);
  for (let above = parent; above !== undefined; above = above.parent) {
    addMissing(meta, valuesOf(above.xml, 'meta_attributes', context));
  }
  // Read into the same table: a `#default` there removes what the resource or its ancestors say.
  const defaults = xmlIndexOf(cluster.cib).only('rsc_defaults');
  if (defaults !== undefined) addValues(meta, { parent: defaults, setName: 'meta_attributes' }, context);
  if (parent !== undefined) addMissing(meta, parent.meta);
  return meta;
}

function addMissing(values: Map<string, string>, more: ReadonlyMap<string, string>): void {
  more.forEach((value, name) => {
    if (!values.has(name)) values.set(name, value);
  });
}

/** Values of `op_defaults`, computed once where no rule can tell operations apart. */
export function operationDefaults(cluster: Cluster, contextOf: () => ValueContext): ReadonlyMap<string, string> {
  const { caches } = cluster;
  if (caches.operationDefaults !== undefined) return caches.operationDefaults;
  const context = contextOf();
  const section = xmlIndexOf(cluster.cib).only('op_defaults');
  const values = valuesOf(section, 'meta_attributes', context);
  if (section === undefined || !hasRules(section, 'meta_attributes', context)) caches.operationDefaults = values;
  return values;
}

const anyNode = -1;

/** Instance attributes of a resource as they are on `node` (or where no node is meant): own sets, then its ancestors'. */
export function parametersOf(
  cluster: Cluster,
  resource: Resource,
  node: ClusterNode | undefined,
): ReadonlyMap<string, string> {
  let known = cluster.caches.parameters.get(resource);
  if (known === undefined) {
    known = new Map();
    cluster.caches.parameters.set(resource, known);
  }
  const key = dependsOnNode(cluster, resource) ? (node?.index ?? anyNode) : anyNode;
  const cached = known.get(key);
  if (cached !== undefined) return cached;
  const values = readParameters(cluster, resource, node);
  known.set(key, values);
  return values;
}

function dependsOnNode(cluster: Cluster, resource: Resource): boolean {
  const context = plainContext(cluster);
  for (let each: Resource | undefined = resource; each !== undefined; each = each.parent) {
    if (hasRules(each.xml, 'instance_attributes', context)) return true;
  }
  return false;
}

function readParameters(cluster: Cluster, resource: Resource, node: ClusterNode | undefined): Map<string, string> {
  const context: ValueContext =
    node === undefined
      ? plainContext(cluster)
      : contextWith(plainContext(cluster), { nodeAttribute: (name) => node.attributes.get(name) });
  const values = new Map<string, string>();
  for (let each: Resource | undefined = resource; each !== undefined; each = each.parent) {
    addValues(values, { parent: each.xml, setName: 'instance_attributes' }, context);
  }
  return values;
}

export function readUtilization(cluster: Cluster, element: XmlElement): Map<string, number> {
  const values = valuesOf(element, 'utilization', plainContext(cluster));
  return new Map([...values].map(([name, value]) => [name, parseInteger(value) ?? 0]));
}
