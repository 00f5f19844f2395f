// Clones: numbered instances of a primitive or group.

import { isTrue, parseIntegerFrom, type XmlElement } from '../../cib/index.ts';
import type { Clone, Cluster, Group, Primitive } from '../model/index.ts';
import { noteMistake } from './cluster.ts';
import { commonOf, type Place, type UnpackResource } from './resource-basis.ts';
import { visitTree } from './tree.ts';

/** More instances than any cluster has; a larger number in a document is a slip, and must not take all memory. */
export const instancesMax = 1000;

export function unpackClone(
  cluster: Cluster,
  element: XmlElement,
  place: Place,
  unpack: UnpackResource,
): Clone | undefined {
  const cloned = element.children.find((child) => child.name === 'primitive' || child.name === 'group');
  if (cloned === undefined) {
    noteMistake(cluster, element, `the clone '${element.id}' has nothing to clone`);
    return undefined;
  }
  const clone = emptyClone(cluster, element, { place, cloned });
  if (clone.cloneMax > instancesMax) {
    noteMistake(
      cluster,
      element,
      `clone-max of '${clone.id}' is ${clone.cloneMax}; at most ${instancesMax} instances are made`,
    );
    clone.cloneMax = instancesMax;
  }
  if (!clone.meta.has('resource-stickiness')) clone.meta.set('resource-stickiness', '1');
  clone.meta.set('globally-unique', String(clone.unique));
  // At least one instance is needed to know what the clone is, even if it may not run.
  do {
    if (addInstance(cluster, clone, unpack) === undefined) return undefined;
  } while (clone.instancesMade < clone.cloneMax);
  return clone;
}

function emptyClone(
  cluster: Cluster,
  element: XmlElement,
  { place, cloned }: { readonly place: Place; readonly cloned: XmlElement },
): Clone {
  const common = commonOf(cluster, 'clone', element, place);
  const count = (name: string, fallback: number, legacyName = '') => {
    const text = common.meta.get(name) ?? common.meta.get(legacyName);
    return text === undefined ? fallback : parseIntegerFrom(0, text);
  };
  const perNode = count('clone-node-max', 1);
  return Object.assign(common, {
    variant: 'clone' as const,
    instances: [],
    clonedXml: cloned,
    cloneMax: count('clone-max', Math.max(1, cluster.nodes.length)),
    cloneNodeMax: common.unique ? perNode : Math.min(perNode, 1),
    promotedMax: common.promotable ? count('promoted-max', 1, 'master-max') : 0,
    promotedNodeMax: common.promotable ? count('promoted-node-max', 1, 'master-node-max') : 0,
    ordered: isTrue(common.meta.get('ordered')),
    interleave: isTrue(common.meta.get('interleave')),
    instancesMade: 0,
    promotionScoresAdded: false,
    rolesChosen: false,
    promotedCount: 0,
  });
}

/** Makes the next instance of a clone; one beyond clone-max is a removed one, known from history only. */
export function addInstance(cluster: Cluster, clone: Clone, unpack: UnpackResource): Primitive | Group | undefined {
  const number = clone.instancesMade;
  const extraMeta = { clone: String(number), 'clone-max': String(clone.cloneMax) };
  const place = { parent: clone, suffix: `:${number}`, extraMeta };
  const instance = unpack(cluster, clone.clonedXml, place);
  if (instance === undefined || (instance.variant !== 'primitive' && instance.variant !== 'group')) return undefined;
  clone.instancesMade += 1;
  if (number >= clone.cloneMax) {
    visitTree(instance, (each) => {
      each.removed = true;
    });
  }
  clone.instances.push(instance);
  return instance;
}
