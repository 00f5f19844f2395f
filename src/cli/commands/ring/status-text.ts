// The ring in words: quorum and members as corosync-quorumtool -s prints them, links as corosync-cfgtool -s does, then what
// only Haven has to tell.
import type { KeyStatus, LinkStatus, RingStatus } from '../../../membership/index.ts';

export function formatRingStatus(status: RingStatus, now: Date): string {
  return [
    quorumBlock(status, now),
    votesBlock(status),
    memberBlock(status),
    linkBlock(status),
    transportBlock(status),
    counterBlock(status),
  ].join('\n');
}

function quorumBlock(status: RingStatus, now: Date): string {
  return block('Quorum information', [
    ['Date:', ctime(now)],
    ['Quorum provider:', status.quorum.expectedVotes === 0 ? '' : 'corosync_votequorum'],
    ['Nodes:', String(status.members.length)],
    ['Node ID:', String(status.nodeId)],
    ['Ring ID:', status.ringId],
    ['Quorate:', status.quorum.quorate ? 'Yes' : 'No'],
  ]);
}

function votesBlock({ quorum, members, quorumFlags }: RingStatus): string {
  const highest = Math.max(
    quorum.expectedVotes,
    members.reduce((sum, { votes }) => sum + (votes ?? 0), 0),
  );
  const blocked = quorum.quorate ? ' ' : 'Activity blocked';
  return block('Votequorum information', [
    ['Expected votes:', String(quorum.expectedVotes)],
    ['Highest expected:', String(highest)],
    ['Total votes:', String(quorum.votes)],
    ['Quorum:', `${quorum.votesNeeded} ${blocked}`],
    ['Flags:', `${quorumFlags.join(' ')} `],
  ]);
}

function memberBlock({ members, nodeId }: RingStatus): string {
  const heading = '    Nodeid      Votes Name';
  const rows = members.map((member) => {
    const votes = String(member.votes ?? 0);
    const name = `${member.name ?? member.address ?? ''}${member.nodeId === nodeId ? ' (local)' : ''}`;
    return `${String(member.nodeId).padStart(10)} ${votes.padStart(10)} ${name.trimStart()}`;
  });
  return `Membership information\n----------------------\n${[heading, ...rows].join('\n')}\n`;
}

/** As corosync-cfgtool -s prints it; a node on one of several links is `disconnected` by that link's own health. */
function linkBlock(status: RingStatus): string {
  const transport = status.links.some(({ group }) => group !== undefined) ? 'udp' : 'udpu';
  const blocks = status.links.flatMap((link) => [
    `LINK ID ${link.number} `,
    `\taddr\t= ${link.address}`,
    '\tstatus:',
    ...nodesOf(status).map((nodeId) => `\t\tnodeid: ${String(nodeId).padStart(10)}:\t${stateOn(link, nodeId, status)}`),
  ]);
  return `Local node ID ${status.nodeId}, transport ${transport}\n${blocks.join('\n')}\n`;
}

/** Listed or, without a node list, present. */
function nodesOf({ expected, members }: RingStatus): number[] {
  return (expected.length > 0 ? expected : members).map(({ nodeId }) => nodeId).sort((left, right) => left - right);
}

function stateOn({ peers }: LinkStatus, nodeId: number, { nodeId: own, members }: RingStatus): string {
  if (nodeId === own) return 'localhost';
  const health = peers.find((peer) => peer.nodeId === nodeId)?.state;
  const isThere = health === undefined ? members.some((member) => member.nodeId === nodeId) : health === 'up';
  return isThere ? 'connected' : 'disconnected';
}

function transportBlock({ links, security, keys, tokenMs }: RingStatus): string {
  const endpoints = links.map(({ number, address, port, group, carrier }) => {
    const groupText = group === undefined ? '' : `, group ${group}`;
    return `Link ${number}: ${address} port ${port}${groupText}, carrier ${carrier}`;
  });
  const sealed = `Datagrams are ${security === 'sealed' ? 'sealed (AES-256-GCM)' : 'not sealed'}.`;
  const lines = [sealed, ...keyLines(keys), ...endpoints, `Token timeout: ${tokenMs} ms`];
  return `Transport\n---------\n${lines.join('\n')}\n`;
}

/** Which keys a sealed ring is sent with and hears, and which each peer was last heard under. */
export function keyLines(keys: KeyStatus | undefined): string[] {
  if (keys === undefined) return [];
  const others = keys.peers.map(({ nodeId, keyId }) => `    node ${nodeId}: key ${keyId}`);
  return [`Sent with key ${keys.sendsWith}; heard: key ${keys.hears.join(', key ')}`, ...others];
}

function counterBlock({ counters, network, refused, phase }: RingStatus): string {
  const rows = Object.entries({ ...counters, ...network }).map(([name, value]) => [`${name}:`, String(value)] as const);
  const refusals = Object.entries(refused).map(([reason, count]) => [`refused, ${reason}:`, String(count)] as const);
  return block('Counters', [['state:', phase], ...rows, ...refusals]);
}

/** The column of the values in corosync-quorumtool's blocks; where a label is longer, further right. */
const labelWidth = 18;

function block(title: string, rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(labelWidth, ...rows.map(([label]) => label.length + 1));
  const lines = rows.map(([label, value]) => `${label.padEnd(width)}${value}`);
  return `${title}\n${'-'.repeat(title.length)}\n${lines.join('\n')}\n`;
}

/** ctime(3), in local time: `Sat Nov 21 02:05:00 2026`. */
function ctime(now: Date): string {
  const [weekday, month, day, year] = now.toDateString().split(' ');
  return `${weekday} ${month} ${String(Number(day)).padStart(2)} ${now.toTimeString().slice(0, 8)} ${year}`;
}
