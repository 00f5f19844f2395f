// Orders of kind Serialize: what is in them never happens at once, in whichever order.
import { childAt, isTrue, type XmlElement, xmlIndexOf } from '../../cib/index.ts';
import type { Difference } from './generations.ts';

/** Whether such an order names two resources that another order names as well. */
export function isSerialisedTwice(cib: XmlElement): boolean {
  const orders = ordersOf(cib);
  return orders.some((order) => {
    const ids = orderedBy(order);
    return (
      isSerial(order) &&
      orders.some((other) => other !== order && orderedBy(other).filter((id) => ids.includes(id)).length > 1)
    );
  });
}

/** Whether 2.1.5 alone lets starts wait for starts, in a cluster where such an order is between interleaved clones. */
export function relatesSerialised({ cib, aspect, onlyPeer, onlyHaven }: Difference): boolean {
  const serial = ordersOf(cib).filter(isSerial).flatMap(orderedBy);
  const clones = [...xmlIndexOf(cib).allNamed('clone')].filter(({ id }) => id !== undefined && serial.includes(id));
  const inside = clones.filter(isInterleaved).flatMap((clone) => clone.children.flatMap(({ id }) => id ?? []));
  return (
    aspect === 'graph' &&
    onlyHaven.length === 0 &&
    onlyPeer.every((line) => inside.includes(/^(\S+)_start_0 .* after \S+_start_0 /.exec(line)?.[1] ?? ''))
  );
}

function ordersOf(cib: XmlElement): readonly XmlElement[] {
  return childAt(cib, 'configuration', 'constraints')?.childrenNamed('rsc_order') ?? [];
}

function isSerial(order: XmlElement): boolean {
  return [order, ...order.children].some((each) => each.get('kind')?.toLowerCase() === 'serialize');
}

function orderedBy(order: XmlElement): string[] {
  const references = xmlIndexOf(order).allNamed('resource_ref');
  return [order.get('first'), order.get('then'), ...references.map(({ id }) => id)].filter((id) => id !== undefined);
}

function isInterleaved(clone: XmlElement): boolean {
  const pairs = clone.childrenNamed('meta_attributes').flatMap(({ children }) => children);
  return pairs.some((pair) => pair.get('name') === 'interleave' && isTrue(pair.get('value')));
}
