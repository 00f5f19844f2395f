// Digests of what an operation would be run with: of everything, of what needs a restart, and of what is not secret.

import { compareVersions, parametersDigest } from '../../cib/index.ts';
import { parametersOf } from '../configuration/meta.ts';
import { operationParameters } from '../configuration/operation-meta.ts';
import type { Cluster, ClusterNode, HistoryEntry, Primitive } from '../model/index.ts';
import { type DigestComparison, digestKey, digestParameters } from '../status/digest.ts';
import type { OperationMetadata } from './operation-metadata.ts';

export type Digests = {
  readonly all: string;
  readonly restart: string | undefined;
  /** Made on demand: seldom anything depends on it. */
  readonly secure: () => string;
};

/** From this version on, recorded digests cover all parameters of an operation. */
const wholeSince = '3.16.0';
export const featureSet = '3.20.5';

const secretNames = ['passwd', 'password', 'user'];
const fenceParameters = new Set([
  'provides',
  'stonith-timeout',
  'pcmk_action_limit',
  'pcmk_delay_base',
  'pcmk_delay_max',
  'pcmk_host_argument',
  'pcmk_host_check',
  'pcmk_host_list',
  'pcmk_host_map',
]);

export type DigestQuery = {
  readonly resource: Primitive;
  readonly node: ClusterNode;
  readonly task: string;
  readonly intervalMs: number;
  /** What was recorded, where something was. */
  readonly entry?: HistoryEntry;
  readonly overrides?: ReadonlyMap<string, string>;
};

/** Calculates each operation's digests once: an operation recorded twice is compared with the same. */
export class ParameterDigests {
  readonly #cluster: Cluster;
  readonly #metadata: OperationMetadata;
  readonly #known = new Map<string, Digests>();
  /** By names and values: many resources have the same parameters, or none. */
  readonly #ofParameters = new Map<string, string>();

  constructor(cluster: Cluster, metadata: OperationMetadata) {
    this.#cluster = cluster;
    this.#metadata = metadata;
  }

  of(query: DigestQuery): Digests {
    const key = digestKey(query.resource, query.node, query);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const basis = this.#cluster.caches.digestBases.get(key);
    const digests = this.#calculate(basis === undefined ? query : { ...query, entry: basis });
    this.#known.set(key, digests);
    return digests;
  }

  /** How the recorded operation compares with what it would be run with now. */
  compare(query: DigestQuery & { readonly entry: HistoryEntry }): DigestComparison | 'private' {
    const { resource, node, entry } = query;
    const digests = this.of(query);
    const outcome = this.#outcome(query, digests);
    const recorded = this.#cluster.secrets === 'ignored' ? entry.xml.get('op-secure-digest') : undefined;
    if (outcome !== 'match' && recorded !== undefined && recorded === digests.secure()) return 'private';
    if (outcome !== 'mismatch' || entry.intervalMs > 0) return outcome;
    return operationParameters(this.#cluster, resource, entry, node).size > 0 ? 'restart' : 'mismatch';
  }

  #outcome({ entry }: { readonly entry: HistoryEntry }, digests: Digests): DigestComparison {
    const restart = this.#recordedRestart(entry);
    if (restart !== undefined && digests.restart !== undefined && restart !== digests.restart) return 'restart';
    const recorded = entry.xml.get('op-digest');
    if (recorded === undefined) return 'unknown';
    return recorded === digests.all ? 'match' : 'mismatch';
  }

  /** An expired failure of a recurring operation counts as changed, so that it is scheduled anew. */
  #recordedRestart(entry: HistoryEntry): string | undefined {
    return this.#cluster.staleEntries.has(entry.xml)
      ? 'calculated-failure-timeout'
      : entry.xml.get('op-restart-digest');
  }

  #calculate(query: DigestQuery): Digests {
    const { resource, node, task, intervalMs, entry, overrides } = query;
    const operation = { task, intervalMs };
    const timeout = intervalMs > 0 ? this.#metadata.of(resource, operation, node).get('timeout') : undefined;
    const parameters = digestParameters(this.#cluster, resource, {
      node,
      entry: operation,
      ...(overrides === undefined ? {} : { overrides }),
      ...(timeout === undefined ? {} : { timeout }),
    });
    const needsRestart = entry !== undefined && this.#recordedRestart(entry) !== undefined;
    return {
      all: this.#digestOf(parameters),
      restart: needsRestart ? this.#digestOf(restricted(parameters, entry.xml.get('op-force-restart'))) : undefined,
      secure: () => this.#digestOf(this.#publicParameters(query, parameters)),
    };
  }

  #digestOf(parameters: ReadonlyMap<string, string>): string {
    const text = [...parameters].flat().join('\0');
    const known = this.#ofParameters.get(text);
    if (known !== undefined) return known;
    const digest = parametersDigest(parameters);
    this.#ofParameters.set(text, digest);
    return digest;
  }

  #publicParameters(query: DigestQuery, all: ReadonlyMap<string, string>): Map<string, string> {
    const { resource, node, entry } = query;
    const version = entry?.xml.get('crm_feature_set') ?? this.#cluster.featureSet ?? featureSet;
    const whole = compareVersions(version, wholeSince) >= 0;
    const shown = new Map(whole ? all : parametersOf(this.#cluster, resource, node));
    const secrets = entry === undefined ? secretNames : (entry.xml.get('op-secure-params') ?? '').split(' ');
    for (const name of secrets) shown.delete(name);
    if (whole) return shown;
    for (const name of [...shown.keys()]) {
      const special =
        resource.isFenceDevice && (fenceParameters.has(name) || /^pcmk_.*_(action|timeout|retries)$/.test(name));
      if (special || !all.has(name)) shown.delete(name);
    }
    return shown;
  }
}

function restricted(parameters: ReadonlyMap<string, string>, listed: string | undefined): ReadonlyMap<string, string> {
  if (listed === undefined) return parameters;
  const names = new Set(listed.split(' '));
  return new Map([...parameters].filter(([name]) => names.has(name)));
}
