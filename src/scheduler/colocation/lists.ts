// Which colocations bear on a resource: its own, and those of what it belongs to.

import { INFINITY_SCORE } from '../../kit/index.ts';
import { insertByDependent, insertByPrimary } from '../constraints/colocation.ts';
import type { Bundle, Colocation, Group, Resource } from '../model/index.ts';

/** Colocations in which `resource` takes part as dependent. */
export function thisWithOf(resource: Resource): readonly Colocation[] {
  return collect(resource, thisWithRule);
}

/** Colocations in which `resource` takes part as primary. */
export function withThisOf(resource: Resource): readonly Colocation[] {
  return collect(resource, withThisRule);
}

type Direction = {
  readonly own: (resource: Resource) => readonly Colocation[];
  readonly insert: (list: Colocation[], colocation: Colocation) => void;
  /** The member through which a group as a whole is placed. */
  readonly speaker: (group: Group) => Resource | undefined;
  readonly heedsUnmanaged: boolean;
};

const thisWithRule: Direction = {
  own: (resource) => resource.thisWith,
  insert: insertByPrimary,
  speaker: (group) => group.members[0],
  heedsUnmanaged: true,
};

const withThisRule: Direction = {
  own: (resource) => resource.withThis,
  insert: insertByDependent,
  speaker: (group) => group.members.at(-1),
  heedsUnmanaged: false,
};

function collect(asking: Resource, direction: Direction): readonly Colocation[] {
  if (asking.variant === 'primitive' && asking.parent === undefined) return direction.own(asking);
  const list: Colocation[] = [];
  contribute(asking, { asking, list, direction });
  return list;
}

type Collection = { readonly asking: Resource; readonly list: Colocation[]; readonly direction: Direction };

/** Adds what `resource` contributes to the list of the one that asks. */
function contribute(resource: Resource, collection: Collection): void {
  const { asking, list, direction } = collection;
  switch (resource.variant) {
    case 'primitive':
    case 'clone':
      append(list, direction.own(resource), direction);
      if (resource.parent !== undefined) contribute(resource.parent, collection);
      return;
    case 'group':
      contributeGroup(resource, collection);
      return;
    case 'bundle':
      if (bearsOn(resource, asking)) append(list, direction.own(resource), direction);
      return;
  }
}

function contributeGroup(group: Group, collection: Collection): void {
  const { asking, list, direction } = collection;
  if (asking === group || asking === direction.speaker(group)) {
    append(list, direction.own(group), direction);
    if (group.parent !== undefined) contribute(group.parent, collection);
    if (!group.colocated) return;
    group.members.forEach((member) => {
      if (member === asking) return;
      direction.own(member).forEach((colocation) => {
        if (colocation.explicit) direction.insert(list, colocation);
      });
    });
    return;
  }
  if (!direction.heedsUnmanaged) return;
  const earlier = group.members.slice(0, group.members.indexOf(asking as Group['members'][number]));
  if (earlier.every((member) => member.managed)) return;
  for (const colocation of direction.own(group)) {
    if (colocation.score >= INFINITY_SCORE) direction.insert(list, colocation);
  }
}

/** A bundle's constraints concern its containers; and, once roles are chosen, what runs inside. */
function bearsOn(bundle: Bundle, asking: Resource): boolean {
  if (asking === bundle || bundle.replicas.some(({ container }) => container === asking)) return true;
  const { clone } = bundle;
  if (clone === undefined || !clone.promotable) return false;
  if (asking === clone) return clone.rolesChosen;
  return asking.parent === clone && asking.decided;
}

/**
 * Puts a list at the end of another. Into one that has something already, the peer puts the first element once for each
 * element of the new list, instead of each element: what it decides follows from that, and so must this.
 */
function append(list: Colocation[], more: readonly Colocation[], direction: Direction): void {
  const [first] = more;
  if (first === undefined) return;
  if (list.length === 0) list.push(...more);
  else for (let count = 0; count < more.length; count++) direction.insert(list, first);
}
