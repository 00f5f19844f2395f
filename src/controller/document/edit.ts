// What an administrator may ask to be changed, as plain data that can wait, travel and be tried again on a newer document.
import {
  applyPatch,
  childAt,
  cibVersionOf,
  createObject,
  deleteObject,
  modifyObject,
  type Patch,
  parseXml,
  patchFromXml,
  queryXml,
  removeElement,
  replaceElement,
  replaceObject,
  withNextVersion,
  type XmlElement,
} from '../../cib/index.ts';
import { type Diagnostic, err, type Failure, ok, type Result } from '../../kit/index.ts';

export type Edit =
  /** The whole configuration (`<cib>` or `<configuration>`), or the object of the XML's name and id. */
  | { readonly kind: 'replace'; readonly xml: string }
  /** A new object in a section, such as `resources`. */
  | { readonly kind: 'create'; readonly section: string; readonly xml: string }
  /** Merges the XML into the object of its name and id. */
  | { readonly kind: 'modify'; readonly xml: string }
  | { readonly kind: 'delete'; readonly xml: string }
  | { readonly kind: 'delete-found'; readonly xpath: string }
  | { readonly kind: 'patch'; readonly xml: string }
  /** One after the other, all or none. */
  | { readonly kind: 'all'; readonly edits: readonly Edit[] };

/** The document with the edit made and its version counted up; the same document when it changes nothing. */
export function applyEdit(cib: XmlElement, edit: Edit): Result<XmlElement, Failure> {
  const edited = tryEdit(cib, edit);
  return edited.ok ? ok(withNextVersion(cib, edited.value)) : edited;
}

function tryEdit(cib: XmlElement, edit: Edit): Result<XmlElement, Failure> {
  switch (edit.kind) {
    case 'all':
      return edit.edits.reduce<Result<XmlElement, Failure>>(
        (before, next) => (before.ok ? tryEdit(before.value, next) : before),
        ok(cib),
      );
    case 'delete-found':
      return deleteFound(cib, edit.xpath);
    default: {
      const parsed = parseXml(edit.xml);
      return parsed.ok ? editWith(cib, edit, parsed.value) : err(failureOf(parsed.error));
    }
  }
}

type XmlEdit = Exclude<Edit, { kind: 'all' | 'delete-found' }>;

function editWith(cib: XmlElement, edit: XmlEdit, element: XmlElement): Result<XmlElement, Failure> {
  switch (edit.kind) {
    case 'replace':
      return element.name === 'cib' ? replaceConfiguration(cib, element) : replaceObject(cib, element);
    case 'create':
      return createObject(cib, edit.section, element);
    case 'modify':
      return modifyObject(cib, element);
    case 'delete':
      return ok(deleteObject(cib, element));
    case 'patch': {
      const patch = patchFromXml(element);
      if (!patch.ok) return err(failureOf(patch.error));
      const patched = applyPatch(cib, onto(cib, patch.value));
      return patched.ok ? patched : err(failureOf(patched.error.diagnostic));
    }
  }
}

/** A patch of the configuration alone fits whatever the nodes have reported since it was made. */
function onto(cib: XmlElement, patch: Patch): Patch {
  const { versions, changes } = patch;
  const ofConfiguration = changes.every((change) =>
    (change.kind === 'create' ? change.parent : change.path).startsWith('/cib/configuration'),
  );
  const { admin_epoch, epoch, num_updates } = cibVersionOf(cib);
  const { source } = versions ?? {};
  if (versions === undefined || !ofConfiguration) return patch;
  if (source?.admin_epoch !== admin_epoch || source.epoch !== epoch) return patch;
  // The digest is of the whole document that the maker had.
  return { ...patch, digest: undefined, versions: { ...versions, source: { ...source, num_updates } } };
}

/** The status section is the cluster's own: it stays. */
function replaceConfiguration(cib: XmlElement, given: XmlElement): Result<XmlElement, Failure> {
  const configuration = childAt(given, 'configuration');
  const known = childAt(cib, 'configuration');
  if (configuration === undefined || known === undefined) {
    return err({
      kind: 'config',
      what: 'the document has no <configuration>',
      fix: 'Start from the output of: haven cib query',
    });
  }
  const schema = given.get('validate-with');
  const replaced = replaceElement(cib, known, configuration);
  return ok(schema === undefined ? replaced : replaced.with({ 'validate-with': schema }));
}

function deleteFound(cib: XmlElement, xpath: string): Result<XmlElement, Failure> {
  const found = queryXml(cib, xpath);
  if (!found.ok) return err(failureOf(found.error));
  if (found.value.length === 0) return err({ kind: 'not-found', what: `nothing in the document matches ${xpath}` });
  return ok(found.value.reduce(removeElement, cib));
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
