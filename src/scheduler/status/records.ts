// Looking up what any node recorded about any resource, for conclusions that need more than one history.

import type { XmlElement } from '../../cib/index.ts';
import { childAt, xmlIndexOf } from '../../cib/index.ts';
import type { Cluster, HistoryEntry } from '../model/index.ts';
import { readEntries } from './history-reader.ts';

const none: readonly XmlElement[] = [];

/** The `lrm_resource` elements of every `node_state`, each in document order. */
export function lrmResourcesOf(nodeState: XmlElement): readonly XmlElement[] {
  return childAt(nodeState, 'lrm', 'lrm_resources')?.childrenNamed('lrm_resource') ?? none;
}

/** Everything recorded on a node under a resource's name, oldest first. */
export function recordedEntries(cluster: Cluster, nodeName: string, resourceName: string): HistoryEntry[] {
  const records = recordsOf(cluster).get(nodeName)?.get(resourceName) ?? none;
  return records.flatMap((record) => readEntries(record, nodeName));
}

function recordsOf(cluster: Cluster): Map<string, Map<string, XmlElement[]>> {
  cluster.caches.records ??= readRecords(cluster);
  return cluster.caches.records;
}

function readRecords(cluster: Cluster): Map<string, Map<string, XmlElement[]>> {
  const byNode = new Map<string, Map<string, XmlElement[]>>();
  for (const state of xmlIndexOf(cluster.cib).allNamed('node_state')) {
    const name = state.get('uname');
    if (name === undefined) continue;
    const byResource = byNode.get(name) ?? new Map<string, XmlElement[]>();
    byNode.set(name, byResource);
    for (const record of lrmResourcesOf(state)) {
      const known = byResource.get(record.id ?? '');
      if (known === undefined) byResource.set(record.id ?? '', [record]);
      else known.push(record);
    }
  }
  return byNode;
}
