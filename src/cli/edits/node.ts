// Permanent node attributes, standby and maintenance among them, as crm_attribute(8) and crm_standby(8) keep them.
import { isTrue, type XmlElement } from '../../cib/index.ts';
import type { Edit } from '../../controller/index.ts';
import { nodeNamed } from './names.ts';
import { type PairHolder, pairEdits } from './nvset.ts';

/** Sets permanent attributes of a node, and removes those whose value is undefined. */
export function nodeAttributeEdits(
  cib: XmlElement,
  node: string,
  pairs: ReadonlyMap<string, string | undefined>,
): Edit[] {
  return pairEdits(nodeHolder(nodeNamed(cib, node)), pairs);
}

/** By its own attribute; not for being in maintenance with the whole cluster. */
export function isInMaintenance(cib: XmlElement, node: string): boolean {
  const pairs = nodeNamed(cib, node)
    .childrenNamed('instance_attributes')
    .flatMap((set) => set.children);
  return pairs.some((pair) => pair.get('name') === 'maintenance' && isTrue(pair.get('value')));
}

export function nodeHolder(node: XmlElement): PairHolder {
  return { owner: node, set: 'instance_attributes', setId: `nodes-${node.id}` };
}
