// Groups and clones of resources that are there: into a group and out of it, into a clone and out of it.
import { serialiseXml, type XmlElement, xmlElement, xmlIndexOf } from '../../cib/index.ts';
import type { Edit } from '../../controller/index.ts';
import { CommandFailure } from '../../kit/index.ts';
import { assertMetaName } from './meta.ts';
import { assertFreeId, assertIdForm, isResource, resourceNamed, resourcesIn } from './names.ts';
import { pairSet } from './nvset.ts';
import { mentionEdits } from './removal.ts';

/** Before or after a member; at the end otherwise. */
export type GroupPlace = { readonly before: string | undefined; readonly after: string | undefined };

/** Primitives, in this order, into a group, which is made when there is none of this name. */
export function groupEdits(cib: XmlElement, group: string, members: readonly string[], place: GroupPlace): Edit[] {
  const primitives = members.map((member) => plainPrimitive(cib, member));
  const known = resourcesIn(cib).find(({ id }) => id === group);
  if (known !== undefined && known.name !== 'group') {
    throw new CommandFailure({ kind: 'exists', what: `'${group}' is a ${known.name}, not a group` });
  }
  const others = known?.children.filter((child) => !members.includes(child.id ?? '')) ?? [];
  const at = placeIn(others, group, place);
  const nodes = [...others.slice(0, at), ...primitives, ...others.slice(at)];
  const leaving = primitives.filter((primitive) => xmlIndexOf(cib).parentOf(primitive) !== known);
  const left = leaving.flatMap((primitive) => takenOut(cib, primitive, leaving));
  if (known !== undefined) return [...left, { kind: 'replace', xml: serialiseXml(known.withNodes(nodes)) }];
  assertIdForm(group);
  assertFreeId(cib, group);
  return [
    ...left,
    { kind: 'create', section: 'resources', xml: serialiseXml(xmlElement('group', { id: group }, nodes)) },
  ];
}

/** Members out of a group, or all of them: they stand by themselves then. What spoke of a group that goes, goes too. */
export function ungroupEdits(cib: XmlElement, group: string, members: readonly string[]): Edit[] {
  const element = kindNamed(cib, group, ['group']);
  const inside = element.children.filter(isResource);
  for (const member of members) {
    if (!inside.some(({ id }) => id === member)) throw notInside(member, group);
  }
  const leaving = inside.filter(({ id }) => members.length === 0 || members.includes(id ?? ''));
  const around = xmlIndexOf(cib).parentOf(element);
  if (leaving.length === inside.length && around !== undefined && isResource(around)) {
    const fix = `First: haven resource unclone ${around.id}`;
    throw new CommandFailure({
      kind: 'usage',
      what: `${group} would be empty, but ${around.id} is a clone of it`,
      fix,
    });
  }
  const out: Edit[] = leaving.flatMap((primitive) => takenOut(cib, primitive, leaving));
  return [...out, ...leaving.map((primitive) => topLevel(primitive))];
}

/** A primitive or group on every node. @throws CommandFailure for what is in a group or cloned already */
export function cloneEdits(
  cib: XmlElement,
  id: string,
  { meta, promotable }: { readonly meta: ReadonlyMap<string, string>; readonly promotable: 'promotable' | 'plain' },
): Edit[] {
  const resource = kindNamed(cib, id, ['primitive', 'group']);
  assertOnTop(cib, resource, 'clone');
  for (const name of meta.keys()) assertMetaName(name);
  if (resource.get('class') === 'stonith') {
    const why = 'any node may use it already';
    throw new CommandFailure({ kind: 'usage', what: `${id} is a fence device, which cannot be cloned`, why });
  }
  const cloneId = `${id}-clone`;
  assertFreeId(cib, cloneId);
  const pairs = new Map([...(promotable === 'promotable' ? [['promotable', 'true'] as const] : []), ...meta]);
  const set = pairSet('meta_attributes', `${cloneId}-meta_attributes`, pairs);
  return [deletion(resource), topLevel(xmlElement('clone', { id: cloneId }, [...set, resource]))];
}

