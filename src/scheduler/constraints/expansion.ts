// Templates and tags in constraints: where one is named, all it stands for is meant.

import { resolveReference, type XmlElement, xmlElement, xmlIndexOf } from '../../cib/index.ts';
import { noteMistake } from '../configuration/cluster.ts';
import { findResource, topOf } from '../configuration/tree.ts';
import type { Cluster, Resource } from '../model/index.ts';

/** The resource a constraint names; one that history knows under that name stands for its clone. */
export function constrainedResource(cluster: Cluster, name: string | undefined): Resource | undefined {
  if (name === undefined) return undefined;
  const found = findResource(cluster, name);
  return found === undefined || found.id === name ? found : topOf(found);
}

/** As `constrainedResource`; notes the mistake when there is none. */
export function requiredResource(
  cluster: Cluster,
  element: XmlElement,
  name: string | undefined,
): Resource | undefined {
  const resource = constrainedResource(cluster, name);
  if (resource === undefined) {
    noteMistake(cluster, element, `the constraint '${element.id}' names '${name}', which is no resource`);
  }
  return resource;
}

/** What a name stands for: itself, or what is derived from the template, or tagged. Undefined: nothing. */
function namedBy(cluster: Cluster, name: string): readonly string[] | undefined {
  if (findResource(cluster, name) !== undefined) return [name];
  return membersOf(cluster, name);
}

function membersOf(cluster: Cluster, name: string): readonly string[] | undefined {
  const members = cluster.templates.get(name) ?? cluster.tags.get(name);
  return members === undefined || members.length === 0 ? undefined : members;
}

/** The sets of a constraint, references followed. */
export function setsOf(cluster: Cluster, element: XmlElement): XmlElement[] {
  return element
    .childrenNamed('resource_set')
    .map((set) => resolveReference(set, xmlIndexOf(cluster.cib)))
    .filter((set) => set !== undefined);
}

/** One side of a constraint without sets, and the attributes that move to the set it turns into. */
export type Side = {
  readonly attribute: string;
  readonly moved: Readonly<Record<string, string>>;
};

/**
 * The constraint with every template and tag replaced by its members. A name that means nothing leaves the whole
 * constraint as it is; what reads it then reports the name.
 */
export function expandConstraint(
  cluster: Cluster,
  element: XmlElement,
  sides: readonly Side[],
): XmlElement | undefined {
  const sets = setsOf(cluster, element);
  if (sets.length > 0) return expandSets(cluster, element, sets);
  const collective = sides.filter((side) => isCollective(cluster, element.get(side.attribute)));
  if (collective.length === 0) return element;
  if (element.name === 'rsc_colocation' && collective.length > 1) {
    noteMistake(cluster, element, `the colocation '${element.id}' has a template or tag on both sides`);
    return undefined;
  }
  const given = sides.filter((side) => element.get(side.attribute) !== undefined);
  const converted = sides.length > 1 ? given : collective;
  const generated = converted.map((side) => generatedSet(cluster, element, side));
  const removed = converted.flatMap((side) => [side.attribute, ...Object.keys(side.moved)]);
  const changes = Object.fromEntries(removed.map((name) => [name, undefined]));
  return element.with(changes).append(...generated);
}

function isCollective(cluster: Cluster, name: string | undefined): boolean {
  return name !== undefined && findResource(cluster, name) === undefined && membersOf(cluster, name) !== undefined;
}

function generatedSet(cluster: Cluster, element: XmlElement, side: Side): XmlElement {
  const name = element.get(side.attribute) ?? '';
  const members = namedBy(cluster, name) ?? [name];
  const isPlain = !isCollective(cluster, name);
  const attributes: Record<string, string | undefined> = {
    id: isPlain ? `${element.id}-${name}` : name,
    sequential: isPlain ? undefined : 'false',
  };
  for (const [from, to] of Object.entries(side.moved)) attributes[to] = element.get(from);
  return xmlElement('resource_set', attributes, members.map(referenceTo));
}

function referenceTo(id: string): XmlElement {
  return xmlElement('resource_ref', { id });
}

function expandSets(cluster: Cluster, element: XmlElement, sets: readonly XmlElement[]): XmlElement {
  const expanded: XmlElement[] = [];
  for (const set of sets) {
    const members: XmlElement[] = [];
    for (const reference of set.childrenNamed('resource_ref')) {
      const name = reference.id ?? '';
      const names = resourcesBehind(cluster, name, new Set());
      if (names === undefined) return withSets(element, sets);
      members.push(...(names.length === 1 && names[0] === name ? [reference] : names.map(referenceTo)));
    }
    expanded.push(set.withNodes([...set.nodes.filter((node) => !isReference(node)), ...members]));
  }
  return withSets(element, expanded);
}

/** What a name in a set stands for, tags of tags included; undefined where anything in it is no resource, or is itself. */
function resourcesBehind(cluster: Cluster, name: string, open: ReadonlySet<string>): readonly string[] | undefined {
  if (findResource(cluster, name) !== undefined) return [name];
  const members = open.has(name) ? undefined : membersOf(cluster, name);
  if (members === undefined) return undefined;
  const within = new Set(open).add(name);
  const resources: string[] = [];
  for (const member of members) {
    const behind = resourcesBehind(cluster, member, within);
    if (behind === undefined) return undefined;
    resources.push(...behind);
  }
  return resources;
}

function isReference(node: XmlElement['nodes'][number]): boolean {
  return node.kind === 'element' && node.name === 'resource_ref';
}

function withSets(element: XmlElement, sets: readonly XmlElement[]): XmlElement {
  const others = element.children.filter((child) => child.name !== 'resource_set');
  return element.withNodes([...others, ...sets]);
}

/** The resources a set names, in order; ends before the first that does not exist. */
export function membersOfSet(cluster: Cluster, constraint: XmlElement, set: XmlElement): Resource[] {
  const members: Resource[] = [];
  for (const reference of set.childrenNamed('resource_ref')) {
    const resource = requiredResource(cluster, constraint, reference.id);
    if (resource === undefined) break;
    members.push(resource);
  }
  return members;
}
