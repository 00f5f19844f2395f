// Tags: names for several objects, of which constraints can speak as of one. As pcs(8) keeps them.
import { type XmlElement, xmlElement, xmlIndexOf } from '../../cib/index.ts';
import type { Edit } from '../../controller/index.ts';
import { CommandFailure } from '../../kit/index.ts';
import { assertFreeId, assertIdForm, resourceNamed } from './names.ts';
import { additions, objectNamed, objectsIn, removalOf, replacementBy } from './section.ts';

/** @throws CommandFailure for a name that is taken, and for resources that there are not */
export function tagEdits(cib: XmlElement, tag: string, ids: readonly string[]): Edit[] {
  assertIdForm(tag);
  assertFreeId(cib, tag);
  return additions(cib, 'tags', [xmlElement('tag', { id: tag }, referencesTo(cib, ids))]);
}

/** `add` at the end, without those of `remove`; a tag of nothing is deleted instead. @throws CommandFailure */
export function tagUpdateEdits(
  cib: XmlElement,
  tag: string,
  { add, remove }: { readonly add: readonly string[]; readonly remove: readonly string[] },
): Edit[] {
  const element = tagNamed(cib, tag);
  const known = idsOf(element);
  for (const id of remove) {
    if (known.includes(id)) continue;
    const fix = `It is of: ${known.join(', ')}`;
    throw new CommandFailure({ kind: 'not-found', what: `the tag ${tag} is not of '${id}'`, fix });
  }
  const left = element.children.filter((each) => !remove.includes(each.id ?? ''));
  const added = add.filter((id) => !left.some((each) => each.id === id));
  const nodes = [...left, ...referencesTo(cib, added)];
  if (nodes.length > 0) return [replacementBy(element.withNodes(nodes))];
  const fix = `To be rid of it: haven tag delete ${tag}`;
  throw new CommandFailure({ kind: 'usage', what: `the tag ${tag} would be of nothing`, fix });
}

/** @throws CommandFailure `not-found`, and for a tag of which a constraint speaks */
export function tagRemovalEdits(cib: XmlElement, tags: readonly string[]): Edit[] {
  return tags.map((tag) => {
    const element = tagNamed(cib, tag);
    const [constraint] = speakersOf(cib, tag);
    if (constraint === undefined) return removalOf(element);
    const what = `the constraint ${constraint} speaks of the tag ${tag}`;
    throw new CommandFailure({ kind: 'usage', what, fix: `First: haven constraint delete ${constraint}` });
  });
}

export function tagsIn(cib: XmlElement): { readonly tag: string; readonly of: readonly string[] }[] {
  return objectsIn(cib, 'tags').map((tag) => ({ tag: tag.id ?? '', of: idsOf(tag) }));
}

function tagNamed(cib: XmlElement, tag: string): XmlElement {
  return objectNamed(objectsIn(cib, 'tags'), tag, 'no tag');
}

function idsOf(tag: XmlElement): string[] {
  return tag.childrenNamed('obj_ref').flatMap(({ id }) => id ?? []);
}

function referencesTo(cib: XmlElement, ids: readonly string[]): XmlElement[] {
  const twice = ids.find((id, at) => ids.indexOf(id) !== at);
  if (twice !== undefined) throw new CommandFailure({ kind: 'usage', what: `'${twice}' is given twice` });
  return ids.map((id) => xmlElement('obj_ref', { id: resourceNamed(cib, id).id }));
}

const speaking = ['rsc', 'with-rsc', 'first', 'then'];

function speakersOf(cib: XmlElement, tag: string): string[] {
  const constraints = xmlIndexOf(cib).only('constraints')?.children ?? [];
  const mentions = (element: XmlElement): boolean =>
    speaking.some((name) => element.get(name) === tag) ||
    (element.name === 'resource_ref' && element.id === tag) ||
    element.children.some(mentions);
  return constraints.filter(mentions).flatMap(({ id }) => id ?? []);
}