/** What was cloned runs once again. What spoke of the clone speaks of it no longer. */
export function uncloneEdits(cib: XmlElement, id: string): Edit[] {
  const clone = cloneAround(cib, id);
  const [inner] = clone.children.filter(isResource);
  if (clone.name !== 'clone' || inner === undefined) {
    throw new CommandFailure({ kind: 'usage', what: `${id} is not cloned` });
  }
  return [...mentionEdits(cib, new Set([clone.id ?? ''])), deletion(clone), topLevel(inner)];
}

/** How many constraints name the clone, and go with it. */
export function cloneMentions(cib: XmlElement, id: string): number {
  return mentionEdits(cib, new Set([cloneAround(cib, id).id ?? ''])).length;
}

/** The clone of this id, or around what has it. */
function cloneAround(cib: XmlElement, id: string): XmlElement {
  const named = resourceNamed(cib, id);
  return named.name === 'clone' ? named : (xmlIndexOf(cib).parentOf(named) ?? named);
}

function placeIn(others: readonly XmlElement[], group: string, { before, after }: GroupPlace): number {
  const beside = before ?? after;
  if (beside === undefined) return others.length;
  if (before !== undefined && after !== undefined) {
    throw new CommandFailure({ kind: 'usage', what: '--before and --after exclude each other', fix: 'Give one' });
  }
  const at = others.findIndex(({ id }) => id === beside);
  if (at < 0) throw notInside(beside, group);
  return before === undefined ? at + 1 : at;
}

/** Out of where it stands; a group that would be left empty goes, with what spoke of it. */
function takenOut(cib: XmlElement, primitive: XmlElement, leaving: readonly XmlElement[]): Edit[] {
  const around = xmlIndexOf(cib).parentOf(primitive);
  if (around?.name !== 'group') return [deletion(primitive)];
  const last = around.children.filter(isResource).every((child) => leaving.includes(child));
  if (!last) return [deletion(primitive)];
  const first = leaving.find((each) => around.children.includes(each)) === primitive;
  return first ? [...mentionEdits(cib, new Set([around.id ?? ''])), deletion(around)] : [];
}

function plainPrimitive(cib: XmlElement, id: string): XmlElement {
  const resource = kindNamed(cib, id, ['primitive']);
  const around = xmlIndexOf(cib).parentOf(resource);
  if (around?.name !== 'group') assertOnTop(cib, resource, 'group');
  return resource;
}

function assertOnTop(cib: XmlElement, resource: XmlElement, wanted: string): void {
  const around = xmlIndexOf(cib).parentOf(resource);
  if (around === undefined || !isResource(around)) return;
  const what = `${resource.id} is in the ${around.name} ${around.id} already, so it cannot be put into a ${wanted}`;
  const fix = `First: haven resource ${around.name === 'group' ? `group remove ${around.id} ${resource.id}` : `unclone ${around.id}`}`;
  throw new CommandFailure({ kind: 'usage', what, fix });
}

function kindNamed(cib: XmlElement, id: string, kinds: readonly string[]): XmlElement {
  const resource = resourceNamed(cib, id);
  if (kinds.includes(resource.name)) return resource;
  throw new CommandFailure({ kind: 'usage', what: `'${id}' is a ${resource.name}, not a ${kinds.join(' or a ')}` });
}

function notInside(member: string, group: string): CommandFailure {
  return new CommandFailure({ kind: 'not-found', what: `${member} is not in the group ${group}` });
}

function topLevel(resource: XmlElement): Edit {
  return { kind: 'create', section: 'resources', xml: serialiseXml(resource) };
}

function deletion({ name, id }: XmlElement): Edit {
  return { kind: 'delete', xml: serialiseXml(xmlElement(name, { id })) };
}
