// Meta-attributes of a resource: whether it should run, whether it is managed, and the rest.
import { childAt, isTrue, metaAttributeTypes, type XmlElement, xmlIndexOf } from '../../cib/index.ts';
import type { Edit } from '../../controller/index.ts';
import { resourceNamed, unknownName } from './names.ts';
import { type PairHolder, pairEdits, pairValue } from './nvset.ts';

export function metaHolder(resource: XmlElement): PairHolder {
  return { owner: resource, set: 'meta_attributes', setId: `${resource.id}-meta_attributes` };
}

/** @throws CommandFailure `not-found` for no known meta-attribute, with the nearest */
export function metaEdits(cib: XmlElement, id: string, pairs: ReadonlyMap<string, string | undefined>): Edit[] {
  for (const name of pairs.keys()) assertMetaName(name);
  return pairEdits(metaHolder(resourceNamed(cib, id)), pairs);
}

export function assertMetaName(name: string): void {
  if (Object.hasOwn(metaAttributeTypes, name)) return;
  throw unknownName(`'${name}' is no meta-attribute of resources`, name, Object.keys(metaAttributeTypes));
}

/**
 * Lets a resource run again: its own `target-role` goes (Started would keep a promotable clone from being promoted),
 * unless the defaults say Stopped.
 */
export function startEdits(cib: XmlElement, id: string): Edit[] {
  const stoppedByDefault = defaultOf(cib, 'target-role')?.toLowerCase() === 'stopped';
  return metaEdits(cib, id, new Map([['target-role', stoppedByDefault ? 'Started' : undefined]]));
}

export function stopEdits(cib: XmlElement, id: string): Edit[] {
  return metaEdits(cib, id, new Map([['target-role', 'Stopped']]));
}

export function manageEdits(cib: XmlElement, id: string): Edit[] {
  const unmanagedByDefault = isUnset(defaultOf(cib, 'is-managed'));
  return metaEdits(cib, id, new Map([['is-managed', unmanagedByDefault ? 'true' : undefined]]));
}

export function unmanageEdits(cib: XmlElement, id: string): Edit[] {
  return metaEdits(cib, id, new Map([['is-managed', 'false']]));
}

/** The collection around the resource that has a `target-role` of Stopped itself, if there is one. */
export function stoppedAround(cib: XmlElement, id: string): string | undefined {
  const index = xmlIndexOf(cib);
  const lineage = index.lineageOf(resourceNamed(cib, id)).slice(0, -1);
  return lineage.find((each) => pairValue(metaHolder(each), 'target-role')?.toLowerCase() === 'stopped')?.id;
}

function defaultOf(cib: XmlElement, name: string): string | undefined {
  const owner = childAt(cib, 'configuration', 'rsc_defaults');
  return owner === undefined ? undefined : pairValue({ owner, set: 'meta_attributes', setId: '' }, name);
}

function isUnset(value: string | undefined): boolean {
  return value !== undefined && !isTrue(value);
}
