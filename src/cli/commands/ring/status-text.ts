// The ring in words: the quorum block and the member list as corosync-quorumtool -s prints them, then links and counters.
import type { KeyStatus, RingStatus } from '../../../membership/index.ts';

export function formatRingStatus(status: RingStatus, now: Date): string {
  return [
    quorumBlock(status, now),
    votesBlock(status),
    memberBlock(status),
    linkBlock(status),
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
  const blocked = quorum.quorate ? '' : ' Activity blocked';
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
    const name = `${member.name ?? ''}${member.nodeId === nodeId ? ' (local)' : ''}`;
    return `${String(member.nodeId).padStart(10)} ${votes.padStart(10)} ${name.trimStart()}`;
  });
  return `Membership information\n----------------------\n${[heading, ...rows].join('\n')}\n`;
}

function linkBlock(status: RingStatus): string {
  const lines = status.links.flatMap((link) => {
    const group = link.group === undefined ? '' : `, group ${link.group}`;
    const head = `Link ${link.number}: ${link.address}:${link.port}${group}, carrier ${link.carrier}`;
    return [head, ...link.peers.map(({ nodeId, state }) => `    node ${nodeId}: ${state}`)];
  });
  const sealed = status.security === 'sealed' ? 'sealed (AES-256-GCM)' : 'not sealed';
  return `Links\n-----\n${[`Datagrams are ${sealed}.`, ...keyLines(status.keys), ...lines].join('\n')}\n`;
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

const labelWidth = 20;

function block(title: string, rows: readonly (readonly [string, string])[]): string {
  const lines = rows.map(([label, value]) => `${label.padEnd(labelWidth)}${value}`);
  return `${title}\n${'-'.repeat(title.length)}\n${lines.join('\n')}\n`;
}

/** ctime(3), in local time: `Sat Nov 21 02:05:00 2026`. */
function ctime(now: Date): string {
  const [weekday, month, day, year] = now.toDateString().split(' ');
  return `${weekday} ${month} ${String(Number(day)).padStart(2)} ${now.toTimeString().slice(0, 8)} ${year}`;
}
