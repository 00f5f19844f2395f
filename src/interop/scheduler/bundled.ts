// Numbers and order of actions inside a bundle.
import { type XmlElement, xmlIndexOf } from '../../cib/index.ts';
import type { Difference } from './generations.ts';

/**
 * Whether numbers and order are all that differs, and 2.1.5 has the instances inside a bundle in the order of their
 * numbers where Haven has them in that of their assignment or promotion.
 */
export function ordersBundled({ cib, aspect, peer, haven }: Difference): boolean {
  if (aspect !== 'exact' || withoutOrder(peer) !== withoutOrder(haven)) return false;
  return bundledIn(cib).some((id) => isAscending(instancesOf(id, peer)) && !isAscending(instancesOf(id, haven)));
}

function bundledIn(cib: XmlElement): string[] {
  const bundles = [...xmlIndexOf(cib).allNamed('bundle')];
  return bundles.flatMap((bundle) => bundle.childrenNamed('primitive').flatMap(({ id }) => id ?? []));
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
