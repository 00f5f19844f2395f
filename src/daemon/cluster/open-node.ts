// A node as its disk has it: the document, replayed, and where it stands in the cluster's history.
import { randomUUID } from 'node:crypto';
import {
  endOf,
  initialNode,
  type NodeState,
  placesOf,
  type Recovered,
  replay,
  type Store,
  snapshotOf,
} from '../../controller/index.ts';
import type { Logger } from '../../kit/index.ts';
import { systemStart } from '../../linux/index.ts';
import type { ClusterConfiguration } from './configuration.ts';
import { documentOf, initialDocument } from './initial-document.ts';

export type OpenedStore = { readonly store: Store; readonly recovered: Recovered };

const version = '0.1.0';

/** @throws DiskError */
export function openNode(
  configuration: ClusterConfiguration,
  { nodeId, name, store, recovered }: { readonly nodeId: number; readonly name: string } & OpenedStore,
  logger: Logger,
): NodeState {
  for (const { severity, text } of recovered.remarks) logger[severity](text);
  const base =
    recovered.snapshot === undefined ? initialDocument(configuration) : documentOf(recovered.snapshot.document);
  const state = initialNode({
    self: {
      nodeId,
      name,
      id: String(nodeId),
      cluster: configuration.cluster,
      boot: systemStart(),
      daemon: randomUUID(),
      version,
    },
    cib: replay(base, recovered.records),
    place: endOf(recovered),
    chains: placesOf(recovered),
    trusted: recovered.trusted,
  });
  // The changes to come are of this document; the node list, of which it was made, may change before them.
  if (recovered.snapshot === undefined && recovered.trusted) store.replace(snapshotOf(state.replica));
  return state;
}
