// The XML tree of the cluster's document: immutable, ordered, compact. A change makes new elements only along the path
// from the root to the change and shares everything else, so a snapshot is a reference, and two trees that share a
// subtree are known to be equal there without looking (see ../patch).
//
// An element knows its children but not its parent: parents would have to be copied on every change. Ask `xmlIndexOf`
// for parents, paths and ids of one finished tree.

export type XmlText = { readonly kind: 'text'; readonly text: string };
export type XmlComment = { readonly kind: 'comment'; readonly text: string };
export type XmlNode = XmlElement | XmlText | XmlComment;

/** Where an element begins in the file it was read from, both counted from 1; 0 when a program made it. */
export type XmlOrigin = { readonly line: number; readonly column: number };

const madeHere: XmlOrigin = { line: 0, column: 0 };
const noNodes: readonly never[] = [];

export class XmlElement {
  readonly kind = 'element';
  readonly name: string;
  /** Names and values alternate, in document order: a list is smaller than a map, and faster for a handful. */
  readonly attributePairs: readonly string[];
  /** Everything inside: elements, comments, and text that is not mere indentation. */
  readonly nodes: readonly XmlNode[];
  /** The elements inside; the same list as `nodes` unless there are comments or text. */
  readonly children: readonly XmlElement[];
  readonly line: number;
  readonly column: number;

  constructor(
    name: string,
    attributePairs: readonly string[],
    nodes: readonly XmlNode[] = noNodes,
    origin: XmlOrigin = madeHere,
  ) {
    this.name = name;
    this.attributePairs = attributePairs;
    this.nodes = nodes;
    this.children = elementsOf(nodes);
    this.line = origin.line;
    this.column = origin.column;
  }

  /** The value of an attribute, or undefined. */
  get(name: string): string | undefined {
    const pairs = this.attributePairs;
    for (let index = 0; index < pairs.length; index += 2) if (pairs[index] === name) return pairs[index + 1];
    return undefined;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  get id(): string | undefined {
    return this.get('id');
  }

  /** Attributes in document order. */
  *attributes(): Generator<[name: string, value: string]> {
    const pairs = this.attributePairs;
    for (let index = 0; index < pairs.length; index += 2) yield [pairs[index] as string, pairs[index + 1] as string];
  }

  /** The same without an object for each: large documents have a million of them. */
  forEachAttribute(visit: (name: string, value: string) => void): void {
    const pairs = this.attributePairs;
    for (let index = 0; index < pairs.length; index += 2) visit(pairs[index] as string, pairs[index + 1] as string);
  }

  /** The first child element of this name. */
  child(name: string): XmlElement | undefined {
    const { children } = this;
    for (let index = 0; index < children.length; index++) {
      const child = children[index];
      if (child?.name === name) return child;
    }
    return undefined;
  }

  /** The child elements of this name, in document order. */
  childrenNamed(name: string): XmlElement[] {
    return this.children.filter((child) => child.name === name);
  }

  /** This element with attributes set (at their old place, new ones last) or, where the value is undefined, removed. */
  with(changes: Readonly<Record<string, string | undefined>>): XmlElement {
    const pairs: string[] = [];
    for (const [name, value] of this.attributes()) {
      const changed = Object.hasOwn(changes, name) ? changes[name] : value;
      if (changed !== undefined) pairs.push(name, changed);
    }
    for (const [name, value] of Object.entries(changes)) {
      if (value !== undefined && !this.has(name)) pairs.push(name, value);
    }
    return new XmlElement(this.name, pairs, this.nodes, this);
  }

  /** This element with other contents. */
  withNodes(nodes: readonly XmlNode[]): XmlElement {
    return new XmlElement(this.name, this.attributePairs, nodes, this);
  }

  /** This element with `nodes` after its present contents. */
  append(...nodes: readonly XmlNode[]): XmlElement {
    return this.withNodes([...this.nodes, ...nodes]);
  }

  /** This element under another name. */
  renamed(name: string): XmlElement {
    return new XmlElement(name, this.attributePairs, this.nodes, this);
  }
}

/** A new element; attributes whose value is undefined are left out. */
export function xmlElement(
  name: string,
  attributes: Readonly<Record<string, string | undefined>> = {},
  nodes: readonly XmlNode[] = noNodes,
): XmlElement {
  const pairs: string[] = [];
  for (const [attribute, value] of Object.entries(attributes)) if (value !== undefined) pairs.push(attribute, value);
  return new XmlElement(name, pairs, nodes);
}

/** Whether two nodes say the same: names, attributes in order, contents in order. Positions in files do not count. */
export function sameXml(left: XmlNode, right: XmlNode): boolean {
  if (left === right) return true;
  if (left.kind !== 'element' || right.kind !== 'element') {
    return left.kind !== 'element' && right.kind === left.kind && left.text === right.text;
  }
  if (left.name !== right.name || !sameList(left.attributePairs, right.attributePairs)) return false;
  if (left.nodes.length !== right.nodes.length) return false;
  return left.nodes.every((node, index) => sameXml(node, right.nodes[index] as XmlNode));
}

function sameList(left: readonly string[], right: readonly string[]): boolean {
  if (left === right) return true;
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index++) if (left[index] !== right[index]) return false;
  return true;
}

function elementsOf(nodes: readonly XmlNode[]): readonly XmlElement[] {
  for (let index = 0; index < nodes.length; index++) {
    if (nodes[index]?.kind !== 'element') return nodes.filter((each) => each.kind === 'element');
  }
  return nodes as readonly XmlElement[];
}
