// Lab hosts with ring members on them: real Corosync with a client of libcpg, or Haven.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createLab, type Host, type HostProcess, type Lab } from '../../lab/index.ts';
import type { MemberCommand, MemberNews } from './member-protocol.ts';

export type Program = 'haven' | 'corosync';
/** Of a ring: its transport, and what it speaks by. */
export type Transport = keyof typeof transports;

type Shape = { readonly family: 4 | 6; readonly totem: readonly string[] };

const group = (address: string) => ['transport: udp', `interface {\n    linknumber: 0\n    mcastaddr: ${address}\n  }`];

export const transports = {
  udpu: { family: 4, totem: ['transport: udpu'] },
  udp: { family: 4, totem: ['transport: udp'] },
  'udp-broadcast': { family: 4, totem: ['transport: udp', 'interface {\n    linknumber: 0\n    broadcast: yes\n  }'] },
  'udpu-ipv6': { family: 6, totem: ['transport: udpu', 'ip_version: ipv6'] },
  'udp-ipv6': { family: 6, totem: ['ip_version: ipv6', ...group('ff15::77:5')] },
  'udp-ipv6-named': { family: 6, totem: ['transport: udp', 'ip_version: ipv6'] },
} as const satisfies Readonly<Record<string, Shape>>;

export const peerAvailable = existsSync('/usr/sbin/corosync');
const quietMs = 1500;
const settleMsMax = 90_000;
const clusterName = 'interop';

export type ClusterOptions = { readonly programs: readonly Program[]; readonly transport: Transport };

/** One node: what it told so far. */
export class MemberNode {
  readonly name: string;
  readonly nodeId: number;
  readonly program: Program;
  readonly host: Host;
  heard: string[] = [];
  group: readonly number[] = [];
  status: unknown;
  readonly logs: string[] = [];
  readonly processes: HostProcess[] = [];
  #client: HostProcess | undefined;

  constructor(host: Host, nodeId: number, program: Program) {
    this.name = host.name;
    this.host = host;
    this.nodeId = nodeId;
    this.program = program;
  }

