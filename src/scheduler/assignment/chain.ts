// Assigning on demand follows colocations from dependent to primary by calling itself. A chain of thousands of dependents, each
// configured before its primary, would run out of stack: so the far end of such a chain is assigned first.
//
// For mandatory colocations that changes nothing, as the primary comes before everything else then too; and it is faster, as
// no preferences of undecided dependents have to be walked. For optional ones the dependents' own preferences would have been
// merged a little earlier, so the natural order is kept as long as the stack allows.

import { INFINITY_SCORE } from '../../kit/index.ts';
import { thisWithOf } from '../colocation/lists.ts';
import { outermostOf } from '../configuration/tree.ts';
import type { Colocation, Resource } from '../model/index.ts';

/** Links that the natural order of assignment may follow. */
const mandatoryLinksMax = 30;
const linksMax = 300;

/** A chain of colocations: from the far end on, without the resource it begins with; a ring leads back to that one. */
export type Chain = { readonly links: readonly Resource[]; readonly isRing: boolean };

/** What has to be assigned before `resource`, in order, to keep the depth of calls bounded; mostly nothing. */
export function farEndFirst(resource: Resource): Chain | undefined {
  const mandatory = chainOf(resource, mandatoryPrimary);
  if (mandatory.links.length >= mandatoryLinksMax) return mandatory;
  const any = chainOf(resource, (link) => mandatoryPrimary(link) ?? firstPrimary(link));
  return any.links.length >= linksMax ? any : undefined;
}

function chainOf(resource: Resource, follow: (link: Resource) => Resource | undefined): Chain {
  const chain = new Set([resource]);
  let link = follow(resource);
  for (; link !== undefined && !chain.has(link); link = follow(link)) chain.add(link);
  return { links: [...chain].slice(1).reverse(), isRing: link === resource };
}

function mandatoryPrimary(resource: Resource): Resource | undefined {
  return outermostPrimary(openLinks(resource).find(({ score }) => Math.abs(score) >= INFINITY_SCORE));
}

function firstPrimary(resource: Resource): Resource | undefined {
  return outermostPrimary(openLinks(resource)[0]);
}

function outermostPrimary(link: Colocation | undefined): Resource | undefined {
  return link === undefined ? undefined : outermostOf(link.primary);
}

/** Colocations with primaries that are still to be assigned. */
function openLinks(resource: Resource): readonly Colocation[] {
  const speaker = resource.variant === 'group' ? resource.members[0] : resource;
  if (speaker === undefined) return [];
  return thisWithOf(speaker).filter(({ primary }) => !primary.decided && !primary.deciding);
}
