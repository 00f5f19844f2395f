// Three lab hosts that speak in one ring: of Haven, sealed, or of real Corosync with its encryption.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createLab, type HostProcess, type Lab } from '../../lab/index.ts';
import type { Answer, Task } from './speech.ts';

export type Rival = 'haven' | 'corosync';
export type Cost = { readonly cpuMs: number; readonly nodePssMib: number };

const tickMs = 10;
const settleMsMax = 60_000;
/** Haven as bin/haven starts it: else the ring's real-time thread waits for helpers of the collector that have no priority. */
const nodeOptions: Readonly<Record<Rival, readonly string[]>> = { haven: ['--single-threaded-gc'], corosync: [] };

export class Speakers {
  readonly lab: Lab;
  readonly #speaker: HostProcess;
  /** What runs on the nodes: the speakers, and Corosync beside its own. */
  readonly #processes: readonly HostProcess[];
  #members = 0;
  #waiting: ((answer: Answer) => void) | undefined;

  private constructor(lab: Lab, speaker: HostProcess, processes: readonly HostProcess[]) {
    this.lab = lab;
    this.#processes = processes;
    this.#speaker = speaker;
    const { stdout } = speaker.child;
    if (stdout === null) throw new Error('the speaker was started with a pipe');
    createInterface({ input: stdout }).on('line', (line) => {
      const answer = JSON.parse(line) as Answer;
      if (answer.kind === 'ready') this.#members = answer.members;
      else this.#waiting?.(answer);
    });
  }

  static async start(lab: Lab, rival: Rival, key: string): Promise<Speakers> {
    const addresses = lab.hosts.map((host) => host.address());
    const speakers: HostProcess[] = [];
    const daemons: HostProcess[] = [];
    for (const host of lab.hosts) {
      const keyFile = rival === 'haven' ? '/etc/haven/authkey' : '/etc/corosync/authkey';
      await host.writeFile(keyFile, key, 0o400);
      if (rival === 'corosync') {
        await host.writeFile('/etc/corosync/corosync.conf', corosyncConf(addresses));
        const daemon = ['sh', '-c', 'exec corosync -f >>/var/log/ring.log 2>&1'];
        daemons.push(host.spawn(daemon, { stdio: 'ignore' }));
      }
      const file = fileURLToPath(new URL(`./${rival}-speaker.js`, import.meta.url));
      const log = rival === 'haven' ? '/var/log/ring.log' : '/var/log/speaker.log';
      const command = `exec "$0" "$@" 2>>${log}`;
      speakers.push(
        host.spawn(['sh', '-c', command, process.execPath, ...nodeOptions[rival], file, addresses.join()], {
          stdio: ['pipe', 'pipe', 'ignore'],
        }),
      );
    }
    const [first] = speakers;
    if (first === undefined) throw new Error('a lab has hosts');
    for (const other of speakers.slice(1)) other.child.stdout?.resume();
    const started = new Speakers(lab, first, [...speakers, ...daemons]);
    await started.#ready(lab.hosts.length);
    return started;
  }

  ask(task: Task): Promise<Answer> {
    this.#speaker.child.stdin?.write(`${JSON.stringify(task)}\n`);
    return new Promise((resolve, reject) => {
      this.#waiting = resolve;
      void this.#speaker.exited.then(async (code) => {
        const log = await this.lab.hosts[0]?.shell(
          'tail -n 5 /var/log/speaker.log /var/log/ring.log 2>/dev/null || true',
        );
        reject(new Error(`the speaker ended with code ${code} during (${JSON.stringify(task)}): ${log}`));
      });
    });
  }

  /** Processor time that all nodes have used, and memory of one (proc(5): stat, and Pss of smaps_rollup). */
  cost(): Cost {
    const pids = this.#processes.flatMap((process) => process.pid() ?? []);
    const pssKib = pids.map((pid) =>
      Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]),
    );
    return { cpuMs: sum(pids.map(cpuMsOf)), nodePssMib: sum(pssKib) / 1024 / this.lab.hosts.length };
  }

  async #ready(members: number): Promise<void> {
    const givenUpAt = Date.now() + settleMsMax;
    while (this.#members < members) {
      if (Date.now() > givenUpAt)
        throw new Error(`only ${this.#members} of ${members} members speak after ${settleMsMax} ms`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

export async function withSpeakers<T>(rival: Rival, key: string, use: (speakers: Speakers) => Promise<T>): Promise<T> {
  const lab = await createLab({ hosts: 3 });
  try {
    return await use(await Speakers.start(lab, rival, key));
  } finally {
    await lab.down();
  }
}

function corosyncConf(addresses: readonly string[]): string {
  const nodes = addresses.map(
    (address, index) =>
      `  node {\n    ring0_addr: ${address}\n    nodeid: ${index + 1}\n    name: node${index + 1}\n  }\n`,
  );
  return `totem {
  version: 2
  cluster_name: bench
  transport: knet
  crypto_cipher: aes256
  crypto_hash: sha256
}
nodelist {
${nodes.join('')}}
quorum {
  provider: corosync_votequorum
}
logging {
  to_stderr: yes
  to_syslog: no
}
`;
}