  start(): void {
    this.heard = [];
    this.group = [];
    if (this.program === 'corosync') {
      this.processes.push(
        this.host.spawn(['sh', '-c', 'exec corosync -f >>/var/log/ring.log 2>&1'], { stdio: 'ignore' }),
      );
    }
    const file = this.program === 'haven' ? './haven-member.js' : './corosync-member.js';
    const words = [process.execPath, '--enable-source-maps', fileURLToPath(new URL(file, import.meta.url))];
    const client = this.host.spawn(words, { stdio: 'pipe' });
    this.#client = client;
    this.processes.push(client);
    let rest = '';
    client.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      // What one that has ended said last may be read when the next one runs.
      if (client !== this.#client) return;
      const lines = `${rest}${text}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#hear(JSON.parse(line) as MemberNews);
    });
    client.child.stderr?.setEncoding('utf8').on('data', (text: string) => this.logs.push(text.trim()));
    client.child.stdin?.on('error', () => {}); // It ended; its news said so.
  }

  tell(command: MemberCommand): void {
    this.#client?.child.stdin?.write(`${JSON.stringify(command)}\n`);
  }

  /** Ends the ring's process as a crash does, and forgets it. */
  async crash(): Promise<void> {
    for (const one of this.processes) one.signal('SIGKILL');
    await this.#ended();
  }

  /** Leaves in order. */
  async leave(): Promise<void> {
    if (this.program === 'haven') this.tell({ kind: 'leave' });
    else {
      const [corosync] = this.processes;
      corosync?.signal('SIGTERM');
    }
    await this.#ended();
  }

  async #ended(): Promise<void> {
    await Promise.all(this.processes.map((one) => one.exited));
    this.processes.length = 0;
  }

  #hear(news: MemberNews): void {
    if (news.kind === 'heard') this.heard.push(...news.texts);
    else if (news.kind === 'group') this.group = news.members;
    else if (news.kind === 'status') this.status = news.status;
    else if (news.kind === 'log') this.logs.push(news.text);
    else this.logs.push(JSON.stringify(news));
  }
}

export class MixedCluster {
  readonly lab: Lab;
  readonly nodes: readonly MemberNode[];

  constructor(lab: Lab, nodes: readonly MemberNode[]) {
    this.lab = lab;
    this.nodes = nodes;
  }

  get nodeIds(): readonly number[] {
    return this.nodes.map(({ nodeId }) => nodeId);
  }

  node(nodeId: number): MemberNode {
    const found = this.nodes.find((node) => node.nodeId === nodeId);
    if (found === undefined) throw new Error(`there is no node ${nodeId}`);
    return found;
  }

  of(program: Program): readonly MemberNode[] {
    return this.nodes.filter((node) => node.program === program);
  }

  /** Until the group consists of exactly these nodes, as each of them sees it. */
  async untilTogether(nodeIds: readonly number[]): Promise<void> {
    const wanted = nodeIds.join();
    await this.until(`nodes ${wanted} in one group`, async () =>
      nodeIds.every((nodeId) => [...this.node(nodeId).group].sort((a, b) => a - b).join() === wanted),
    );
  }

  /** Until each of the nodes has heard `count` messages since its start. */
  async untilHeard(nodeIds: readonly number[], count: number): Promise<void> {
    await this.until(`${count} messages heard by ${nodeIds.join()}`, async () =>
      nodeIds.every((nodeId) => this.node(nodeId).heard.length >= count),
    );
  }

  /** Until these have heard the same number of messages, and go on hearing no more for a while. */
  async untilSame(nodes: readonly MemberNode[]): Promise<void> {
    let before = '';
    let since = Date.now();
    await this.until('all have heard the same', async () => {
      const counts = nodes.map((node) => node.heard.length);
      if (counts.join() !== before) since = Date.now();
      before = counts.join();
      return new Set(counts).size === 1 && Date.now() - since > quietMs;
    });
  }

  async until(what: string, condition: () => Promise<boolean>): Promise<void> {
    const givenUpAt = Date.now() + settleMsMax;
    while (!(await condition())) {
      if (Date.now() > givenUpAt) throw new Error(`not within ${settleMsMax} ms: ${what}\n${this.#picture()}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  #picture(): string {
    return this.nodes
      .map((node) => {
        const tail = node.logs.slice(-25).join('\n    ');
        return `  ${node.name} (${node.program}): group ${node.group.join()}, heard ${node.heard.length}\n    ${tail}`;
      })
      .join('\n');
  }
}

/** Makes the lab and its files; nothing runs yet. Gone afterwards. */
export async function withCluster(
  options: ClusterOptions,
  use: (cluster: MixedCluster) => Promise<void>,
): Promise<void> {
  const lab = await createLab({ hosts: options.programs.length });
  try {
    const nodes = options.programs.map((program, index) => {
      const host = lab.host(`node${index + 1}`);
      return new MemberNode(host, index + 1, program);
    });
    const text = corosyncConf(nodes, options.transport);
    await Promise.all(nodes.map(({ host }) => host.writeFile('/etc/corosync/corosync.conf', text)));
    await use(new MixedCluster(lab, nodes));
  } finally {
    await lab.down();
  }
}

function corosyncConf(nodes: readonly MemberNode[], transport: Transport): string {
  const { family, totem } = transports[transport];
  const listed = nodes.map(
    ({ host, nodeId, name }) => `  node {
    ring0_addr: ${host.address({ family })}
    nodeid: ${nodeId}
    name: ${name}
  }`,
  );
  return `totem {
  version: 2
  cluster_name: ${clusterName}
  ${totem.join('\n  ')}
  token: 3000
  token_coefficient: 0
}
nodelist {
${listed.join('\n')}
}
quorum {
  provider: corosync_votequorum
}
system {
  sched_rr: no
}
logging {
  to_stderr: yes
  to_syslog: no
  debug: off
  timestamp: on
}
`;
}
