// A lab: hosts made of namespaces on switches, on this machine. `createLab` makes one, `openLab` finds one that another
// process made; both give a `Lab`, by which hosts are used, cut off, killed and brought back.
import { randomBytes } from 'node:crypto';
import { CommandFailure, nearest } from '../kit/index.ts';
import { batch, bootHosts, bootScriptFile, startLabProcess } from './boot.ts';
import { type Capture, type CaptureOptions, type CapturePlace, startCapture, tcpdumpWords } from './capture/capture.ts';
import { Host } from './host.ts';
import type { ImpairmentOptions } from './impairment/impairment.ts';
import { startForwarder } from './impairment/start.ts';
import {
  type HostOptions,
  type HostPlan,
  type InterfacePlan,
  type LabOptions,
  type LabPlan,
  planHost,
  planLab,
} from './plan.ts';
import { type Probe, type ProbeOptions, startProbe } from './prober/probe.ts';
import { runOnTerminal, runOrFail, waitUntil } from './processes.ts';
import { removeLab } from './removal.ts';
import { startResponder } from './responder-start.ts';
import {
  claimLab,
  type HostRecord,
  initMarker,
  isInit,
  type LabRecord,
  labNames,
  readHosts,
  readLab,
  writeHost,
  writeLab,
} from './state.ts';
import { type HostStatus, type LabStatus, readStatus } from './status.ts';
import {
  bridgeLines,
  bridgeName,
  bridgePort,
  type CutDirection,
  carrierLossLines,
  detourLines,
  healLines,
  partName,
  silenceLines,
  straightLines,
  unplugLines,
} from './switch.ts';

export type CutOptions = {
  /** Only the interfaces on this link. Default: all. */
  readonly link?: number;
  /** `carrier` (default): the host sees its port go down. `silent`: frames are dropped, the carrier stays. */
  readonly mode?: 'carrier' | 'silent';
  /** Of a silent cut. Default `both`. */
  readonly direction?: CutDirection;
};

export type ImpairOptions = ImpairmentOptions & {
  readonly link?: number;
  /** Which frames suffer, seen from the host. Default `both`. */
  readonly direction?: CutDirection;
};

/** A switch by its link, or in a host the interface on that link. */
export type CaptureWhere = { readonly link?: number; readonly host?: string };

/**
 * Makes a lab and boots its hosts.
 * @throws CommandFailure `usage`, `exists`, `permission`, or `failed` with what the kernel or a program said; nothing is left then.
 */
export async function createLab(options: LabOptions): Promise<Lab> {
  const plan = planLab(options.name ?? `lab-${randomBytes(4).toString('hex')}`, options);
  if (process.getuid?.() !== 0) {
    const why = 'namespaces and network links are made by root';
    throw new CommandFailure({
      kind: 'permission',
      what: `cannot make lab '${plan.name}'`,
      why,
      fix: 'Run it as root',
    });
  }
  const record: LabRecord = { name: plan.name, links: plan.links, disk: plan.disk };
  if (!claimLab(record)) throw nameInUse(plan.name);
  try {
    const pid = await startLabProcess(plan, options.lifetime ?? 'process');
    writeLab({ ...record, pid });
    const lab = new Lab({ ...record, pid });
    await lab.start(plan.hosts);
    return lab;
  } catch (error) {
    await removeLab(plan.name);
    throw error;
  }
}

/** A living lab by its name. @throws CommandFailure `not-found`, or `unavailable` when it is dead. */
export function openLab(name: string): Lab {
  const record = readLab(name);
  if (record === undefined) throw noSuchLab(name);
  if (!isInit(record.pid, initMarker(name))) throw deadLab(name);
  return new Lab({ ...record, pid: record.pid });
}

/** Every lab of this machine that left a trace, dead ones included. */
export function listLabs(): { readonly name: string; readonly state: 'up' | 'dead'; readonly hosts: number }[] {
  return labNames().map((name) => {
    const state = isInit(readLab(name)?.pid, initMarker(name)) ? 'up' : 'dead';
    return { name, state, hosts: readHosts(name).length };
  });
}

