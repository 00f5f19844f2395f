// A document as one number, so that members' documents can be compared after every few messages. Trees share what did not
// change, and what is shared was looked at before: a look costs what changed since the last one.
import type { XmlElement, XmlNode } from '../../cib/index.ts';

/** Who changed the document and when is no part of what it says (as in cib/digest). */
const incidental: ReadonlySet<string> = new Set([
  'cib-last-written',
  'update-origin',
  'update-client',
  'update-user',
  'crm-debug-origin',
]);

const known = new WeakMap<XmlElement, number>();

/** A whole number of 53 bits; documents that say different things have different ones, but for a chance of 2^-53. */
export function fingerprint(element: XmlElement): number {
  const before = known.get(element);
  if (before !== undefined) return before;
  const hash = new Hash();
  hash.text(element.name);
  const { attributePairs } = element;
  attributePairs.forEach((name, at) => {
    if (at % 2 === 1 || incidental.has(name)) return;
    hash.text(name);
    hash.text(attributePairs[at + 1] ?? '');
  });
  hash.number(element.nodes.length);
  for (const node of element.nodes) addNode(hash, node);
  const made = hash.value;
  known.set(element, made);
  return made;
}

function addNode(hash: Hash, node: XmlNode): void {
  if (node.kind !== 'element') return hash.text(`${node.kind} ${node.text}`);
  const inner = fingerprint(node);
  hash.number(inner % 2 ** 32);
  hash.number(Math.floor(inner / 2 ** 32));
}

/** Two multiplicative hashes of 32 bits side by side (the first is FNV-1a by words). */
class Hash {
  #left = 0x811c9dc5;
  #right = 0x9e3779b9;

  get value(): number {
    return (this.#left >>> 0) + (this.#right >>> 11) * 2 ** 32;
  }

  text(text: string): void {
    this.number(text.length);
    for (let at = 0; at < text.length; at++) this.number(text.charCodeAt(at));
  }

  number(word: number): void {
    this.#left = Math.imul(this.#left ^ word, 0x01000193);
    this.#right = Math.imul(this.#right ^ word, 0x85ebca6b);
    this.#right ^= this.#right >>> 13;
  }
}
