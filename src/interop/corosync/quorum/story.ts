// Stories of a cluster's quorum, as text: the quorum section, what happens, and what corosync-quorumtool says of it on each
// node afterwards. Real Corosync tells them (`npm run interop -- corosync quorum --record`), and Haven's machine is held to
// what it told.
//
//   votes 1 1 1              of nodes 1, 2, 3
//   quorum KEY: VALUE        a line of the quorum section
//   > start N… | crash N… | leave N… | part N… | heal | expected VOTES | votes NODE VOTES | wait SECONDS
//   N…: VIEW                 what those nodes say then

export type StoryStep =
  | { readonly kind: 'start' | 'crash' | 'leave' | 'part'; readonly nodes: readonly number[] }
  | { readonly kind: 'heal' }
  | { readonly kind: 'expected'; readonly votes: number }
  | { readonly kind: 'votes'; readonly node: number; readonly votes: number }
  | { readonly kind: 'wait'; readonly seconds: number };

export type Story = {
  readonly votes: readonly number[];
  readonly quorumLines: readonly string[];
  readonly steps: readonly { readonly step: StoryStep; readonly text: string; readonly told: string }[];
};

/** What one node says of the quorum. */
export type Spoken = { readonly nodeId: number; readonly view: string };

/** @throws Error naming the line that is none of a story. */
export function parseStory(text: string): Story {
  const votes: number[] = [];
  const quorumLines: string[] = [];
  const steps: { step: StoryStep; text: string; told: string }[] = [];
  for (const line of text.split('\n').filter((each) => each !== '' && !each.startsWith('#'))) {
    const last = steps.at(-1);
    if (line.startsWith('> ')) steps.push({ step: stepOf(line), text: line, told: '' });
    else if (last !== undefined) last.told += `${line}\n`;
    else if (line.startsWith('votes ')) votes.push(...line.split(' ').slice(1).map(Number));
    else if (line.startsWith('quorum ')) quorumLines.push(line.slice('quorum '.length));
    else throw new Error(`no line of a story: ${line}`);
  }
  return { votes, quorumLines, steps };
}

/** Nodes that say the same in one line, the lowest first. */
export function tellAll(spoken: readonly Spoken[]): string {
  const views = [...new Set(spoken.map(({ view }) => view))];
  return views
    .map((view) => {
      const nodes = spoken.filter((one) => one.view === view).map(({ nodeId }) => nodeId);
      return `${nodes.join(' ')}: ${view}\n`;
    })
    .join('');
}

export function viewText(view: {
  readonly quorate: boolean;
  readonly expected: number;
  readonly total: number;
  readonly quorum: number;
  readonly flags: readonly string[];
}): string {
  const { quorate, expected, total, quorum, flags } = view;
  return `${quorate ? 'quorate' : 'blocked'}, ${total} of ${expected} votes, quorum ${quorum}, flags ${flags.join(' ') || 'none'}`;
}

/** The nodelist and the quorum section, for a ring over `addresses`; the node ids count from 1. */
export function storyConf(story: Story, addresses: readonly string[]): string {
  const nodes = addresses.map(
    (address, index) =>
      `  node {\n    ring0_addr: ${address}\n    nodeid: ${index + 1}\n    name: node${index + 1}\n    quorum_votes: ${story.votes[index]}\n  }\n`,
  );
  return `totem {
  version: 2
  cluster_name: story
  transport: udpu
  token: 1000
  token_coefficient: 0
}
nodelist {
${nodes.join('')}}
quorum {
  provider: corosync_votequorum
  ${story.quorumLines.join('\n  ')}
}
system {
  sched_rr: no
}
logging {
  to_stderr: yes
  to_syslog: no
}
`;
}

function stepOf(line: string): StoryStep {
  const [kind = '', ...words] = line.slice(2).split(' ');
  const numbers = words.map(Number);
  const [first = 0, second = 0] = numbers;
  switch (kind) {
    case 'start':
    case 'crash':
    case 'leave':
    case 'part':
      return { kind, nodes: numbers };
    case 'heal':
      return { kind };
    case 'expected':
      return { kind, votes: first };
    case 'votes':
      return { kind, node: first, votes: second };
    case 'wait':
      return { kind, seconds: first };
    default:
      throw new Error(`no step of a story: ${line}`);
  }
}

/** Who is in one ring with whom. */
export type Rings = readonly (readonly number[])[];

/** The rings that stand when `running` nodes are parted from one another as `parted` says. */
export function ringsOf(running: Iterable<number>, parted: ReadonlySet<number>): Rings {
  const all = [...running].sort((left, right) => left - right);
  const sides = [all.filter((id) => !parted.has(id)), all.filter((id) => parted.has(id))];
  return sides.filter((side) => side.length > 0);
}
