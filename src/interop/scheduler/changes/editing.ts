// What every change is made of: finding an element, replacing it, and saying what was done.
import {
  childAt,
  removeElement,
  replaceElement,
  rewriteElements,
  walkXml,
  type XmlElement,
  xmlElement,
} from '../../../cib/index.ts';
import type { Random } from '../../../kit/index.ts';

export type Changed = { readonly cib: XmlElement; readonly what: string };

/** A change that was possible in this document; undefined when there is nothing of its kind to change. */
export type Change = (cib: XmlElement, random: Random) => Changed | undefined;

export type Attributes = Readonly<Record<string, string>>;

export const resourceNames = ['primitive', 'group', 'clone', 'master', 'bundle'] as const;

export function elements(cib: XmlElement, wanted: (element: XmlElement) => boolean): XmlElement[] {
  const found: XmlElement[] = [];
  walkXml(cib, (element) => {
    if (wanted(element)) found.push(element);
  });
  return found;
}

/**
 * As a document in which nobody noted on which node an operation ran. Cancellations are recorded in simulations only; 2.1.5
 * takes them for a sign of life.
 */
export function rewrittenWithoutNodes(cib: XmlElement): XmlElement {
  const rewritten = rewriteElements(cib, (each) => {
    if (each.name !== 'lrm_rsc_op') return each;
    return each.get('operation') === 'cancel' ? undefined : each.with({ on_node: undefined });
  });
  return rewritten ?? cib;
}

export function named(cib: XmlElement, ...names: readonly string[]): XmlElement[] {
  return elements(cib, ({ name }) => names.includes(name));
}

export function section(cib: XmlElement, name: string): XmlElement | undefined {
  return name === 'status' ? childAt(cib, 'status') : childAt(cib, 'configuration', name);
}

export function replaced(cib: XmlElement, target: XmlElement, replacement: XmlElement, what: string): Changed {
  const name = target.id ?? target.get('uname') ?? '';
  return { cib: replaceElement(cib, target, replacement), what: `${target.name} ${name}: ${what}` };
}

export function withAttributes(
  cib: XmlElement,
  target: XmlElement | undefined,
  attributes: Readonly<Record<string, string | undefined>> | undefined,
): Changed | undefined {
  if (target === undefined || attributes === undefined) return undefined;
  return replaced(cib, target, target.with(attributes), JSON.stringify(attributes));
}

export function dropped(cib: XmlElement, target: XmlElement | undefined): Changed | undefined {
  if (target === undefined) return undefined;
  return { cib: removeElement(cib, target), what: `${target.name} ${target.id ?? ''} dropped` };
}

export function appended(cib: XmlElement, parent: XmlElement | undefined, child: XmlElement): Changed | undefined {
  if (parent === undefined) return undefined;
  return replaced(cib, parent, parent.append(child), `${textOf(child)} added`);
}

/** A section of the configuration with one more element; the section is made when it is absent. */
export function addedTo(cib: XmlElement, name: string, child: XmlElement): Changed | undefined {
  const present = section(cib, name);
  if (present !== undefined) return appended(cib, present, child);
  return appended(cib, childAt(cib, 'configuration'), xmlElement(name, {}, [child]));
}

export function nvset(name: string, id: string, values: Attributes, rule?: XmlElement): XmlElement {
  const pairs = Object.entries(values).map(([key, value]) =>
    xmlElement('nvpair', { id: `${id}-${key.replace(/[^\w.-]/g, '.')}`, name: key, value }),
  );
  return xmlElement(name, { id }, rule === undefined ? pairs : [rule, ...pairs]);
}

/** A set of one pair, put before the others of the element: the first set that has a name decides. */
export function withPairFirst(
  target: XmlElement,
  set: string,
  pair: readonly [name: string, value: string],
  random: Random,
): XmlElement {
  const [name, value] = pair;
  return target.withNodes([nvset(set, newId(random), { [name]: value }), ...target.nodes]);
}

export function newId(random: Random): string {
  return `changed-${random.nextUint32()}`;
}

export function choice(random: Random, ...values: readonly string[]): string {
  return random.pick(values) ?? '';
}

/** Some of the attributes, each with one of its values. */
export function someOf(
  random: Random,
  choices: Readonly<Record<string, readonly string[]>>,
  probability: number,
): Attributes {
  return Object.fromEntries(
    Object.entries(choices).flatMap(([name, values]) =>
      random.chance(probability) ? [[name, choice(random, ...values)]] : [],
    ),
  );
}

export function topResources(cib: XmlElement): XmlElement[] {
  const resources = section(cib, 'resources')?.children ?? [];
  return resources.filter(({ name, id }) => id !== undefined && name !== 'template');
}

/** What a constraint may name: mostly a resource at the top, now and then a part of one, a tag or a template. */
export function nameable(cib: XmlElement, random: Random): string | undefined {
  const top = topResources(cib).flatMap(({ id }) => id ?? []);
  if (random.chance(0.85)) return random.pick(top);
  const others = named(section(cib, 'resources') ?? cib, 'primitive', 'group', 'template');
  return random.pick([...others, ...named(cib, 'tag')])?.id;
}

export function memberNodes(cib: XmlElement): XmlElement[] {
  return section(cib, 'nodes')?.children.filter((each) => each.has('uname')) ?? [];
}

function textOf(element: XmlElement): string {
  const attributes = [...element.attributes()].map(([name, value]) => ` ${name}="${value}"`).join('');
  const inside = element.children.map(textOf).join('');
  return inside === ''
    ? `<${element.name}${attributes}/>`
    : `<${element.name}${attributes}>${inside}</${element.name}>`;
}
