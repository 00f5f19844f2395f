// Name-value pairs of an object in the document: where they are kept, and the edits that set and remove them. Ids are those
// that crm_attribute(8), crm_resource(8) and pcs(8) give, so that those tools find and change what was made here.
import { serialiseXml, type XmlElement, xmlElement } from '../../cib/index.ts';
import type { Edit } from '../../controller/index.ts';
import { sanitizedId } from './names.ts';

export type PairHolder = {
  /** `node`, `primitive`, `crm_config` … */
  readonly owner: XmlElement;
  /** `instance_attributes`, `meta_attributes` or `cluster_property_set`. */
  readonly set: string;
  /** The id of the set when there is none yet. */
  readonly setId: string;
};

/** Sets or, where the value is undefined, removes pairs; an edit for each that changes anything. */
export function pairEdits(holder: PairHolder, pairs: ReadonlyMap<string, string | undefined>): Edit[] {
  const edits: Edit[] = [];
  const sets = new Map<string, XmlElement[]>();
  for (const [name, value] of pairs) {
    const known = knownPair(holder, name);
    if (known?.pair.get('value') === value) continue;
    if (value === undefined) edits.push({ kind: 'delete', xml: serialiseXml(known?.pair ?? xmlElement('nvpair')) });
    else {
      const set = known?.set.id ?? firstSetId(holder);
      const id = known?.pair.id ?? sanitizedId(`${set}-${name}`);
      sets.set(set, [...(sets.get(set) ?? []), xmlElement('nvpair', { id, name, value })]);
    }
  }
  for (const [id, nvpairs] of sets) edits.push(mergeEdit(holder, xmlElement(holder.set, { id }, nvpairs)));
  return edits;
}

/** The value that is configured on the object itself. */
export function pairValue(holder: PairHolder, name: string): string | undefined {
  return knownPair(holder, name)?.pair.get('value');
}

/** A new set of these pairs, or none. */
export function pairSet(name: string, id: string, pairs: ReadonlyMap<string, string>): XmlElement[] {
  if (pairs.size === 0) return [];
  const nvpairs = [...pairs].map(([key, value]) =>
    xmlElement('nvpair', { id: sanitizedId(`${id}-${key}`), name: key, value }),
  );
  return [xmlElement(name, { id }, nvpairs)];
}

/** Sets by themselves: those with rules or references are somebody's own work, and are not written to. */
function plainSets({ owner, set }: PairHolder): XmlElement[] {
  return owner.childrenNamed(set).filter((each) => each.id !== undefined && each.child('rule') === undefined);
}

function knownPair(holder: PairHolder, name: string): { set: XmlElement; pair: XmlElement } | undefined {
  for (const set of plainSets(holder)) {
    const pair = set.childrenNamed('nvpair').find((each) => each.get('name') === name);
    if (pair !== undefined) return { set, pair };
  }
  return undefined;
}

function firstSetId(holder: PairHolder): string {
  return plainSets(holder)[0]?.id ?? holder.setId;
}

function mergeEdit({ owner }: PairHolder, set: XmlElement): Edit {
  return { kind: 'modify', xml: serialiseXml(xmlElement(owner.name, { id: owner.id }, [set])) };
}
