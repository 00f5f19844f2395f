// Finding what the administrator named in the document, and saying which names there are when it is not there.
import { unknownName as unknownFailure } from '../../api/index.ts';
import { childAt, type XmlElement, xmlIndexOf } from '../../cib/index.ts';
import { CommandFailure } from '../../kit/index.ts';

const resourceNames: ReadonlySet<string> = new Set(['primitive', 'group', 'clone', 'master', 'bundle']);

export function isResource(element: XmlElement): boolean {
  return resourceNames.has(element.name);
}

/** Every configured resource, collections before what they hold. */
export function resourcesIn(cib: XmlElement): XmlElement[] {
  const found: XmlElement[] = [];
  const visit = (element: XmlElement) => {
    if (isResource(element)) found.push(element);
    element.children.forEach(visit);
  };
  childAt(cib, 'configuration', 'resources')?.children.forEach(visit);
  return found;
}

/** The resource of this id. @throws CommandFailure `not-found`, with the nearest name */
export function resourceNamed(cib: XmlElement, id: string): XmlElement {
  const resources = resourcesIn(cib);
  const found = resources.find((resource) => resource.id === id);
  if (found !== undefined) return found;
  throw unknownName(`there is no resource '${id}'`, id, idsOf(resources));
}

/** A resource, or a tag that stands for several: constraints speak of both. @throws CommandFailure `not-found`, with the nearest name */
export function constrainedNamed(cib: XmlElement, id: string): XmlElement {
  const tags = childAt(cib, 'configuration', 'tags')?.childrenNamed('tag') ?? [];
  return tags.find((tag) => tag.id === id) ?? resourceNamed(cib, id);
}

/** The configured node of this name. @throws CommandFailure `not-found`, with the nearest name */
export function nodeNamed(cib: XmlElement, name: string): XmlElement {
  const nodes = childAt(cib, 'configuration', 'nodes')?.childrenNamed('node') ?? [];
  const found = nodes.find((node) => node.get('uname') === name);
  if (found !== undefined) return found;
  const names = nodes.flatMap((node) => node.get('uname') ?? []);
  throw unknownName(`there is no node '${name}'`, name, names);
}

/** @throws CommandFailure `exists` when the id is taken by anything in the configuration */
export function assertFreeId(cib: XmlElement, id: string): void {
  const holder = xmlIndexOf(cib).allById(id)[0];
  if (holder === undefined) return;
  const where = xmlIndexOf(cib).pathOf(holder);
  throw new CommandFailure({
    kind: 'exists',
    what: `the id '${id}' is taken`,
    why: `by ${where}`,
    fix: 'Choose another',
  });
}

/** XML ids (NCName): a letter or `_` first; no spaces, colons or slashes. @throws CommandFailure `usage` */
export function assertIdForm(id: string): void {
  if (/^[A-Za-z_][\w.-]*$/.test(id)) return;
  const fix = 'Begin it with a letter or _, and use letters, digits, ., - and _ only';
  throw new CommandFailure({ kind: 'usage', what: `'${id}' cannot be an id`, fix });
}

/** An id made of other texts, with what an id may not hold replaced as the standard tools do. */
export function sanitizedId(text: string): string {
  const safe = text.replaceAll(/[^\w.-]/g, '.');
  return /^[A-Za-z_]/.test(safe) ? safe : `_${safe}`;
}

/** The wanted id, or the first of `wanted-1`, `wanted-2`, … that nothing in the configuration has; `taken` are not free either. */
export function freeId(cib: XmlElement, wanted: string, taken: ReadonlySet<string> = new Set()): string {
  const index = xmlIndexOf(cib);
  for (let number = 0; ; number++) {
    const id = number === 0 ? wanted : `${wanted}-${number}`;
    if (index.allById(id).length === 0 && !taken.has(id)) return id;
  }
}

/** What is wrong, with the nearest of the names there are, or with all of them when they are few. */
export function unknownName(what: string, name: string, names: readonly string[]): CommandFailure {
  return new CommandFailure(unknownFailure(what, name, names));
}

function idsOf(elements: readonly XmlElement[]): string[] {
  return elements.flatMap((element) => element.id ?? []);
}
