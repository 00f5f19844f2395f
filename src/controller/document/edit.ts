// What an administrator may ask to be changed, as `cibadmin` and the shells ask it, made into the document that results.
import {
  applyPatch,
  childAt,
  parseXml,
  patchFromXml,
  queryXml,
  removeElement,
  replaceElement,
  type XmlElement,
  xmlIndexOf,
} from '../../cib/index.ts';
import { type Diagnostic, err, type Failure, ok, type Result } from '../../kit/index.ts';

export type Edit =
  /** Replace the configuration, or the element with the id that the XML has. */
  | { readonly kind: 'replace'; readonly xml: string }
  /** Put a new element under the element that the XPath finds. */
  | { readonly kind: 'create'; readonly parent: string; readonly xml: string }
  /** Set attributes, and add or change what is inside, of the element with the id that the XML has. */
  | { readonly kind: 'modify'; readonly xml: string }
  | { readonly kind: 'delete'; readonly xpath: string }
  | { readonly kind: 'patch'; readonly xml: string };

/** The document with the edit made; its versions are not raised yet. */
export function applyEdit(cib: XmlElement, edit: Edit): Result<XmlElement, Failure> {
  if (edit.kind === 'delete') return deleteFound(cib, edit.xpath);
  const parsed = parseXml(edit.xml);
  if (!parsed.ok) return err(failureOf(parsed.error));
  const element = parsed.value;
  switch (edit.kind) {
    case 'replace':
      return replaceIn(cib, element);
    case 'create':
      return createIn(cib, edit.parent, element);
    case 'modify':
      return modifyIn(cib, element);
    case 'patch':
      return patchIn(cib, element);
  }
}

function replaceIn(cib: XmlElement, element: XmlElement): Result<XmlElement, Failure> {
  if (element.name === 'cib') {
    const configuration = childAt(element, 'configuration');
    const known = childAt(cib, 'configuration');
    if (configuration === undefined || known === undefined) return err(missing('configuration', 'the document'));
    const version = { admin_epoch: element.get('admin_epoch'), 'validate-with': element.get('validate-with') };
    return ok(replaceElement(cib, known, configuration).with(given(version)));
  }
  const target = findLike(cib, element);
  return target === undefined
    ? err(missing(describe(element), 'the document'))
    : ok(replaceElement(cib, target, element));
}

function createIn(cib: XmlElement, parent: string, element: XmlElement): Result<XmlElement, Failure> {
  const found = queryXml(cib, parent);
  if (!found.ok) return err(failureOf(found.error));
  const [holder] = found.value;
  if (holder === undefined) return err(missing(`'${parent}'`, 'the document'));
  const taken = element.id === undefined ? undefined : xmlIndexOf(cib).allById(element.id)[0];
  if (taken !== undefined) {
    return err({ kind: 'exists', what: `the id '${element.id}' is taken`, why: `a <${taken.name}> has it` });
  }
  return ok(replaceElement(cib, holder, holder.append(element)));
}

function modifyIn(cib: XmlElement, element: XmlElement): Result<XmlElement, Failure> {
  const target = findLike(cib, element);
  if (target === undefined) return err(missing(describe(element), 'the document'));
  return ok(replaceElement(cib, target, merged(target, element)));
}

/** Attributes of `change` win; elements inside are matched by name and id, new ones are added. */
function merged(target: XmlElement, change: XmlElement): XmlElement {
  const withAttributes = target.with(Object.fromEntries(change.attributes()));
  return change.children.reduce((into, child) => {
    const known = into.children.find((other) => other.name === child.name && other.id === child.id);
    return known === undefined ? into.append(child) : replaceElement(into, known, merged(known, child));
  }, withAttributes);
}

function deleteFound(cib: XmlElement, xpath: string): Result<XmlElement, Failure> {
  const found = queryXml(cib, xpath);
  if (!found.ok) return err(failureOf(found.error));
  if (found.value.length === 0) return err(missing(`'${xpath}'`, 'the document'));
  return ok(
    found.value.reduce(
      (document, element) => (contains(document, element) ? removeElement(document, element) : document),
      cib,
    ),
  );
}

function contains(document: XmlElement, element: XmlElement): boolean {
  return document.children.some((child) => child === element || contains(child, element));
}

function patchIn(cib: XmlElement, element: XmlElement): Result<XmlElement, Failure> {
  const patch = patchFromXml(element);
  if (!patch.ok) return err(failureOf(patch.error));
  const patched = applyPatch(cib, patch.value);
  return patched.ok ? patched : err(failureOf(patched.error.diagnostic));
}

/** By id where there is one, else the only element of the name. */
function findLike(cib: XmlElement, element: XmlElement): XmlElement | undefined {
  return xmlIndexOf(cib).only(element.name, element.id);
}

function failureOf({ what, why, fix, place }: Diagnostic): Failure {
  const line = place.line === undefined ? '' : ` (line ${place.line})`;
  return {
    kind: 'config',
    what: `${what}${line}`,
    ...(why === undefined ? {} : { why }),
    ...(fix === undefined ? {} : { fix }),
  };
}

function describe(element: XmlElement): string {
  return element.id === undefined ? `a <${element.name}>` : `a <${element.name}> with the id '${element.id}'`;
}

function missing(what: string, where: string): Failure {
  return { kind: 'not-found', what: `there is no ${what} in ${where}` };
}

function given(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter((pair): pair is [string, string] => pair[1] !== undefined));
}
