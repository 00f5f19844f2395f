// Groups: members that run together, and start one after the other.

import { parseBoolean, type XmlElement } from '../../cib/index.ts';
import type { Cluster, Group } from '../model/index.ts';
import { noteMistake } from './cluster.ts';
import { commonOf, type Place, type UnpackResource } from './resource-basis.ts';

export function unpackGroup(
  cluster: Cluster,
  element: XmlElement,
  place: Place,
  unpack: UnpackResource,
): Group | undefined {
  const common = commonOf(cluster, 'group', element, place);
  const group: Group = Object.assign(common, {
    variant: 'group' as const,
    members: [],
    ordered: parseBoolean(common.meta.get('ordered')) ?? true,
    colocated: parseBoolean(common.meta.get('collocated')) ?? true,
  });
  for (const child of element.children) {
    if (child.name !== 'primitive') continue;
    const member = unpack(cluster, child, { parent: group, suffix: place.suffix, extraMeta: place.extraMeta });
    if (member?.variant === 'primitive') group.members.push(member);
  }
  if (group.members.length > 0) return group;
  noteMistake(cluster, element, `the group '${element.id}' has no valid member`);
  return undefined;
}
