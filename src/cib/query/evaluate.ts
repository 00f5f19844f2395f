// Evaluates XPath on an indexed tree. Nodes are elements and attributes; the results of a path are in document order.
import type { XmlElement } from '../xml/element.ts';
import type { XmlIndex } from '../xml/navigation.ts';
import { anyNode, type Comparison, type Expression, type Step } from './expression.ts';

export type XmlAttribute = {
  readonly kind: 'attribute';
  readonly owner: XmlElement;
  readonly name: string;
  readonly value: string;
};

/** The tree itself, above its root element. */
type Top = { readonly kind: 'top'; readonly children: readonly XmlElement[] };
type Node = XmlElement | XmlAttribute | Top;
type Value = readonly Node[] | string | number | boolean;
type Here = { readonly node: Node; readonly position: number; readonly size: number };

/** Looked at more nodes than a query may: it would take too long. */
export class QueryTooCostly extends Error {}

export class Evaluation {
  readonly #index: XmlIndex;
  readonly #top: Top;
  #visitsLeft: number;
  #order: Map<XmlElement, number> | undefined;

  constructor(index: XmlIndex, visitsMax: number) {
    this.#index = index;
    this.#top = { kind: 'top', children: [index.root] };
    this.#visitsLeft = visitsMax;
  }

  /** What the expression selects; a value that is no selection selects nothing. */
  select(expression: Expression): (XmlElement | XmlAttribute)[] {
    const value = this.#value(expression, { node: this.#top, position: 1, size: 1 });
    return Array.isArray(value) ? value.filter((node) => node.kind !== 'top') : [];
  }

  #value(expression: Expression, here: Here): Value {
    switch (expression.kind) {
      case 'literal':
      case 'number':
        return expression.value;
      case 'or':
        return expression.parts.some((part) => truth(this.#value(part, here)));
      case 'and':
        return expression.parts.every((part) => truth(this.#value(part, here)));
      case 'union':
        return this.#inOrder(expression.parts.flatMap((part) => nodesIn(this.#value(part, here))));
      case 'filter':
        return this.#filtered(nodesIn(this.#value(expression.of, here)), expression.predicates);
      case 'compare':
        return compare(expression.how, this.#value(expression.left, here), this.#value(expression.right, here));
      case 'call':
        return this.#call(expression, here);
      case 'path':
        return this.#path(expression, here);
    }
  }

  #path({ from, steps }: Expression & { readonly kind: 'path' }, here: Here): readonly Node[] {
    let nodes: readonly Node[];
    if (from === 'root') nodes = [this.#top];
    else nodes = from === 'here' ? [here.node] : nodesIn(this.#value(from, here));
    for (let at = 0; at < steps.length; at++) {
      const [step, after] = [steps[at] as Step, steps[at + 1]];
      // `//name`: only parents of elements of that name need be looked at, and the index knows them.
      const shortcut = nodes[0] === this.#top && isAnyDescendant(step) && after?.axis === 'child' && after.name !== '*';
      nodes = shortcut ? this.#parentsOf(after.name) : this.#step(nodes, step);
    }
    return nodes;
  }

  #parentsOf(name: string): Node[] {
    const parents = new Set<Node>();
    for (const element of this.#index.allNamed(name)) parents.add(this.#index.parentOf(element) ?? this.#top);
    return [...parents];
  }

  #step(nodes: readonly Node[], step: Step): readonly Node[] {
    const results = nodes.map((node) => this.#filtered(this.#along(node, step), step.predicates));
    // Positions on the ancestor axis count away from the node; what it selects is in document order like any other.
    if (results.length === 1 && step.axis !== 'ancestor') return results[0] as Node[];
    return this.#inOrder(results.flat());
  }

  #filtered(candidates: readonly Node[], predicates: readonly Expression[]): readonly Node[] {
    let left = candidates;
    for (const predicate of predicates) {
      const size = left.length;
      left = left.filter((node, index) => {
        const value = this.#value(predicate, { node, position: index + 1, size });
        return typeof value === 'number' ? value === index + 1 : truth(value);
      });
    }
    return left;
  }

  /** In the order in which positions count: away from the node. */
  #along(node: Node, { axis, name }: Step): readonly Node[] {
    if (axis === 'attribute') return this.#attributes(node, name);
    const elements: Node[] = [];
    const add = (candidate: Node) => {
      if (--this.#visitsLeft < 0) throw new QueryTooCostly('the query looks at too many elements');
      const fits = candidate.kind === 'element' && (name === '*' || candidate.name === name);
      if (fits || name === anyNode) elements.push(candidate);
    };
    switch (axis) {
      case 'self':
        add(node);
        break;
      case 'child':
        for (const child of childrenOf(node)) add(child);
        break;
      case 'descendant-or-self':
        add(node);
        this.#descend(node, add);
        break;
      case 'descendant':
        this.#descend(node, add);
        break;
      case 'parent':
      case 'ancestor':
        for (let above = this.#parentOf(node); above !== undefined; above = this.#parentOf(above)) {
          add(above);
          if (axis === 'parent') break;
        }
        break;
    }
    return elements;
  }

  #descend(node: Node, add: (node: Node) => void): void {
    for (const child of childrenOf(node)) {
      add(child);
      this.#descend(child, add);
    }
  }

  #parentOf(node: Node): Node | undefined {
    if (node.kind === 'attribute') return node.owner;
    if (node.kind === 'top') return undefined;
    return this.#index.parentOf(node) ?? this.#top;
  }

  #attributes(node: Node, name: string): XmlAttribute[] {
    if (node.kind !== 'element') return [];
    if (name !== '*') {
      const value = node.get(name);
      return value === undefined ? [] : [{ kind: 'attribute', owner: node, name, value }];
    }
    return [...node.attributes()].map(([each, value]) => ({ kind: 'attribute', owner: node, name: each, value }));
  }

  #call({ name, values }: Expression & { readonly kind: 'call' }, here: Here): Value {
    const given = values.map((value) => this.#value(value, here));
    const first = given[0] ?? [here.node];
    const second = given[1] ?? '';
    switch (name) {
      case 'position':
        return here.position;
      case 'last':
        return here.size;
      case 'not':
        return !truth(first);
      case 'id':
        return this.#withIds(first);
      case 'count':
        return nodesIn(first).length;
      case 'name':
      case 'local-name': {
        const [node] = nodesIn(first);
        return node === undefined || node.kind === 'top' ? '' : node.name;
      }
      case 'contains':
        return text(first).includes(text(second));
      case 'starts-with':
        return text(first).startsWith(text(second));
      case 'string-length':
        return Array.from(text(first)).length;
      case 'normalize-space':
        return text(first).trim().replace(/\s+/g, ' ');
      case 'concat':
        return given.map(text).join('');
      case 'string':
        return text(first);
      case 'number':
        return numeric(first);
      case 'boolean':
        return truth(first);
      case 'true':
        return true;
      case 'false':
        return false;
    }
  }

  /** `id('a b')`: the elements that carry one of these ids; references, which also say `id`, do not count. */
  #withIds(value: Value): readonly Node[] {
    const texts = Array.isArray(value) ? value.map(textOfNode) : [text(value)];
    const ids = texts.flatMap((each) => each.split(/\s+/)).filter((id) => id !== '');
    const found = ids.flatMap((id) => this.#index.allById(id).find(({ name }) => !references.has(name)) ?? []);
    return this.#inOrder(found);
  }

  /** Each node once, in document order. */
  #inOrder(nodes: readonly Node[]): readonly Node[] {
    if (nodes.length < 2) return nodes;
    const distinct = [...new Set(nodes)];
    const order = this.#documentOrder();
    const rank = (node: Node) =>
      node.kind === 'top' ? -1 : (order.get(node.kind === 'element' ? node : node.owner) ?? 0);
    let previous = Number.NEGATIVE_INFINITY;
    const sorted = distinct.every((node) => {
      const inOrder = rank(node) >= previous;
      previous = rank(node);
      return inOrder;
    });
    return sorted ? distinct : distinct.sort((left, right) => rank(left) - rank(right));
  }

