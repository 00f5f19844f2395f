// A patch: what has to be done to one version of a document to get another. Its XML form is the second format of
// Pacemaker's tools (`crm_diff`, `cibadmin --patch`): deletions first, then the rest in the order of the new document;
// positions are those in the new document.
import { type Diagnostic, err, ok, type Result } from '../../kit/index.ts';
import { parseInteger } from '../values/scalar.ts';
import { type XmlElement, type XmlNode, xmlElement } from '../xml/element.ts';
import { type CibVersion, cibVersionOf, versionAttributes } from './version.ts';

export type AttributeChange = {
  readonly name: string /** Undefined removes it. */;
  readonly value: string | undefined;
};

export type Change =
  /** `position` is the place among all contents of the parent; given where the path alone does not tell (comments, text). */
  | { readonly kind: 'delete'; readonly path: string; readonly position?: number }
  | { readonly kind: 'create'; readonly parent: string; readonly position: number; readonly node: XmlNode }
  | { readonly kind: 'move'; readonly path: string; readonly position: number }
  | {
      readonly kind: 'modify';
      readonly path: string;
      readonly attributes: readonly AttributeChange[];
      /** The element with its new attributes in their order, without contents; undefined in patches by hand. */
      readonly result: XmlElement | undefined;
    };

export type Patch = {
  /** The versions it leads from and to; undefined when it fits any. */
  readonly versions: { readonly source: CibVersion; readonly target: CibVersion } | undefined;
  /** The versioned digest of the document it leads to. */
  readonly digest: string | undefined;
  readonly changes: readonly Change[];
};

export function patchToXml(patch: Patch): XmlElement {
  const { versions } = patch;
  const version =
    versions === undefined
      ? []
      : [
          xmlElement('version', {}, [
            xmlElement('source', versionAttributes(versions.source)),
            xmlElement('target', versionAttributes(versions.target)),
          ]),
        ];
  return xmlElement('diff', { format: '2', digest: patch.digest }, [...version, ...patch.changes.map(changeToXml)]);
}

function changeToXml(change: Change): XmlElement {
  const operation = change.kind;
  switch (change.kind) {
    case 'delete': {
      const position = change.position === undefined ? undefined : String(change.position);
      return xmlElement('change', { operation, path: change.path, position });
    }
    case 'create':
      return xmlElement('change', { operation, path: change.parent, position: String(change.position) }, [change.node]);
    case 'move':
      return xmlElement('change', { operation, path: change.path, position: String(change.position) });
    case 'modify':
      return xmlElement('change', { operation, path: change.path }, [
        xmlElement('change-list', {}, change.attributes.map(attributeToXml)),
        ...(change.result === undefined ? [] : [xmlElement('change-result', {}, [change.result])]),
      ]);
  }
}

function attributeToXml({ name, value }: AttributeChange): XmlElement {
  return xmlElement('change-attr', { name, operation: value === undefined ? 'unset' : 'set', value });
}

/** Reads a `<diff format="2">`. */
export function patchFromXml(diff: XmlElement): Result<Patch, Diagnostic> {
  if (diff.name !== 'diff' || diff.get('format') !== '2') {
    return err(problem(diff, `<${diff.name}> is no patch of format 2`, 'Make it with crm_diff, or haven cib diff'));
  }
  const changes: Change[] = [];
  for (const element of diff.childrenNamed('change')) {
    const change = changeFromXml(element);
    if (change === undefined)
      return err(problem(element, `a change with operation="${element.get('operation')}" lacks what it needs`));
    changes.push(change);
  }
  const [source, target] = [diff.child('version')?.child('source'), diff.child('version')?.child('target')];
  const versions =
    source === undefined || target === undefined
      ? undefined
      : { source: cibVersionOf(source), target: cibVersionOf(target) };
  return ok({ versions, digest: diff.get('digest'), changes });
}

function changeFromXml(element: XmlElement): Change | undefined {
  const path = element.get('path');
  const position = parseInteger(element.get('position'));
  if (path === undefined || (position !== undefined && position < 0)) return undefined;
  switch (element.get('operation')) {
    case 'delete':
      return { kind: 'delete', path, ...(position === undefined ? {} : { position }) };
    case 'create': {
      const [node] = element.nodes;
      return node === undefined || position === undefined
        ? undefined
        : { kind: 'create', parent: path, position, node };
    }
    case 'move':
      return position === undefined ? undefined : { kind: 'move', path, position };
    case 'modify':
      return modifyFromXml(element, path);
    default:
      return undefined;
  }
}

function modifyFromXml(element: XmlElement, path: string): Change | undefined {
  const attributes: AttributeChange[] = [];
  for (const change of element.child('change-list')?.childrenNamed('change-attr') ?? []) {
    const [name, value] = [change.get('name'), change.get('value')];
    const unset = change.get('operation') === 'unset';
    if (name === undefined || (!unset && value === undefined)) return undefined;
    attributes.push({ name, value: unset ? undefined : value });
  }
  return { kind: 'modify', path, attributes, result: element.child('change-result')?.children[0] };
}

export function problem(element: XmlElement, what: string, fix?: string): Diagnostic {
  const place = element.line === 0 ? {} : { line: element.line, column: element.column };
  return { severity: 'error', place, what, ...(fix === undefined ? {} : { fix }) };
}
