// Whether a subject may turn one document into another.
import type { Diagnostic } from '../../kit/index.ts';
import { diffTrees } from '../patch/diff.ts';
import type { Change } from '../patch/patch.ts';
import { indexOfStep, parsePath } from '../patch/path.ts';
import { versionFields } from '../patch/version.ts';
import type { XmlElement } from '../xml/element.ts';
import { xmlIndexOf } from '../xml/navigation.ts';
import { type Access, AccessMap, type Acl } from './acl.ts';

/** Attributes of `<cib>` that every change touches on its own. */
const bookkeeping: ReadonlySet<string> = new Set([
  ...versionFields,
  'cib-last-written',
  'update-origin',
  'update-client',
  'update-user',
]);

/**
 * One diagnostic for each change that the subject may not make; none means that the change is allowed. `acl` is what the
 * document before grants, so that nobody grants himself more by the very change. Deleting needs write access to all that
 * goes with it; a new element needs it where it comes to stand, unless it has nothing but an id and holds only what is allowed.
 */
export function forbiddenChanges(before: XmlElement, after: XmlElement, acl: Acl): Diagnostic[] {
  if (acl === 'everything' || before === after) return [];
  const [old, fresh] = [new AccessMap(before, acl.permissions), new AccessMap(after, acl.permissions)];
  return diffTrees(before, after).flatMap((change) => {
    const refused = refusedBy(change, before, after, { old, fresh });
    return refused === undefined ? [] : [denial(refused.path, refused.what)];
  });
}

type Maps = { readonly old: AccessMap; readonly fresh: AccessMap };
type Refusal = { readonly path: string; readonly what: string };

function refusedBy(change: Change, before: XmlElement, after: XmlElement, { old, fresh }: Maps): Refusal | undefined {
  switch (change.kind) {
    case 'modify': {
      if (change.path === '/cib' && change.attributes.every(({ name }) => bookkeeping.has(name))) return undefined;
      const target = elementAt(before, change.path);
      return target !== undefined && old.accessTo(target) === 'write'
        ? undefined
        : { path: change.path, what: 'change' };
    }
    case 'move': {
      const target = elementAt(before, change.path);
      return target !== undefined && old.accessTo(target) === 'write' ? undefined : { path: change.path, what: 'move' };
    }
    case 'delete': {
      const target = elementAt(before, change.path) ?? elementAt(before, parentPath(change.path));
      const allowed = target !== undefined && everyBelow(target, (element) => old.accessTo(element) === 'write');
      return allowed ? undefined : { path: change.path, what: 'delete' };
    }
    case 'create': {
      const parent = elementAt(after, change.parent);
      const { node } = change;
      if (node.kind !== 'element') {
        return parent !== undefined && fresh.accessTo(parent) === 'write'
          ? undefined
          : { path: change.parent, what: 'add to' };
      }
      const created = parent?.nodes[change.position];
      if (created?.kind !== 'element') return { path: change.parent, what: 'add to' };
      const bad = firstBelow(created, (element) => !mayCreate(element, fresh.accessTo(element)));
      return bad === undefined ? undefined : { path: xmlIndexOf(after).pathOf(bad), what: 'create' };
    }
  }
}

/** Mere scaffolding, an element with at most an id, may be built around what may be written. */
function mayCreate(element: XmlElement, access: Access): boolean {
  return access === 'write' || [...element.attributes()].every(([name]) => name === 'id');
}

function everyBelow(element: XmlElement, holds: (element: XmlElement) => boolean): boolean {
  return firstBelow(element, (each) => !holds(each)) === undefined;
}

function firstBelow(element: XmlElement, wanted: (element: XmlElement) => boolean): XmlElement | undefined {
  if (wanted(element)) return element;
  for (const child of element.children) {
    const found = firstBelow(child, wanted);
    if (found !== undefined) return found;
  }
  return undefined;
}

function elementAt(root: XmlElement, path: string): XmlElement | undefined {
  const [first, ...steps] = parsePath(path) ?? [];
  let current: XmlElement | undefined = first?.name === root.name ? root : undefined;
  for (const step of steps) {
    const children: readonly XmlElement[] = current?.children ?? [];
    current = children[indexOfStep(children, step, (element) => element)];
  }
  return current;
}

function parentPath(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

function denial(path: string, what: string): Diagnostic {
  return {
    severity: 'error',
    place: { path },
    what: `you may not ${what} ${path}`,
    why: 'the access control lists of the cluster do not grant it',
    fix: 'Ask an administrator for a role with write permission there',
  };
}
