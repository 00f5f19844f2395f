// Who is where: on each link, the endpoint of each node and the node behind each address. With a node list the list says
// it. Without one (a multicast ring of Corosync 1 or 2) it is learned from what is heard, and forgotten with the member.
import type { Endpoint } from '../../../linux/index.ts';
import type { RingLink, RingPeer } from './settings.ts';

/** As many as a ring has members at most: what forged node ids can add to the book ends there. */
export const learnedNodesMax = 384;

/** The sender's place in a ring message's header; 0 in a leave message. */
const headerNodeIdAt = 5;
/** Retransmitted under their originator's node id. */
const mcastType = 1;

export class AddressBook {
  #peers: readonly RingPeer[];
  readonly #ports: readonly number[];
  /** By link, then by node. */
  readonly #endpoints: readonly Map<number, Endpoint>[];
  /** By link, then by address. */
  readonly #nodes: readonly Map<string, number>[];
  readonly #learned = new Set<number>();

  constructor(peers: readonly RingPeer[], links: readonly RingLink[]) {
    this.#peers = peers;
    this.#ports = links.map(({ port }) => port);
    this.#endpoints = links.map(() => new Map());
    this.#nodes = links.map(() => new Map());
    this.setPeers(peers);
  }

  /** Whether a node list says who may speak. */
  get isListed(): boolean {
    return this.#peers.length > 0;
  }

  /** In the order of the list, or of acquaintance. */
  get nodeIds(): readonly number[] {
    return this.isListed ? this.#peers.map(({ nodeId }) => nodeId) : [...this.#learned];
  }

  setPeers(peers: readonly RingPeer[]): void {
    this.#peers = peers;
    for (const table of [...this.#endpoints, ...this.#nodes]) table.clear();
    for (const { nodeId, addresses } of peers) {
      addresses.forEach((address, link) => {
        if (address !== undefined) this.#enter(nodeId, link, address);
      });
    }
  }

  endpointOf(link: number, nodeId: number): Endpoint | undefined {
    return this.#endpoints[link]?.get(nodeId);
  }

  nodeAt(link: number, address: string): number | undefined {
    return this.#nodes[link]?.get(address);
  }

  endpoints(): { readonly nodeId: number; readonly to: Endpoint }[] {
    return this.#endpoints.flatMap((byNode) => [...byNode].map(([nodeId, to]) => ({ nodeId, to })));
  }

  /** `nodeId` was heard from `address`. `acquainted`: it is news that there is this node. */
  learn(nodeId: number, link: number, address: string): 'acquainted' | 'known' | 'too-many' {
    const isNew = !this.#learned.has(nodeId);
    if (isNew && this.#learned.size >= learnedNodesMax) return 'too-many';
    this.#learned.add(nodeId);
    if (this.endpointOf(link, nodeId)?.address !== address) {
      const before = this.endpointOf(link, nodeId)?.address;
      if (before !== undefined) this.#nodes[link]?.delete(before);
      this.#enter(nodeId, link, address);
    }
    return isNew ? 'acquainted' : 'known';
  }

  /** Of the learned nodes, these stay; who is gone and comes back is learned anew. */
  keep(nodeIds: readonly number[]): void {
    const gone = [...this.#learned].filter((nodeId) => !nodeIds.includes(nodeId));
    for (const nodeId of gone) {
      this.#learned.delete(nodeId);
      for (const [link, byNode] of this.#endpoints.entries()) {
        const address = byNode.get(nodeId)?.address;
        byNode.delete(nodeId);
        if (address !== undefined && this.#nodes[link]?.get(address) === nodeId) this.#nodes[link]?.delete(address);
      }
    }
  }

  #enter(nodeId: number, link: number, address: string): void {
    const port = this.#ports[link];
    if (port === undefined) return;
    this.#endpoints[link]?.set(nodeId, { address, port });
    this.#nodes[link]?.set(address, nodeId);
  }
}

/** Who sent a ring message that nobody sealed: undefined where the header does not say. */
export function headerNodeId(bytes: Uint8Array): number | undefined {
  if (bytes.length < headerNodeIdAt + 4 || bytes[3] === mcastType) return undefined;
  const nodeId = new DataView(bytes.buffer, bytes.byteOffset).getUint32(headerNodeIdAt, true);
  return nodeId === 0 ? undefined : nodeId;
}
