// Numbers and order of actions, where they follow from the order of instances.
import { isTrue, type XmlElement, xmlIndexOf } from '../../cib/index.ts';
import type { Difference } from './generations.ts';

/**
 * Whether numbers and order are all that differs, and 2.1.5 has the instances inside a bundle in the order of their
 * numbers where Haven has them in that of their assignment or promotion.
 */
export function ordersBundled(difference: Difference): boolean {
  const { cib, peer, haven } = difference;
  if (!differsInNumbers(difference)) return false;
  return bundledIn(cib).some((id) => isAscending(instancesOf(id, peer)) && !isAscending(instancesOf(id, haven)));
}

/** The same of the instances of an ordered clone. */
export function ordersOrdered(difference: Difference): boolean {
  const { cib, peer, haven } = difference;
  if (!differsInNumbers(difference)) return false;
  return orderedIn(cib).some((id) => isAscending(instancesOf(id, peer)) && !isAscending(instancesOf(id, haven)));
}

/** Whether numbers and order are all that differs, in a cluster with a clone that is looked for on some nodes only. */
export function ordersExclusive(difference: Difference): boolean {
  const index = xmlIndexOf(difference.cib);
  const exclusive = [...index.allNamed('rsc_location')].filter(
    (each) => each.get('resource-discovery')?.toLowerCase() === 'exclusive',
  );
  const clones = [...index.allNamed('clone')].map(({ id }) => id);
  return exclusive.some((each) => clones.includes(each.get('rsc'))) && differsInNumbers(difference);
}

function differsInNumbers({ aspect, peer, haven }: Difference): boolean {
  return aspect === 'exact' && withoutOrder(peer) === withoutOrder(haven);
}

function bundledIn(cib: XmlElement): string[] {
  const bundles = [...xmlIndexOf(cib).allNamed('bundle')];
  return bundles.flatMap((bundle) => bundle.childrenNamed('primitive').flatMap(({ id }) => id ?? []));
}

/** What ordered clones, of which each says so itself, have instances of. */
function orderedIn(cib: XmlElement): string[] {
  const isOrdered = (clone: XmlElement) =>
    clone
      .childrenNamed('meta_attributes')
      .flatMap(({ children }) => children)
      .some((pair) => pair.get('name') === 'ordered' && isTrue(pair.get('value')));
  const clones = [...xmlIndexOf(cib).allNamed('clone')].filter(isOrdered);
  return clones.flatMap(({ children }) =>
    children.flatMap((each) => (['primitive', 'group'].includes(each.name) ? (each.id ?? []) : [])),
  );
}

function withoutOrder(text: string): string {
  return text
    .replace(/ id="\d+"/g, '')
    .split('\n')
    .toSorted()
    .join('\n');
}

/** The numbers of the instances of a primitive, each where an action of it first stands in the graph. */
function instancesOf(id: string, graph: string): number[] {
  const actions = graph.matchAll(/<action_set>\n<[^>]*?operation_key="([^"]*):(\d+)_[^>]*>/g);
  return [...new Set([...actions].filter(([, name]) => name === id).map(([, , number]) => Number(number)))];
}

function isAscending(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0));
}
