// Computes the patch between two documents. Shared subtrees are equal without looking, so the cost is that of what
// changed and of the lists around it.
//
// Elements are matched among the contents of matched parents by name and id. What cannot be addressed so (comments, text,
// elements without an id of which there are several) is matched only where it is equal, and deleted and created anew
// where it is not. Of the matched ones a longest run that is already in order stays, the others move.
import { assert, defined } from '../../kit/index.ts';
import { versionedDigest } from '../digest/digest.ts';
import { sameXml, XmlElement, type XmlNode } from '../xml/element.ts';
import type { AttributeChange, Change, Patch } from './patch.ts';
import { keyOf, stepFor } from './path.ts';
import { cibVersionOf } from './version.ts';

/** The patch from one document to another, with their versions. */
export function diffCibs(before: XmlElement, after: XmlElement): Patch {
  const versions = { source: cibVersionOf(before), target: cibVersionOf(after) };
  return { versions, digest: undefined, changes: diffTrees(before, after) };
}

/** The patch, bound to its outcome by a digest: dearer than the patch itself, for it reads all of `after`. */
export function withDigest(patch: Patch, after: XmlElement): Patch {
  return { ...patch, digest: versionedDigest(after) };
}

/** The changes between two trees whose roots have the same name. */
export function diffTrees(before: XmlElement, after: XmlElement): Change[] {
  assert(before.name === after.name, 'trees can be compared when their roots have the same name');
  const found: Found = { deletions: [], others: [] };
  compareElements(before, after, `/${before.name}`, found);
  return [...found.deletions, ...found.others];
}

type Found = { readonly deletions: Change[]; readonly others: Change[] };

function compareElements(before: XmlElement, after: XmlElement, path: string, found: Found): void {
  if (before === after) return;
  compareAttributes(before, after, path, found);
  if (before.nodes === after.nodes) return;
  const partners = matchContents(before.nodes, after.nodes);
  const stays = longestRunInOrder(partners.map((old) => (old === undefined ? -1 : old)));
  const gone = new Set(before.nodes.keys());
  for (const old of partners) if (old !== undefined) gone.delete(old);
  const placed: Change[][] = after.nodes.map((node, position) => {
    const old = partners[position];
    const former = old === undefined ? undefined : before.nodes[old];
    if (old === undefined || former === undefined) return [{ kind: 'create', parent: path, position, node }];
    if (stays.has(position)) return [];
    if (former.kind === 'element' && isAddressable(former, before.nodes, after.nodes)) {
      return [{ kind: 'move', path: `${path}${stepFor(former)}`, position }];
    }
    gone.add(old);
    return [{ kind: 'create', parent: path, position, node }];
  });
  found.deletions.push(...deletions(before, gone, path, after.nodes));
  for (const [position, changes] of placed.entries()) {
    found.others.push(...changes);
    const [node, old] = [after.nodes[position], partners[position]];
    const former = old === undefined ? undefined : before.nodes[old];
    if (node?.kind === 'element' && former?.kind === 'element' && node !== former && !gone.has(old ?? -1)) {
      compareElements(former, node, `${path}${stepFor(former)}`, found);
    }
  }
}

function compareAttributes(before: XmlElement, after: XmlElement, path: string, found: Found): void {
  if (before.attributePairs === after.attributePairs) return;
  const attributes: AttributeChange[] = [];
  for (const [name, value] of after.attributes()) if (before.get(name) !== value) attributes.push({ name, value });
  for (const [name] of before.attributes()) if (!after.has(name)) attributes.push({ name, value: undefined });
  const sameOrder = before.attributePairs.every((part, index) => part === after.attributePairs[index]);
  if (attributes.length === 0 && sameOrder) return;
  found.others.push({ kind: 'modify', path, attributes, result: new XmlElement(after.name, after.attributePairs) });
}

/**
 * From the back where positions address, so that each is still right when its turn comes; else in document order, as
 * people read it.
 */
function deletions(before: XmlElement, gone: ReadonlySet<number>, path: string, after: readonly XmlNode[]): Change[] {
  const ascending = [...gone].sort((left, right) => left - right);
  let byPosition = false;
  const changes = ascending.map((position): Change => {
    const node = defined(before.nodes[position], 'a deleted node was there');
    if (node.kind === 'element' && isAddressable(node, before.nodes, after)) {
      return { kind: 'delete', path: `${path}${stepFor(node)}` };
    }
    byPosition = true;
    if (node.kind !== 'element') return { kind: 'delete', path: `${path}/${node.kind}`, position };
    const namesakes = before.children.filter(({ name }) => name === node.name);
    return { kind: 'delete', path: `${path}/${node.name}[${namesakes.indexOf(node) + 1}]`, position };
  });
  return byPosition ? changes.reverse() : changes;
}

type Siblings = { readonly byKey: Map<string, number>; readonly byName: Map<string, number> };
const counted = new WeakMap<readonly XmlNode[], Siblings>();

function siblingsOf(nodes: readonly XmlNode[]): Siblings {
  const known = counted.get(nodes);
  if (known !== undefined) return known;
  const siblings: Siblings = { byKey: new Map(), byName: new Map() };
  for (const node of nodes) {
    if (node.kind !== 'element') continue;
    const key = keyOf(node);
    siblings.byKey.set(key, (siblings.byKey.get(key) ?? 0) + 1);
    siblings.byName.set(node.name, (siblings.byName.get(node.name) ?? 0) + 1);
  }
  counted.set(nodes, siblings);
  return siblings;
}

/** Whether name and id alone find the element, among its old siblings and among its new ones. */
function isAddressable(element: XmlElement, before: readonly XmlNode[], after: readonly XmlNode[]): boolean {
  const key = keyOf(element);
  const isOne = (nodes: readonly XmlNode[]) => {
    const { byKey, byName } = siblingsOf(nodes);
    return key === element.name ? (byName.get(key) ?? 0) <= 1 : (byKey.get(key) ?? 0) <= 1;
  };
  return isOne(before) && isOne(after);
}

/** How far among equal-looking neighbours a match is searched. */
const neighboursMax = 16;

/** For each new node, the index of the old one it continues. */
function matchContents(before: readonly XmlNode[], after: readonly XmlNode[]): (number | undefined)[] {
  const waiting = new Map<string, number[]>();
  for (const [index, node] of before.entries()) {
    const key = matchingKey(node);
    const list = waiting.get(key);
    if (list === undefined) waiting.set(key, [index]);
    else list.push(index);
  }
  return after.map((node) => {
    const candidates = waiting.get(matchingKey(node)) ?? [];
    const addressable = node.kind === 'element' && isAddressable(node, before, after);
    const at = addressable
      ? candidates.length - 1
      : candidates.slice(0, neighboursMax).findIndex((index) => sameXml(before[index] as XmlNode, node));
    return at < 0 ? undefined : candidates.splice(at, 1)[0];
  });
}

/** An element may be called `comment`, but not `#comment`. */
function matchingKey(node: XmlNode): string {
  return node.kind === 'element' ? keyOf(node) : `#${node.kind}`;
}

/** The positions of a longest strictly increasing subsequence of `values`, leaving out negative values (patience sorting). */
function longestRunInOrder(values: readonly number[]): Set<number> {
  const tails: number[] = [];
  const previous: (number | undefined)[] = [];
  for (const [position, value] of values.entries()) {
    if (value < 0) continue;
    let [low, high] = [0, tails.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((values[tails[middle] ?? 0] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    previous[position] = tails[low - 1];
    tails[low] = position;
  }
  const run = new Set<number>();
  for (let at = tails.at(-1); at !== undefined; at = previous[at]) run.add(at);
  return run;
}
