// Digests tell whether two documents, or two sets of parameters, are the same without comparing them. The texts that are
// digested are those of Pacemaker's tools (`cibadmin --md5-sum`, `--md5-sum-versioned`, the `op-digest` of a history).
import type { XmlElement } from '../xml/element.ts';
import { escapeAttribute, serialiseWithout, serialiseXml } from '../xml/serialise.ts';
import { md5 } from './md5.ts';

/** The digest of the document as it is kept on disk: every attribute counts. */
export function onDiskDigest(cib: XmlElement): string {
  return md5(` ${serialiseXml(cib, 'compact')}\n`);
}

/** Who changed the document and when is no part of what it says. */
const incidental: ReadonlySet<string> = new Set([
  'cib-last-written',
  'update-origin',
  'update-client',
  'update-user',
  'crm-debug-origin',
]);

/** The digest that patches carry and peers compare. Unlike a patch it costs a look at the whole document. */
export function versionedDigest(cib: XmlElement): string {
  return md5(serialiseWithout(cib, incidental));
}

/** The digest of an operation's parameters, in whatever order they are given. */
export function parametersDigest(parameters: Iterable<readonly [name: string, value: string]>): string {
  const sorted = [...parameters].sort(([left], [right]) => compareBytes(left, right));
  const attributes = sorted.map(([name, value]) => ` ${name}="${escapeAttribute(value)}"`).join('');
  return md5(` <parameters${attributes}/>\n`);
}

/** By code point, which is the order of UTF-8 bytes; comparing strings goes by UTF-16 units, which differs beyond U+D7FF. */
function compareBytes(left: string, right: string): number {
  if (left === right) return 0;
  const [first, second] = [Array.from(left), Array.from(right)];
  for (let index = 0; index < Math.min(first.length, second.length); index++) {
    const difference = (first[index]?.codePointAt(0) ?? 0) - (second[index]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return first.length - second.length;
}
