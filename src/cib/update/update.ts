// Changing a document object by object, as `cibadmin --create`, `--modify`, `--replace` and `--delete` do, and counting its
// version up afterwards. Source: cibadmin(8) and the observed behaviour of version 2.1.5.
import { err, type Failure, ok, type Result } from '../../kit/index.ts';
import { cibVersionOf, versionAttributes } from '../patch/version.ts';
import { parseInteger } from '../values/scalar.ts';
import { removeElement, replaceElement } from '../xml/edit.ts';
import { sameXml, type XmlElement, type XmlNode } from '../xml/element.ts';
import { xmlIndexOf } from '../xml/navigation.ts';

/** Adds `object` to the one element called `section`; fails with 'exists' when it has a child of that name and id. */
export function createObject(cib: XmlElement, section: string, object: XmlElement): Result<XmlElement, Failure> {
  const parent = section === cib.name ? cib : xmlIndexOf(cib).only(section);
  if (parent === undefined) return err(notFound(`the document has no <${section}>`));
  if (parent.children.some((child) => isSameObject(child, object))) {
    const fix = 'Modify or replace it, or choose another id';
    return err({ kind: 'exists', what: `${describe(object)} exists already in <${section}>`, fix });
  }
  return ok(replaceElement(cib, parent, parent.append(object)));
}

/**
 * Merges `fragment` into the object of its name and id, wherever that is: attributes are set, children merged in the same
 * way or added. A value `x++` or `x+=5` of attribute `x` counts up from the present value. Fails with 'not-found'.
 */
export function modifyObject(cib: XmlElement, fragment: XmlElement): Result<XmlElement, Failure> {
  const target = objectLike(cib, fragment);
  if (target === undefined) return err(notFound(`there is no ${describe(fragment)} to modify`));
  return ok(replaceElement(cib, target, merged(target, fragment)));
}

/** Puts `object` in the place of the one of its name and id, contents and all. Fails with 'not-found'. */
export function replaceObject(cib: XmlElement, object: XmlElement): Result<XmlElement, Failure> {
  const target = objectLike(cib, object);
  if (target === undefined) return err(notFound(`there is no ${describe(object)} to replace`));
  return ok(replaceElement(cib, target, object));
}

/** The document without the object that has the pattern's name and all its attributes; as it is when there is none. */
export function deleteObject(cib: XmlElement, pattern: XmlElement): XmlElement {
  const target = objectLike(cib, pattern);
  if (target === undefined || target === cib) return cib;
  const fits = [...pattern.attributes()].every(([name, value]) => target.get(name) === value);
  return fits ? removeElement(cib, target) : cib;
}

/**
 * `after` with its version counted up from `before`: the epoch when the configuration changed, num_updates when only
 * something else did, nothing when nothing did. A version that the change itself raised is left alone.
 */
export function withNextVersion(before: XmlElement, after: XmlElement): XmlElement {
  if (before === after || sameXml(before, after)) return after;
  const [old, present] = [cibVersionOf(before), cibVersionOf(after)];
  if (present.admin_epoch !== old.admin_epoch || present.epoch !== old.epoch) return after;
  const [was, is] = [before.child('configuration'), after.child('configuration')];
  const sameConfiguration = was === is || (was !== undefined && is !== undefined && sameXml(was, is));
  const next = sameConfiguration
    ? { ...old, num_updates: old.num_updates + 1 }
    : { ...old, epoch: old.epoch + 1, num_updates: 0 };
  return after.with(versionAttributes(next));
}

/** By name and id; an object without id is meant when it is the only one of its name. */
function objectLike(cib: XmlElement, object: XmlElement): XmlElement | undefined {
  const index = xmlIndexOf(cib);
  if (object.id !== undefined) return index.allById(object.id).find(({ name }) => name === object.name);
  const only = index.only(object.name);
  return only?.id === undefined ? only : undefined;
}

function isSameObject(left: XmlElement, right: XmlElement): boolean {
  return left.name === right.name && left.id === right.id;
}

function merged(target: XmlElement, fragment: XmlElement): XmlElement {
  const changes: Record<string, string> = {};
  for (const [name, value] of fragment.attributes()) changes[name] = countedUp(name, value, target.get(name));
  const nodes: XmlNode[] = [...target.nodes];
  for (const child of fragment.children) {
    const at = nodes.findIndex((node) => node.kind === 'element' && isSameObject(node, child));
    const present = nodes[at];
    if (present?.kind === 'element') nodes[at] = merged(present, child);
    else nodes.push(child);
  }
  return target.with(changes).withNodes(nodes);
}

function countedUp(name: string, value: string, present: string | undefined): string {
  if (!value.startsWith(name)) return value;
  const match = /^(?:\+\+|\+=(\d{1,9}))$/.exec(value.slice(name.length));
  return match === null ? value : String((parseInteger(present) ?? 0) + Number(match[1] ?? 1));
}

function describe(object: XmlElement): string {
  return object.id === undefined ? `<${object.name}>` : `<${object.name}> '${object.id}'`;
}

function notFound(what: string): Failure {
  return { kind: 'not-found', what };
}
