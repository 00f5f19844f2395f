// Tags name lists of objects for use in constraints and commands. Source: Pacemaker Explained, "Tagging".
import type { XmlIndex } from '../xml/navigation.ts';

/** Members of each tag by its id, in document order, without repetitions; tags of one id add up. */
export function tagsOf(index: XmlIndex): Map<string, string[]> {
  const tags = new Map<string, string[]>();
  for (const tag of index.only('tags')?.childrenNamed('tag') ?? []) {
    if (tag.id === undefined) continue;
    const members = tags.get(tag.id) ?? [];
    tags.set(tag.id, members);
    for (const { id } of tag.childrenNamed('obj_ref')) if (id !== undefined && !members.includes(id)) members.push(id);
  }
  return tags;
}
