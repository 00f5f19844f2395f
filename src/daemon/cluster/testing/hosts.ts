// Three lab hosts with a cluster daemon each, for tests of the whole.
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ApiClient, type ClusterStatus } from '../../../api/index.ts';
import { createLab, type HostProcess, type Lab } from '../../../lab/index.ts';

export const hostNames = ['n1', 'n2', 'n3'] as const;
export type HostName = (typeof hostNames)[number];

const addressOf = (index: number) => `10.77.0.${index + 1}`;
/** Each look is a request to a daemon, and costs it the processor that it needs to get on. */
const pollMs = 100;
/** The bundle: it starts in half the processor time. */
const program = resolve('dist', 'haven.js');
/** Generous: the machine may be busy with other things. */
const patienceMs = 120_000;

export class ClusterHosts {
  readonly lab: Lab;
  readonly #daemons = new Map<HostName, HostProcess>();

  private constructor(lab: Lab) {
    this.lab = lab;
  }

  static async make(): Promise<ClusterHosts> {
    const hosts = hostNames.map((name, index) => ({
      name,
      interfaces: [{ name: 'eth0', addresses: [`${addressOf(index)}/24`] }],
    }));
    const cluster = new ClusterHosts(await createLab({ hosts }));
    const key = randomBytes(192).toString('base64');
    const furnish = hostNames.flatMap((name) => [
      cluster.writeConfiguration(name, {}),
      cluster.lab.host(name).writeFile('/etc/haven/authkey', key, 0o400),
    ]);
    await Promise.all(furnish);
    return cluster;
  }

  async writeConfiguration(host: HostName, changes: object, file = '/etc/haven/cluster.json'): Promise<void> {
    const nodes = hostNames.map((name, index) => ({ name, addresses: [addressOf(index)] }));
    await this.lab.host(host).writeFile(file, JSON.stringify({ cluster: 'trial', nodes, ...changes }));
  }

  startDaemon(host: HostName): HostProcess {
    const script = `exec '${process.execPath}' --single-threaded-gc '${program}' daemon >>/var/log/haven.log 2>&1`;
    const daemon = this.lab.host(host).spawn(['sh', '-c', script], { stdio: 'ignore' });
    this.#daemons.set(host, daemon);
    return daemon;
  }

  /** Sends the signal to the host's daemon and resolves with its exit code. */
  async endDaemon(host: HostName, signal: NodeJS.Signals): Promise<number> {
    const daemon = this.#daemons.get(host);
    daemon?.signal(signal);
    return (await daemon?.exited) ?? 0;
  }

  /** Resolves with the exit code of the host's daemon when it has ended. */
  async exitOf(host: HostName): Promise<number> {
    return (await this.#daemons.get(host)?.exited) ?? 0;
  }

  /** A host's API, through its own view of the file system. */
  api(host: HostName): ApiClient {
    return new ApiClient(`/proc/${this.lab.host(host).pid}/root/run/haven/api.sock`);
  }

  log(host: HostName): Promise<string> {
    return this.lab.host(host).readFile('/var/log/haven.log');
  }

  /** The status that `host` tells once it is as wanted. @throws Error with what it tells instead. */
  until(host: HostName, what: string, wanted: (status: ClusterStatus) => boolean): Promise<ClusterStatus> {
    return eventually(`${host}: ${what}`, async () => {
      const status = await this.api(host).status();
      return { done: wanted(status), value: status };
    });
  }

  /** Waits for words in the host's log. */
  async untilLogged(host: HostName, words: RegExp): Promise<void> {
    await eventually(`${host} logs ${words}`, async () => {
      const value = await this.log(host);
      return { done: words.test(value), value };
    });
  }

  down(): Promise<void> {
    return this.lab.down();
  }
}

type Look<T> = { readonly done: boolean; readonly value: T };

/** Looks until it is done; what fails meanwhile (a daemon that is not up yet) is looked at again. */
export async function eventually<T>(what: string, look: () => Promise<Look<T>>): Promise<T> {
  const deadline = performance.now() + patienceMs;
  let seen: unknown;
  while (performance.now() < deadline) {
    try {
      const { done, value } = await look();
      if (done) return value;
      seen = value;
    } catch (thrown) {
      seen = thrown;
    }
    await pause(pollMs);
  }
  const words = seen instanceof Error ? seen.message : JSON.stringify(seen);
  throw new Error(`did not come about: ${what}; last seen: ${words}`);
}

/** Everybody is a member and the document is everybody's. */
export function isWhole({ phase, quorum, nodes }: ClusterStatus): boolean {
  return phase === 'together' && quorum.votes === hostNames.length && nodes.every(({ state }) => state === 'online');
}

/** Where a resource is started; undefined while it is not. */
export function nodeOf({ resources }: ClusterStatus, id: string): string | undefined {
  const all = resources.flatMap((resource) => [resource, ...resource.children]);
  const found = all.find((resource) => resource.id === id);
  return found?.state === 'started' && found.nodes.length === 1 ? found.nodes[0] : undefined;
}
