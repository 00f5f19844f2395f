// The cluster's document: its XML tree, and everything that can be said about it without a cluster. Browser-safe.
export { removeElement, replaceElement, replaceElements, rewriteElements } from './xml/edit.ts';
export type { XmlComment, XmlNode, XmlOrigin, XmlText } from './xml/element.ts';
export { sameXml, XmlElement, xmlElement } from './xml/element.ts';
export type { XmlIndex } from './xml/navigation.ts';
export { childAt, walkXml, xmlIndexOf } from './xml/navigation.ts';
export type { XmlLimits, XmlParseOptions } from './xml/parse.ts';
export { parseXml, xmlLimits } from './xml/parse.ts';
export type { XmlLayout } from './xml/serialise.ts';
export { escapeAttribute, serialiseXml, serialiseXmlDocument } from './xml/serialise.ts';
