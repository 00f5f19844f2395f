// Whether an operation ran with what is configured now: digests of parameters, recorded with the operation, are made again and
// compared.

import { parametersDigest, type XmlElement } from '../../cib/index.ts';
import { parametersOf } from '../configuration/meta.ts';
import { type OperationName, operationMeta, operationParameters } from '../configuration/operation-meta.ts';
import type { Cluster, ClusterNode, HistoryEntry, Primitive } from '../model/index.ts';

/**
 * `restart`: a parameter changed that a running resource cannot take over. `mismatch`: another one changed. `unknown`: no
 * digest was recorded.
 */
export type DigestComparison = 'match' | 'unknown' | 'mismatch' | 'restart';

export type DigestSubject = {
  readonly node: ClusterNode;
  readonly entry: HistoryEntry;
  /** Parameters that are known only now and override what is configured. */
  readonly overrides?: ReadonlyMap<string, string>;
};

export function compareWithConfiguration(
  cluster: Cluster,
  resource: Primitive,
  subject: DigestSubject,
): DigestComparison {
  const { entry, node } = subject;
  const parameters = digestParameters(cluster, resource, subject);
  const { xml: basis } = digestBasis(cluster, resource, subject);
  const restart = entry.xml.get('op-restart-digest');
  const isComparable = restart !== undefined && basis.has('op-restart-digest');
  if (isComparable && restart !== parametersDigest(restartParameters(basis, parameters))) return 'restart';
  const digest = entry.xml.get('op-digest');
  if (digest === undefined) return 'unknown';
  if (digest === parametersDigest(parameters)) return 'match';
  const hasOwn = entry.intervalMs === 0 && operationParameters(cluster, resource, entry, node).size > 0;
  return hasOwn ? 'restart' : 'mismatch';
}

/**
 * An operation that is recorded twice, such as a monitor and its last failure, is compared with the same digests: those
 * that were made for the entry met first, which says what a restart depends on.
 */
function digestBasis(cluster: Cluster, resource: Primitive, { node, entry }: DigestSubject): HistoryEntry {
  const { digestBases } = cluster.caches;
  const key = digestKey(resource, node, entry);
  const known = digestBases.get(key);
  if (known === undefined) digestBases.set(key, entry);
  return known ?? entry;
}

export function digestKey(resource: Primitive, node: ClusterNode, { task, intervalMs }: OperationName): string {
  return `${resource.id}:${node.index}:${task}:${intervalMs}`;
}

/** What an operation would be run with, without what never counts as a change. A `timeout` that is known is not read again. */
export function digestParameters(
  cluster: Cluster,
  resource: Primitive,
  subject: Omit<DigestSubject, 'entry'> & { readonly entry: OperationName; readonly timeout?: string },
): Map<string, string> {
  const { node, entry, overrides } = subject;
  const parameters = new Map<string, string>(overrides);
  const sources = [parametersOf(cluster, resource, node), operationParameters(cluster, resource, entry, node)];
  for (const source of sources) {
    source.forEach((value, name) => {
      if (!parameters.has(name)) parameters.set(name, value);
    });
  }
  const given = parameters.get('CRM_meta_timeout');
  parameters.forEach((_value, name) => {
    if (name.startsWith('CRM_meta_') || uncounted.has(name)) parameters.delete(name);
  });
  if (entry.intervalMs > 0) {
    const timeout = given ?? subject.timeout ?? operationMeta(cluster, resource, entry, node).get('timeout');
    if (timeout !== undefined) parameters.set('CRM_meta_timeout', timeout);
  }
  return parameters;
}

const uncounted = new Set(['id', 'crm_feature_set', 'op-digest', 'on_node', 'on_node_uuid', 'pcmk_external_ip']);

function restartParameters(basis: XmlElement, parameters: ReadonlyMap<string, string>): Map<string, string> {
  const listed = basis.get('op-force-restart');
  if (listed === undefined) return new Map(parameters);
  const names = new Set(listed.split(' '));
  return new Map([...parameters].filter(([name]) => names.has(name)));
}