export class Lab {
  readonly name: string;
  readonly links: number;
  readonly #record: LabRecord & { readonly pid: number };
  /** By host: whoever plays with its power, and whoever fences it, take turns. */
  readonly #turns = new Map<string, Promise<void>>();

  constructor(record: LabRecord & { readonly pid: number }) {
    this.name = record.name;
    this.links = record.links;
    this.#record = record;
  }

  /** The process that holds the lab, as this machine sees it. */
  get pid(): number {
    return this.#record.pid;
  }

  get hosts(): readonly Host[] {
    return readHosts(this.name).map(({ plan }) => this.#hostOf(plan));
  }

  /** @throws CommandFailure `not-found`, with the nearest name. */
  host(name: string): Host {
    return this.#hostOf(this.#find(name).plan);
  }

  /** Whether the host has power. */
  isUp(name: string): boolean {
    return this.#isUp(this.#find(name));
  }

  /** Adds hosts to the lab's plan and boots them. The other hosts' /etc/hosts stay as they are. */
  async addHost(options: HostOptions): Promise<Host> {
    const plan = planHost(options, this.#plan());
    await this.start([plan]);
    return this.host(plan.name);
  }

  /** Writes down and boots hosts that are new. */
  async start(hosts: readonly HostPlan[]): Promise<void> {
    for (const plan of hosts) writeHost(this.name, { plan });
    await this.#boot(hosts);
  }

  /** What `haven lab status` shows: asked of the kernel now. */
  status(): Promise<LabStatus> {
    return readStatus(this.#record);
  }

  async hostStatus(name: string): Promise<HostStatus> {
    const { plan } = this.#find(name);
    const found = (await this.status()).hosts.find((host) => host.name === plan.name);
    if (found === undefined) throw this.#noSuchHost(name);
    return found;
  }

  /** Cuts a host off, wholly or on one link. Cuts add up until `heal`. */
  async cut(name: string, options: CutOptions = {}): Promise<void> {
    const record = this.#find(name);
    const interfaces = this.#interfaces(record, options.link);
    const silent = silenceLines(bridgePorts(interfaces, record), options.direction ?? 'both');
    const carrier = carrierLossLines(interfaces.map((one) => one.port));
    await this.#inSwitch(`cut ${name}`, options.mode === 'silent' ? silent : carrier);
  }

  /** Undoes cuts and partitions: of one host or of all, on one link or on all. */
  async heal(name?: string, options: { readonly link?: number } = {}): Promise<void> {
    const records = name === undefined ? readHosts(this.name) : [this.#find(name)];
    const running = records.filter((record) => this.#isUp(record) && record.stopped !== 'frozen');
    const lines = running.flatMap((record) => healLines(this.#interfaces(record, options.link), record.impaired));
    await this.#inSwitch('heal', lines);
  }

  /**
   * Splits a link into groups of hosts that hear only their own group; hosts that are not named stay together.
   * Silent cuts of the hosts named end with it. The carrier stays throughout.
   */
  async partition(groups: readonly (readonly string[])[], options: { readonly link?: number } = {}): Promise<void> {
    const links = options.link === undefined ? Array.from({ length: this.links }, (_, link) => link) : [options.link];
    const moves = groups.flatMap((group, part) =>
      group
        .map((name) => this.#find(name))
        .flatMap((record) =>
          this.#interfaces(record, options.link).map((one) => ({
            port: bridgePort(one, record.impaired),
            part,
            link: one.link,
          })),
        ),
    );
    const present = await this.status();
    const missing = links.flatMap((link) => groups.map((_, part) => partName(link, part)));
    const bridges = missing.filter((bridge) => !present.bridges.includes(bridge)).flatMap(bridgeLines);
    const plugs = moves.map(({ port, part, link }) => `link set ${port} master ${partName(link, part)}`);
    await this.#inSwitch('partition', [...bridges, ...plugs]);
  }

  /** Power-off: first no frame of the host leaves any more, then all its processes end at once. Its disk stays. */
  kill(name: string): Promise<void> {
    return this.#inTurn(name, async (record) => {
      const init = this.#hostOf(record.plan).pid;
      await this.#inSwitch(`kill ${name}`, silenceLines(bridgePorts(record.plan.interfaces, record), 'both'));
      process.kill(init, 'SIGKILL');
      // The kernel lets go of an init only after every process of its namespace has ended.
      await waitUntil(`the end of host ${name}`, () => !isThere(init));
      writeHost(this.name, powerless(record));
      await this.#inSwitch(`unplug ${name}`, unplugLines(record.plan), 'may be gone with the host');
    });
  }

  /** Power-on. Does nothing when the host is up. */
  boot(name: string): Promise<void> {
    return this.#inTurn(name, async (record) => {
      if (this.#isUp(record)) return;
      // When the host's init died by itself its ports may still be there.
      await this.#inSwitch(`unplug ${name}`, unplugLines(record.plan), 'may be gone with the host');
      await this.#boot([record.plan]);
      if (record.responder === undefined) return;
      await this.respond([name]);
    });
  }

  /** Stops every process of the host (SIGSTOP); its kernel goes on answering ARP and ping. One that is frozen stays so. */
  pause(name: string): Promise<void> {
    return this.#inTurn(name, async (record) => {
      await this.#inHost(`stop host ${name}`, record.plan, [signalAll('STOP')]);
      writeHost(this.name, { ...record, stopped: record.stopped ?? 'paused' });
    });
  }

