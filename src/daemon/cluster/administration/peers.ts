// The other members, asked over TLS.
import { ApiClient, type NodeList } from '../../../api/index.ts';
import type { ClusterConfiguration } from '../configuration.ts';
import type { Certificates } from './certificate-files.ts';

/** Each of the other nodes, by its first address. */
export function peerClients(
  { nodes, port }: ClusterConfiguration,
  options: { readonly self: string; readonly certificates: Certificates; readonly timeoutMs: number },
): { readonly name: string; readonly client: ApiClient }[] {
  const { authority, identity } = options.certificates;
  const { timeoutMs } = options;
  return nodes
    .filter(({ name }) => name !== options.self)
    .flatMap(({ name, addresses: [address] }) => {
      if (address === undefined) return [];
      const target = { name, address, port, timeoutMs };
      const trust = { ca: authority.certificate, cert: identity.certificate, key: identity.key };
      return [{ name, client: new ApiClient({ ...target, ...trust }) }];
    });
}

/** The newest list that others have, of those that answer within the time of their clients. */
export async function newestList(peers: ReturnType<typeof peerClients>): Promise<NodeList | undefined> {
  const answers = await Promise.allSettled(peers.map(({ client }) => client.nodeList()));
  // Who does not answer now is heard over the ring, or not at all.
  const lists = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  return lists.reduce<NodeList | undefined>(
    (newest, list) => (newest === undefined || list.revision > newest.revision ? list : newest),
    undefined,
  );
}
