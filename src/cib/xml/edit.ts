// Changing a tree: what is not on the way from the root to a change is shared with the tree before.
import type { XmlElement, XmlNode } from './element.ts';

/**
 * The tree with some elements replaced, or removed where the replacement is undefined. One pass for any number of
 * replacements; nothing below a replaced element is looked at. Undefined when the root itself is removed.
 */
export function replaceElements(
  root: XmlElement,
  replacements: ReadonlyMap<XmlElement, XmlElement | undefined>,
): XmlElement | undefined {
  if (replacements.has(root)) return replacements.get(root);
  return withInnerReplaced(root, replacements);
}

/** The tree with one element replaced. */
export function replaceElement(root: XmlElement, target: XmlElement, replacement: XmlElement): XmlElement {
  return replaceElements(root, new Map([[target, replacement]])) ?? root;
}

/** The tree without one element, which is not its root. */
export function removeElement(root: XmlElement, target: XmlElement): XmlElement {
  return replaceElements(root, new Map([[target, undefined]])) ?? root;
}

/**
 * The tree with each element passed through `change`, children first; undefined removes one. Elements that `change`
 * returns as they are stay shared.
 */
export function rewriteElements(
  element: XmlElement,
  change: (element: XmlElement) => XmlElement | undefined,
): XmlElement | undefined {
  return change(withInner(element, (child) => rewriteElements(child, change)));
}

function withInnerReplaced(
  element: XmlElement,
  replacements: ReadonlyMap<XmlElement, XmlElement | undefined>,
): XmlElement {
  return withInner(element, (child) =>
    replacements.has(child) ? replacements.get(child) : withInnerReplaced(child, replacements),
  );
}

/** `element` itself when `change` returns every child as it is. */
function withInner(element: XmlElement, change: (child: XmlElement) => XmlElement | undefined): XmlElement {
  let nodes: XmlNode[] | undefined;
  element.nodes.forEach((node, index) => {
    const changed = node.kind === 'element' ? change(node) : node;
    if (changed !== node && nodes === undefined) nodes = element.nodes.slice(0, index);
    if (changed !== undefined) nodes?.push(changed);
  });
  return nodes === undefined ? element : element.withNodes(nodes);
}
