// What of its settings a running ring can take on, and what it cannot: nodes and their addresses, timeouts, votes and our own
// address on a link change while it runs; who we are and how we speak do not.
import type { RingSettings } from './settings.ts';

/** A difference that only a restart brings into force. */
export type FixedDifference = {
  /** The key of corosync.conf that says it; `totem.interface.N.…` for a link. */
  readonly key: string;
  readonly what: string;
  readonly why: string;
};

/** Empty: `next` can be taken on by a ring that runs by `now`. */
export function fixedDifferences(now: RingSettings, next: RingSettings): readonly FixedDifference[] {
  const found: FixedDifference[] = [];
  const compare = (key: string, of: (settings: RingSettings) => string | number, why: string) => {
    const [before, after] = [of(now), of(next)];
    if (before !== after) found.push({ key, what: `'${key}' changed from ${before} to ${after}`, why });
  };
  const nameWhy = 'it is part of the key of sealed datagrams, and of the group that a ring without mcastaddr uses';
  compare('totem.cluster_name', ({ clusterName }) => clusterName || 'none', nameWhy);
  compare('nodelist.node.nodeid', ({ nodeId }) => nodeId, 'the others know this node by it');
  compare('totem.transport', transportOf, 'other nodes send where this one would no longer listen');
  compare('totem.secauth', ({ security }) => security.kind, 'datagrams of the other kind are not understood');
  compare('totem.netmtu', ({ ring }) => ring.netMtu, 'messages are packed by it');
  compare('totem.rrp_mode', ({ linkMode }) => linkMode, 'both ends of a link judge it alike');
  compare(
    'quorum.provider',
    ({ quorum }) => (quorum === undefined ? 'none' : 'votequorum'),
    'votes were counted by it',
  );
  const listed = ({ peers }: RingSettings) => (peers.length > 0 ? 'a node list' : 'no node list');
  compare('nodelist.node.0.ring0_addr', listed, 'who is a member is known by the list, or by what is heard');
  const numbers = ({ links }: RingSettings) => `link ${links.map(({ number }) => number).join(', link ')}`;
  compare('nodelist.node.0.ring0_addr', numbers, 'links are added and removed only while a node is down');
  if (numbers(now) !== numbers(next)) return found;
  now.links.forEach(({ number, port, group }, index) => {
    const other = next.links[index];
    const at = (name: string) => `totem.interface.${number}.${name}`;
    const listens = 'the others go on sending to the former one';
    compare(at('mcastport'), (settings) => (settings === now ? port : (other?.port ?? 0)), listens);
    const groupText = (one: typeof group) => (one === undefined ? 'none' : `${one.address} (ttl ${one.ttl})`);
    compare(at('mcastaddr'), (settings) => groupText(settings === now ? group : other?.group), listens);
  });
  return found;
}

function transportOf({ links }: RingSettings): string {
  return links.some(({ group }) => group !== undefined) ? 'udp' : 'udpu';
}