  #documentOrder(): Map<XmlElement, number> {
    if (this.#order !== undefined) return this.#order;
    const order = new Map<XmlElement, number>();
    const number = (element: XmlElement) => {
      order.set(element, order.size);
      element.children.forEach(number);
    };
    number(this.#index.root);
    this.#order = order;
    return order;
  }
}

const references: ReadonlySet<string> = new Set(['obj_ref', 'resource_ref', 'role_ref', 'role']);

function isAnyDescendant({ axis, name, predicates }: Step): boolean {
  return axis === 'descendant-or-self' && name === anyNode && predicates.length === 0;
}

function childrenOf(node: Node): readonly XmlElement[] {
  return node.kind === 'attribute' ? [] : node.children;
}

function nodesIn(value: Value): readonly Node[] {
  return Array.isArray(value) ? value : [];
}

function truth(value: Value): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

function text(value: Value): string {
  if (!Array.isArray(value)) return String(value);
  return value[0] === undefined ? '' : textOfNode(value[0]);
}

function numeric(value: Value): number {
  if (typeof value === 'number' || typeof value === 'boolean') return Number(value);
  const trimmed = text(value).trim();
  return /^-?(?:\d+\.?\d*|\.\d+)$/.test(trimmed) ? Number(trimmed) : Number.NaN;
}

function textOfNode(node: Node): string {
  if (node.kind === 'attribute') return node.value;
  if (node.kind === 'top') return node.children.map(textOfNode).join('');
  return node.nodes
    .map((inner) => (inner.kind === 'text' ? inner.text : inner.kind === 'element' ? textOfNode(inner) : ''))
    .join('');
}

/** A selection compares as any of its nodes does (XPath 1.0 §3.4). */
function compare(how: Comparison, left: Value, right: Value): boolean {
  if (Array.isArray(left) && typeof right !== 'boolean')
    return left.some((node) => compare(how, textOfNode(node), right));
  if (Array.isArray(right) && typeof left !== 'boolean')
    return right.some((node) => compare(how, left, textOfNode(node)));
  if (how === '=' || how === '!=') return equal(left, right) === (how === '=');
  const [first, second] = [
    numeric(Array.isArray(left) ? truth(left) : left),
    numeric(Array.isArray(right) ? truth(right) : right),
  ];
  switch (how) {
    case '<':
      return first < second;
    case '<=':
      return first <= second;
    case '>':
      return first > second;
    case '>=':
      return first >= second;
  }
}

function equal(left: Value, right: Value): boolean {
  if (typeof left === 'boolean' || typeof right === 'boolean') return truth(left) === truth(right);
  if (typeof left === 'number' || typeof right === 'number') return numeric(left) === numeric(right);
  return text(left) === text(right);
}
