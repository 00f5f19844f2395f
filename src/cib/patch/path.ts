// The paths by which patches address elements: `/cib/configuration/resources/group[@id='g']/primitive[2]`. Each step is
// a name and, where needed, an id or the position among siblings of that name.
import type { XmlElement, XmlNode } from '../xml/element.ts';

export type PathStep = {
  readonly name: string;
  readonly id: string | undefined;
  /** From 1, among the siblings that have this name (and id, if one is given). */
  readonly nth: number | undefined;
};

/** Undefined for a text that is not of this form. */
export function parsePath(path: string): PathStep[] | undefined {
  const steps: PathStep[] = [];
  const step = /\/([^/[\]@'"\s]+)(?:\[@id=(?:'([^']*)'|"([^"]*)")\])?(?:\[(\d+)\])?/y;
  while (step.lastIndex < path.length) {
    const match = step.exec(path);
    if (match === null) return undefined;
    const [, name = '', single, double, nth] = match;
    steps.push({ name, id: single ?? double, nth: nth === undefined ? undefined : Number(nth) });
  }
  return steps.length === 0 ? undefined : steps;
}

/** The index, among `nodes`, of the element that `step` means; -1 when there is none. `elementOf` sees through drafts. */
export function indexOfStep<T>(nodes: readonly T[], step: PathStep, elementOf: (node: T) => XmlNode): number {
  let left = step.nth ?? 1;
  for (let index = 0; index < nodes.length; index++) {
    const element = elementOf(nodes[index] as T);
    if (element.kind !== 'element' || element.name !== step.name) continue;
    if (step.id !== undefined && element.id !== step.id) continue;
    if (--left === 0) return index;
  }
  return -1;
}

/**
 * What tells an element from its siblings: its name and its id. An id that XPath cannot quote, because it has both kinds
 * of quotes, does not count.
 */
export function keyOf(element: XmlElement): string {
  const { id } = element;
  return id === undefined || (id.includes("'") && id.includes('"')) ? element.name : `${element.name}#${id}`;
}

/** The step for an element that its key alone finds. */
export function stepFor(element: XmlElement): string {
  const { id } = element;
  if (id === undefined || keyOf(element) === element.name) return `/${element.name}`;
  return `/${element.name}[@id=${id.includes("'") ? `"${id}"` : `'${id}'`}]`;
}
