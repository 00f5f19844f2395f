// Two lab hosts named as in the acceptance article, each with a VRRP daemon: ours or keepalived.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createLab, type Host, type HostProcess, type Lab } from '../../lab/index.ts';

export type Program = 'haven' | 'keepalived';

export const peerAvailable = existsSync('/usr/sbin/keepalived');
/** How long a condition is waited for: it holds within seconds, on a machine that is not busy. */
const settleMsMax = 120_000;
/** Of a frame: tcpdump's buffer holds few frames of the size that it expects otherwise, and a burst is lost. */
export const snapBytes = 512;
const logFile = '/var/log/vrrp.log';
const configurationFile = '/etc/keepalived/keepalived.conf';

/** What has just been sent may not be in `now` yet, and is missed by an `end` that comes at once. */
export type Captured<T> = { readonly now: () => Promise<T>; readonly end: () => Promise<T> };

export class Pair {
  readonly lab: Lab;
  readonly #running = new Map<string, HostProcess>();

  constructor(lab: Lab) {
    this.lab = lab;
  }

  get hosts(): readonly [Host, Host] {
    return [this.lab.host('server1'), this.lab.host('server2')];
  }

  /** Starts the daemon of a host with this file. */
  async start(name: string, program: Program, text: string): Promise<void> {
    const host = this.lab.host(name);
    await host.writeFile(configurationFile, text);
    const words =
      program === 'haven' ? [process.execPath, join(process.cwd(), 'bin', 'haven'), 'vrrp'] : ['keepalived'];
    const command = `exec ${words.join(' ')} -n -l -D -f ${configurationFile} >>${logFile} 2>&1`;
    this.#running.set(name, host.spawn(['sh', '-c', command], { stdio: 'ignore' }));
  }

  async stop(name: string, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const running = this.#running.get(name);
    running?.signal(signal);
    await running?.exited;
    this.#running.delete(name);
  }

  signal(name: string, signal: NodeJS.Signals): void {
    this.#running.get(name)?.signal(signal);
  }

  log(name: string): Promise<string> {
    return this.lab.host(name).shell(`cat ${logFile} 2>/dev/null || true`);
  }

  /** Hosts that have the address on an interface now. */
  async holders(address: string): Promise<string[]> {
    const shown = await Promise.all(this.hosts.map((host) => host.shell('ip -o addr')));
    return this.hosts.flatMap((host, index) => (shown[index]?.includes(` ${address}/`) ? [host.name] : []));
  }

  /** Captures on eth0 of a host from now on: the frames in hexadecimal, those so far, or all of them at its end. */
  async capture(name: string, filter: string): Promise<Captured<string[]>> {
    const { now, end } = await this.#tcpdump(name, '-l -xx', filter);
    return { now: async () => framesOf(await now()), end: async () => framesOf(await end()) };
  }

  /** What tcpdump says of the frames on eth0 of a host from now on, addresses included. */
  captureText(name: string, filter: string): Promise<Captured<string>> {
    return this.#tcpdump(name, '-l -v', filter);
  }

  /** Until exactly these hosts have the address. */
  async untilHeldBy(address: string, names: readonly string[]): Promise<void> {
    await until(`${address} held by ${names.join(' and ') || 'nobody'}`, async () => {
      const holders = await this.holders(address);
      return holders.join() === names.join();
    });
  }

  /** Of each host: processes, addresses, and the end of its daemon's log. */
  async picture(): Promise<string> {
    const look = `ps -eo pid,ppid,stat,wchan:20,etime,args; ip -o -4 addr show dev eth0; tail -n 60 ${logFile}`;
    const shown = await Promise.all(
      this.hosts.map(async (host) => `--- ${host.name}\n${await host.shell(`{ ${look}; } 2>&1 || true`)}\n`),
    );
    return shown.join('');
  }

  async untilLogged(name: string, pattern: RegExp): Promise<void> {
    await until(`${pattern} in the log of ${name}`, async () => pattern.test(await this.log(name)));
  }

  async #tcpdump(name: string, flags: string, filter: string): Promise<Captured<string>> {
    const host = this.lab.host(name);
    const file = `/var/log/capture-${randomBytes(4).toString('hex')}`;
    const command = `exec tcpdump -i eth0 -s ${snapBytes} -n ${flags} --immediate-mode '${filter}' >${file} 2>${file}.said`;
    const running = host.spawn(['sh', '-c', command], { stdio: 'ignore' });
    await until('tcpdump listens', async () => (await host.shell(`cat ${file}.said || true`)).includes('listening'));
    const end = async () => {
      running.signal('SIGINT');
      await running.exited;
      return host.readFile(file);
    };
    return { now: () => host.readFile(file), end };
  }
}

/** A lab with server1 (.101) and server2 (.102) on eth0 and ens9, gone afterwards. A failure says how things stood. */
export async function withPair(use: (pair: Pair) => Promise<void>): Promise<void> {
  const lab = await createLab({ links: 2, hosts: [articleHost('server1', 101, 15), articleHost('server2', 102, 119)] });
  const pair = new Pair(lab);
  try {
    await use(pair);
  } catch (thrown) {
    throw new Error(`${thrown instanceof Error ? thrown.stack : thrown}\n${await pair.picture().catch(String)}`, {
      cause: thrown,
    });
  } finally {
    await lab.down();
  }
}

export async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const givenUpAt = Date.now() + settleMsMax;
  while (!(await condition())) {
    if (Date.now() > givenUpAt) throw new Error(`not within ${settleMsMax} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The frames in what `tcpdump -xx` prints. */
function framesOf(text: string): string[] {
  const frames: string[] = [];
  for (const line of text.split('\n')) {
    const bytes = /^\s+0x[0-9a-f]+:\s+([0-9a-f ]+)$/.exec(line)?.[1]?.replaceAll(' ', '');
    if (bytes === undefined) frames.push('');
    else frames[frames.length - 1] += bytes;
  }
  return frames.filter((frame) => frame !== '');
}

function articleHost(name: string, first: number, second: number) {
  return {
    name,
    interfaces: [
      { name: 'eth0', link: 0, addresses: [`192.168.122.${first}/24`] },
      { name: 'ens9', link: 1, addresses: [`192.168.122.${second}/24`] },
    ],
  };
}
