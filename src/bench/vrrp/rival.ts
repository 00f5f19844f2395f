// One of the two programs under measurement: a pair of lab hosts, its daemons on them, and what they cost.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Host, type HostProcess, type Lab, programDirectory } from '../../lab/index.ts';
import { monotonicMs } from '../../linux/index.ts';

export const programs = ['haven', 'keepalived'] as const;
export type Program = (typeof programs)[number];

export type Cost = { readonly cpuMs: number; readonly rssKib: number; readonly pssKib: number };

const logFile = '/var/log/vrrp.log';
const configurationFile = '/etc/keepalived/keepalived.conf';
const patienceMs = 60_000;
/** As bin/haven starts itself. */
const asHavenStarts = '--single-threaded-gc';
const clockTickMs = 10;

export class Rival {
  readonly program: Program;
  readonly #lab: Lab;
  readonly #running = new Map<string, HostProcess>();

  constructor(lab: Lab, program: Program) {
    this.#lab = lab;
    this.program = program;
  }

  /** The intended master (`first`) and its backup. */
  static hostNames(program: Program): readonly [string, string] {
    return [`${program}1`, `${program}2`];
  }

  get first(): Host {
    return this.#lab.host(Rival.hostNames(this.program)[0]);
  }

  get second(): Host {
    return this.#lab.host(Rival.hostNames(this.program)[1]);
  }

  async configure(host: Host, text: string): Promise<void> {
    await host.writeFile(configurationFile, text);
  }

  start(host: Host): void {
    const words =
      this.program === 'haven'
        ? [
            process.execPath,
            asHavenStarts,
            join(programDirectory(), 'bin', 'haven'),
            'vrrp',
            '-n',
            '-l',
            '-f',
            configurationFile,
          ]
        : ['keepalived', '-n', '-l', '-f', configurationFile];
    const command = `exec ${words.join(' ')} >>${logFile} 2>&1`;
    this.#running.set(host.name, host.spawn(['sh', '-c', command], { stdio: 'ignore' }));
  }

  /** To every process of the daemon that could clean up after the others; of Haven the guardian is spared. */
  signal(host: Host, signal: NodeJS.Signals): void {
    const pid = this.#running.get(host.name)?.pid();
    if (pid === undefined) return;
    const targets = this.program === 'keepalived' && signal !== 'SIGTERM' ? familyOf(pid) : [pid];
    for (const target of targets) process.kill(target, signal);
  }

  async ended(host: Host): Promise<void> {
    await this.#running.get(host.name)?.exited;
    this.#running.delete(host.name);
  }

  async stop(): Promise<void> {
    for (const host of [this.first, this.second]) {
      this.signal(host, 'SIGTERM');
      await this.ended(host);
    }
  }

  /** What the daemon's processes have used and hold now. */
  cost(host: Host): Cost {
    const pid = this.#running.get(host.name)?.pid();
    if (pid === undefined) throw new Error(`${this.program} does not run on ${host.name}`);
    const costs = familyOf(pid).map(costOf);
    return {
      cpuMs: costs.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
      rssKib: costs.reduce((sum, { rssKib }) => sum + rssKib, 0),
      pssKib: costs.reduce((sum, { pssKib }) => sum + pssKib, 0),
    };
  }

  /** How often the log of a host matches. */
  async logged(host: Host, pattern: RegExp): Promise<number> {
    const text = await host.shell(`cat ${logFile} 2>/dev/null || true`);
    return (text.match(pattern) ?? []).length;
  }

  async addressesOf(host: Host, prefix: string): Promise<number> {
    return (await host.shell('ip -o -4 addr')).split(` ${prefix}`).length - 1;
  }
}

export async function until(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  const givenUpAtMs = monotonicMs() + patienceMs;
  while (!(await condition())) {
    if (monotonicMs() > givenUpAtMs) throw new Error(`not within ${patienceMs / 1000} s: ${what}`);
    await wait(50);
  }
}

export function wait(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** The process and all that descend from it, the guardian among them. */
function familyOf(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const parent = /^\d+$/.test(name) ? parentOf(name) : undefined;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const family = [pid];
  for (const member of family) family.push(...(children.get(member) ?? []));
  return family;
}

function parentOf(pid: string): number | undefined {
  const fields = statOf(pid);
  return fields === undefined ? undefined : Number(fields[1]);
}

/** The fields of /proc/PID/stat from the third on (proc(5)). */
function statOf(pid: string): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function costOf(pid: number): Cost {
  const fields = statOf(String(pid)) ?? [];
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(rollup)?.[1] ?? 0);
  return {
    cpuMs: (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * clockTickMs,
    rssKib: kib('Rss'),
    pssKib: kib('Pss'),
  };
}
