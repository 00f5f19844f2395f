// What the controller asks the document.
import { childAt, collectValues, type Instant, nvsetsOf, type XmlElement, xmlIndexOf } from '../../cib/index.ts';
import type { NodeName } from './status.ts';

/** Cluster options as configured at this time, by name. */
export function clusterOptionsOf(cib: XmlElement, now: Instant): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  const section = childAt(cib, 'configuration', 'crm_config');
  if (section === undefined) return values;
  const index = xmlIndexOf(cib);
  collectValues(values, nvsetsOf(section, 'cluster_property_set', index, 'cib-bootstrap-options'), index, { now });
  return values;
}

export function nodeStatesOf(cib: XmlElement): readonly XmlElement[] {
  return childAt(cib, 'status')?.childrenNamed('node_state') ?? [];
}

export function nodeNameOf(state: XmlElement): NodeName {
  return { id: state.id ?? '', name: state.get('uname') ?? state.id ?? '' };
}

export function isMember(state: XmlElement): boolean {
  return state.get('in_ccm') === 'true' && state.get('crmd') === 'online';
}

/** Transient attributes of a node. */
export function transientAttributesOf(cib: XmlElement, node: NodeName): ReadonlyMap<string, string> {
  const state = nodeStatesOf(cib).find(({ id }) => id === node.id);
  const set = state === undefined ? undefined : childAt(state, 'transient_attributes', 'instance_attributes');
  return new Map((set?.children ?? []).map((pair) => [pair.get('name') ?? '', pair.get('value') ?? '']));
}

export type RecordedOperation = { readonly node: NodeName; readonly resource: string; readonly entry: XmlElement };

/** Every operation that the nodes reported, in document order. */
export function recordedOperations(cib: XmlElement): RecordedOperation[] {
  return nodeStatesOf(cib).flatMap((state) =>
    (childAt(state, 'lrm', 'lrm_resources')?.children ?? []).flatMap((resource) =>
      resource.children.map((entry) => ({ node: nodeNameOf(state), resource: resource.id ?? '', entry })),
    ),
  );
}
