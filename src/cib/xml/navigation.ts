// Finding one's way in a finished tree: by name, by id, up to the parent, and the path that a message shows.
import type { XmlElement } from './element.ts';

/** Calls `visit` for an element and everything below it, in document order. */
export function walkXml(element: XmlElement, visit: (element: XmlElement) => void): void {
  visit(element);
  const { children } = element;
  for (let index = 0; index < children.length; index++) walkXml(children[index] as XmlElement, visit);
}

/** Follows child names from `element`: `childAt(cib, 'configuration', 'resources')`. */
export function childAt(element: XmlElement | undefined, ...names: readonly string[]): XmlElement | undefined {
  let current = element;
  for (const name of names) current = current?.child(name);
  return current;
}

const indexes = new WeakMap<XmlElement, XmlIndex>();

/** The index of the tree below `root`: each of its parts is made when first asked for, then kept as long as the tree is. */
export function xmlIndexOf(root: XmlElement): XmlIndex {
  const known = indexes.get(root);
  if (known !== undefined) return known;
  const index = new XmlIndex(root);
  indexes.set(root, index);
  return index;
}

const none: readonly XmlElement[] = [];

/** Elements of one tree by id and by name, and their parents. An element must stand in the tree only once. */
export class XmlIndex {
  readonly root: XmlElement;
  #byId: Map<string, XmlElement[]> | undefined;
  #byName: Map<string, XmlElement[]> | undefined;
  #parents: Map<XmlElement, XmlElement> | undefined;

  constructor(root: XmlElement) {
    this.root = root;
  }

  /** Every element whose `id` attribute is `id`, in document order (references such as `<obj_ref id=…>` included). */
  allById(id: string): readonly XmlElement[] {
    this.#byId ??= listsBy(this.root, (element) => element.id);
    return this.#byId.get(id) ?? none;
  }

  /** Every element of this name, in document order. */
  allNamed(name: string): readonly XmlElement[] {
    this.#byName ??= listsBy(this.root, (element) => element.name);
    return this.#byName.get(name) ?? none;
  }

  /** The element of this name (and id, if given) when there is exactly one in the tree; undefined for none and for several. */
  only(name: string, id?: string): XmlElement | undefined {
    const candidates = id === undefined ? this.allNamed(name) : this.allById(id).filter((each) => each.name === name);
    return candidates.length === 1 ? candidates[0] : undefined;
  }

  /** Undefined for the root and for elements of other trees. */
  parentOf(element: XmlElement): XmlElement | undefined {
    this.#parents ??= parentsIn(this.root);
    return this.#parents.get(element);
  }

  /** The nearest ancestor of this name. */
  ancestorNamed(element: XmlElement, name: string): XmlElement | undefined {
    let above = this.parentOf(element);
    while (above !== undefined && above.name !== name) above = this.parentOf(above);
    return above;
  }

  /** From the root down to `element`, both included. */
  lineageOf(element: XmlElement): XmlElement[] {
    const lineage = [element];
    for (let above = this.parentOf(element); above !== undefined; above = this.parentOf(above)) lineage.unshift(above);
    return lineage;
  }

  /** `/cib/configuration/resources/primitive[@id='vip']`: names the element for people, and finds it again as XPath. */
  pathOf(element: XmlElement): string {
    return this.lineageOf(element)
      .map((each) => `/${each.name}${this.#predicateOf(each)}`)
      .join('');
  }

  #predicateOf(element: XmlElement): string {
    const { id } = element;
    if (id !== undefined) return id.includes("'") ? `[@id="${id}"]` : `[@id='${id}']`;
    const siblings = this.parentOf(element)?.childrenNamed(element.name) ?? none;
    return siblings.length > 1 ? `[${siblings.indexOf(element) + 1}]` : '';
  }
}

function listsBy(root: XmlElement, keyOf: (element: XmlElement) => string | undefined): Map<string, XmlElement[]> {
  const lists = new Map<string, XmlElement[]>();
  walkXml(root, (element) => {
    const key = keyOf(element);
    if (key === undefined) return;
    const known = lists.get(key);
    if (known === undefined) lists.set(key, [element]);
    else known.push(element);
  });
  return lists;
}

function parentsIn(root: XmlElement): Map<XmlElement, XmlElement> {
  const parents = new Map<XmlElement, XmlElement>();
  walkXml(root, (element) => {
    for (const child of element.children) parents.set(child, element);
  });
  return parents;
}
