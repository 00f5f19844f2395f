// Tree to XML text, in the formatting of the cluster tools: two spaces a level, one element a line, `<a/>` when empty.
import type { XmlElement, XmlNode } from './element.ts';

export type XmlLayout =
  | 'indented' // two spaces a level, one element a line, a newline at the end
  | 'compact'; // no white space that was not there

/** The XML text of an element (without declaration). */
export function serialiseXml(element: XmlElement, layout: XmlLayout = 'indented'): string {
  const out: string[] = [];
  if (layout === 'compact') writeCompact(element, out, noNames);
  else writeIndented(element, '', out);
  return out.join('');
}

/** The compact text without the attributes of some names, wherever they are. */
export function serialiseWithout(element: XmlElement, omitted: ReadonlySet<string>): string {
  const out: string[] = [];
  writeCompact(element, out, omitted);
  return out.join('');
}

const noNames: ReadonlySet<string> = new Set();

/** The XML text of a whole document as a file holds it: indented, ending in a newline. */
export function serialiseXmlDocument(element: XmlElement): string {
  return `<?xml version="1.0"?>\n${serialiseXml(element)}`;
}

function writeIndented(node: XmlNode, indent: string, out: string[]): void {
  if (node.kind === 'text') {
    out.push(indent, escapeText(node.text), '\n');
  } else if (node.kind === 'comment') {
    out.push(indent, '<!--', node.text, '-->\n');
  } else if (node.nodes.length === 0) {
    out.push(indent, startTag(node, noNames), '/>\n');
  } else if (node.nodes.some(({ kind }) => kind === 'text')) {
    // White space beside text would be part of it when read again.
    out.push(indent);
    writeCompact(node, out, noNames);
    out.push('\n');
  } else {
    out.push(indent, startTag(node, noNames), '>\n');
    for (const inner of node.nodes) writeIndented(inner, `${indent}  `, out);
    out.push(indent, '</', node.name, '>\n');
  }
}

function writeCompact(node: XmlNode, out: string[], omitted: ReadonlySet<string>): void {
  if (node.kind === 'text') {
    out.push(escapeText(node.text));
  } else if (node.kind === 'comment') {
    out.push('<!--', node.text, '-->');
  } else if (node.nodes.length === 0) {
    out.push(startTag(node, omitted), '/>');
  } else {
    out.push(startTag(node, omitted), '>');
    for (const inner of node.nodes) writeCompact(inner, out, omitted);
    out.push('</', node.name, '>');
  }
}

function startTag(element: XmlElement, omitted: ReadonlySet<string>): string {
  const pairs = element.attributePairs;
  let tag = `<${element.name}`;
  for (let index = 0; index < pairs.length; index += 2) {
    if (omitted.size > 0 && omitted.has(pairs[index] as string)) continue;
    tag += ` ${pairs[index]}="${escapeAttribute(pairs[index + 1] as string)}"`;
  }
  return tag;
}

const specialInAttribute = /[<>&"\u0000-\u001f\u007f]/;
const named: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;' };

/**
 * An attribute's value as the tools write it: `<` `>` `&` `"` as entities, ASCII control characters (tab and newline
 * included, which would otherwise be read back as blanks) as `&#x0A;`.
 */
export function escapeAttribute(value: string): string {
  if (!specialInAttribute.test(value)) return value;
  return value.replace(
    /[<>&"\u0000-\u001f\u007f]/g,
    (character) => named[character] ?? `&#x${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')};`,
  );
}

function escapeText(text: string): string {
  return text.replace(/[<>&\r]/g, (character) => named[character] ?? '&#x0D;');
}