  /** A machine that hangs as a whole: frames dropped and every process stopped, until `resume`. */
  freeze(name: string): Promise<void> {
    return this.#inTurn(name, async (record) => {
      const ports = bridgePorts(record.plan.interfaces, record);
      await this.#inSwitch(`freeze ${name}`, silenceLines(ports, 'both'));
      await this.#inHost(`stop host ${name}`, record.plan, [signalAll('STOP')]);
      writeHost(this.name, { ...record, stopped: 'frozen' });
    });
  }

  /** After `pause` or `freeze`. Cuts of a frozen host end with it. */
  resume(name: string): Promise<void> {
    return this.#inTurn(name, async ({ stopped, ...record }) => {
      writeHost(this.name, record);
      const mended = stopped === 'frozen' ? healLines(record.plan.interfaces, record.impaired) : [];
      await this.#inHost(`wake host ${name}`, record.plan, [...this.#asBatch(mended), signalAll('CONT')]);
    });
  }

  /** A POSIX shell script that the host runs at each boot from now on; its output goes to the host's /var/log/boot.log. */
  onBoot(name: string, script: string): Promise<void> {
    return this.host(name).writeFile(bootScriptFile, script);
  }

  /**
   * Starts the responder (which says over UDP, TCP and HTTP which host it is) in the hosts named, default all that are up;
   * from then on it starts at each boot of theirs.
   */
  async respond(names?: readonly string[]): Promise<void> {
    const records =
      names?.map((name) => this.#find(name)) ?? readHosts(this.name).filter((record) => this.#isUp(record));
    const silent = records.filter((record) => record.responder !== 'started');
    await Promise.all(silent.map(({ plan }) => startResponder(this.#hostOf(plan))));
    for (const { plan } of silent) writeHost(this.name, { ...this.#find(plan.name), responder: 'started' });
  }

  /**
   * Makes a host's cable a bad one, on one link or on all: frames are delayed, lost, doubled or reordered by a forwarder.
   * Cuts and partitions work on as before; `repair`, and a power-off, end it.
   */
  async impair(name: string, options: ImpairOptions): Promise<void> {
    await this.repair(name, options);
    const { link, direction = 'both', ...impairment } = options;
    const record = this.#find(name);
    const interfaces = this.#interfaces(record, link);
    await this.#inSwitch(`impair ${name}`, interfaces.flatMap(detourLines));
    const impaired = [...(record.impaired ?? []), ...interfaces.map((one) => one.port)];
    writeHost(this.name, { ...record, impaired });
    const sides = interfaces.map((one) => ({ hostPort: one.port, bridgePort: `${one.detour}f` }));
    await Promise.all(sides.map((side) => startForwarder(this.pid, { ...impairment, ...side, direction })));
  }

  /** Plugs impaired cables straight into the switch again; cuts of theirs end with it. */
  async repair(name: string, options: { readonly link?: number } = {}): Promise<void> {
    const record = this.#find(name);
    const bad = this.#interfaces(record, options.link).filter((one) => record.impaired?.includes(one.port));
    await this.#inSwitch(`repair ${name}`, bad.flatMap(straightLines));
    const ports = bad.map((one) => one.port);
    writeHost(this.name, { ...record, impaired: record.impaired?.filter((port) => !ports.includes(port)) ?? [] });
  }

  /** Starts asking an address from a host, which is usually one that takes no part in what is tested. */
  probe(from: string, options: ProbeOptions): Promise<Probe> {
    return startProbe(this.host(from), options, this.hosts);
  }

  /** Keeps the frames of a switch (default link 0), or of an interface of a host, from when this returns. */
  async capture(where: CaptureWhere = {}, options: CaptureOptions = {}): Promise<Capture> {
    return startCapture(this.#capturePlace(where), options);
  }

  /** Runs tcpdump there on this terminal. Its exit code. */
  tcpdump(where: CaptureWhere, words: readonly string[]): Promise<number> {
    return runOnTerminal(tcpdumpWords(this.#capturePlace(where), words));
  }

  /** Ends everything in the lab and forgets it. */
  down(): Promise<void> {
    return removeLab(this.name);
  }

  async #boot(hosts: readonly HostPlan[]): Promise<void> {
    const pids = await bootHosts({ lab: this.#plan(), labPid: this.pid, hosts });
    for (const plan of hosts) {
      const pid = pids.get(plan.name);
      if (pid !== undefined) writeHost(this.name, { plan, pid });
    }
  }

  #plan(): LabPlan {
    return { ...this.#record, hosts: readHosts(this.name).map((record) => record.plan) };
  }

  #inTurn(name: string, work: (record: HostRecord) => Promise<void>): Promise<void> {
    const turn = (this.#turns.get(name) ?? Promise.resolve()).then(() => work(this.#find(name)));
    this.#turns.set(
      name,
      turn.catch(() => {}),
    );
    return turn;
  }

  #find(name: string): HostRecord {
    const record = readHosts(this.name).find(({ plan }) => plan.name === name);
    if (record === undefined) throw this.#noSuchHost(name);
    return record;
  }

  #hostOf(plan: HostPlan): Host {
    return new Host(plan, this.#record.disk, () => {
      const { pid } = this.#find(plan.name);
      if (isInit(pid, initMarker(this.name, plan.name))) return pid;
      if (!isInit(this.pid, initMarker(this.name))) throw deadLab(this.name);
      throw new CommandFailure({
        kind: 'unavailable',
        what: `host '${plan.name}' of lab '${this.name}' is powered off`,
        fix: `Run: haven lab boot ${plan.name} --lab ${this.name}`,
      });
    });
  }

  #isUp(record: HostRecord): boolean {
    return isInit(record.pid, initMarker(this.name, record.plan.name));
  }

  #interfaces(record: HostRecord, link: number | undefined): readonly InterfacePlan[] {
    void this.#hostOf(record.plan).pid;
    const found = record.plan.interfaces.filter((one) => link === undefined || one.link === link);
    if (found.length > 0) return found;
    const links = [...new Set(record.plan.interfaces.map((one) => one.link))].join(', ') || 'none';
    const what = `host '${record.plan.name}' of lab '${this.name}' is not on link ${link}`;
    throw new CommandFailure({ kind: 'not-found', what, why: `its links: ${links}` });
  }

  #capturePlace({ host, link = 0 }: CaptureWhere): CapturePlace {
    if (host === undefined) {
      if (link < this.links) return { labPid: this.pid, networkPid: this.pid, interfaceName: bridgeName(link) };
      const why = `its links are 0 to ${this.links - 1}`;
      throw new CommandFailure({ kind: 'not-found', what: `lab '${this.name}' has no link ${link}`, why });
    }
    const [one] = this.#interfaces(this.#find(host), link);
    return { labPid: this.pid, networkPid: this.host(host).pid, interfaceName: one?.name ?? 'any' };
  }

  /** A shell script in the host's PID namespace, at real-time priority where that is allowed: a machine wakes at once. */
  async #inHost(attempt: string, plan: HostPlan, script: readonly string[]): Promise<void> {
    const lines = ['chrt --rr -p 1 $$ 2>/dev/null', 'set -e', ...script].join('\n');
    await runOrFail(attempt, ['nsenter', '-t', String(this.#hostOf(plan).pid), '-p', 'sh', '-c', lines]);
  }

  async #inSwitch(attempt: string, lines: readonly string[], absent?: 'may be gone with the host'): Promise<void> {
    if (lines.length === 0) return;
    const script = this.#asBatch(lines, absent === undefined ? '' : ' -force').join('\n');
    await runOrFail(attempt, ['sh', '-c', absent === undefined ? script : `${script}\ntrue`]);
  }

  #asBatch(lines: readonly string[], force = ''): string[] {
    return batch(`nsenter -t ${this.pid} -n ip${force}`, lines);
  }

  #noSuchHost(name: string): CommandFailure {
    const names = readHosts(this.name).map(({ plan }) => plan.name);
    return notFound(`lab '${this.name}' has no host '${name}'`, name, names);
  }
}

function bridgePorts(interfaces: readonly InterfacePlan[], { impaired }: HostRecord): string[] {
  return interfaces.map((one) => bridgePort(one, impaired));
}

/** Every process of the PID namespace but its init and the shell that says it, in one system call: kill(2) with pid -1. */
const signalAll = (signal: 'STOP' | 'CONT') => `kill -s ${signal} -- -1`;

/** What is kept of a host that loses power. */
function powerless({ plan, responder }: HostRecord): HostRecord {
  return responder === undefined ? { plan } : { plan, responder: 'at-boot' };
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function noSuchLab(name: string): CommandFailure {
  const names = labNames();
  if (names.length > 0) return notFound(`there is no lab '${name}'`, name, names);
  return new CommandFailure({ kind: 'not-found', what: `there is no lab '${name}'`, fix: 'Run: haven lab up' });
}

function notFound(what: string, name: string, names: readonly string[]): CommandFailure {
  const near = nearest(name, names);
  const fix = near === undefined ? `There is: ${names.join(', ')}` : `Did you mean '${near}'?`;
  return new CommandFailure({ kind: 'not-found', what, fix });
}

function deadLab(name: string): CommandFailure {
  return new CommandFailure({
    kind: 'unavailable',
    what: `lab '${name}' is dead`,
    why: 'the process that held its hosts has ended',
    fix: `Clear it away: haven lab down --lab ${name}`,
  });
}

function nameInUse(name: string): CommandFailure {
  const alive = isInit(readLab(name)?.pid, initMarker(name));
  return new CommandFailure({
    kind: 'exists',
    what: `there is ${alive ? 'already a' : 'a dead'} lab '${name}'`,
    fix: alive
      ? `Give another name: --lab NAME, or end it: haven lab down --lab ${name}`
      : `Clear it away: haven lab down --lab ${name}`,
  });
}
