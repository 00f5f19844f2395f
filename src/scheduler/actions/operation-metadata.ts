// What the configuration says about an operation, once for all actions of the same resource, task and interval: rules
// here see agents and operations, never nodes.

import { xmlIndexOf } from '../../cib/index.ts';
import {
  collectiveOperationMeta,
  isProbe,
  leavesToDefaults,
  type OperationName,
  operationMeta,
} from '../configuration/operation-meta.ts';
import type { Cluster, ClusterNode, Resource } from '../model/index.ts';
import type { Metadata } from './action.ts';

const timeoutMsDefault = '20000';

export class OperationMetadata {
  readonly #cluster: Cluster;
  readonly #known: (Map<string, Metadata> | undefined)[] = [];
  /** What everything has that nothing is configured for. */
  readonly #plain: Metadata = new Map([['timeout', timeoutMsDefault]]);
  readonly #hasDefaults: boolean;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#hasDefaults = (xmlIndexOf(cluster.cib).only('op_defaults')?.children.length ?? 0) > 0;
  }

  /** Names and values, `timeout` and `interval` in milliseconds. The node counts for fence devices only. */
  of(resource: Resource, name: OperationName, node: ClusterNode | undefined): Metadata {
    if (dependsOnNode(resource) && (name.task === 'start' || isProbe(name))) return this.#read(resource, name, node);
    let known = this.#known[resource.index];
    if (known === undefined) {
      known = new Map();
      this.#known[resource.index] = known;
    }
    const key = name.intervalMs === 0 ? name.task : `${name.task}:${name.intervalMs}`;
    const cached = known.get(key);
    if (cached !== undefined) return cached;
    const values = this.#read(resource, name, node);
    known.set(key, values);
    return values;
  }

  #read(resource: Resource, name: OperationName, node: ClusterNode | undefined): Metadata {
    if (resource.variant !== 'primitive')
      return this.#hasDefaults ? collectiveOperationMeta(this.#cluster, name) : this.#plain;
    if (!this.#hasDefaults && leavesToDefaults(resource, name)) return this.#plain;
    return operationMeta(this.#cluster, resource, name, node);
  }
}

/** Whether the node counts for what is configured about the resource's operations. */
export function dependsOnNode(resource: Resource): boolean {
  return resource.variant === 'primitive' && resource.isFenceDevice;
}
