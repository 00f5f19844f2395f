// What is remembered of a lab: a directory /run/haven-lab/NAME with a file for the lab and one for each host, each
// replaced as a whole. What the kernel knows (which ports are cut, who is alive) is asked of the kernel, so a process that
// dies half-way leaves nothing untrue behind. HAVEN_LAB_ROOT names another directory: labs of one root do not see another's.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandFailure } from '../kit/index.ts';
import type { HostPlan } from './plan.ts';
import { commandLineOf, processIds } from './processes.ts';

export type LabRecord = {
  readonly name: string;
  readonly links: number;
  readonly disk: readonly string[];
  /** The process that holds the lab's namespaces; all that is in the lab ends with it. Absent while the lab is made. */
  readonly pid?: number;
};

export type HostRecord = {
  readonly plan: HostPlan;
  /** The host's init as the machine sees it; absent: powered off. */
  readonly pid?: number;
  readonly stopped?: 'paused' | 'frozen';
  /** Whether the responder runs, or is to be started at the next boot. */
  readonly responder?: 'started' | 'at-boot';
  /** Ports that a forwarder stands behind. */
  readonly impaired?: readonly string[];
};

export function labRoot(): string {
  return process.env.HAVEN_LAB_ROOT ?? '/run/haven-lab';
}

export function labDirectory(lab: string): string {
  return join(labRoot(), lab);
}

/** Where the lab's own tmpfs with its hosts' disks is mounted, in the lab's mount namespace only. */
export function disksDirectory(lab: string): string {
  return join(labDirectory(lab), 'disks');
}

/** The last word of an init's command line: by it a lab's processes are told from all others, whatever their pid. */
export function initMarker(lab: string, host?: string): string {
  return `haven-lab:${labDirectory(lab)}${host === undefined ? '' : `/${host}`}`;
}

/** What the markers of this root's labs start with; the slash keeps /run/haven-lab and /run/haven-lab-2 apart. */
function rootMarker(): string {
  return `haven-lab:${labRoot()}/`;
}

export function isInit(pid: number | undefined, marker: string): pid is number {
  return pid !== undefined && commandLineOf(pid)?.at(-1) === marker;
}

/** Takes the name, atomically. @throws CommandFailure `permission`; returns false when the name is taken. */
export function claimLab(record: LabRecord): boolean {
  try {
    mkdirSync(labRoot(), { recursive: true });
    mkdirSync(labDirectory(record.name));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    throw new CommandFailure({ kind: 'permission', what: `cannot keep a lab's state in ${labRoot()}`, why: message });
  }
  mkdirSync(disksDirectory(record.name));
  mkdirSync(join(labDirectory(record.name), 'hosts'));
  writeLab(record);
  return true;
}

export function writeLab(record: LabRecord): void {
  writeJson(join(labDirectory(record.name), 'lab.json'), record);
}

export function readLab(name: string): LabRecord | undefined {
  return readJson(join(labDirectory(name), 'lab.json')) as LabRecord | undefined;
}

export function writeHost(lab: string, record: HostRecord): void {
  writeJson(hostFile(lab, record.plan.name), record);
}

/** By number, which is the order in which they were declared. */
export function readHosts(lab: string): HostRecord[] {
  return namesIn(join(labDirectory(lab), 'hosts'))
    .filter((file) => file.endsWith('.json'))
    .map((file) => readJson(join(labDirectory(lab), 'hosts', file)) as HostRecord | undefined)
    .filter((record) => record !== undefined)
    .sort((left, right) => left.plan.number - right.plan.number);
}

export function forgetLab(name: string): void {
  rmSync(labDirectory(name), { recursive: true, force: true });
}

/** Every lab that left a trace: a directory, or a living process without one. */
export function labNames(): string[] {
  const marked = [...initPids().keys()].map((marker) => marker.slice(rootMarker().length).split('/')[0] ?? '');
  return [...new Set([...namesIn(labRoot()), ...marked])].filter((name) => name !== '').sort();
}

/** The inits of this root's labs and hosts by their markers, from /proc alone. */
export function initPids(): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const pid of processIds()) {
    const marker = commandLineOf(pid)?.at(-1);
    if (marker?.startsWith(rootMarker()) === true) found.set(marker, [...(found.get(marker) ?? []), pid]);
  }
  return found;
}

function hostFile(lab: string, host: string): string {
  return join(labDirectory(lab), 'hosts', `${host}.json`);
}

function writeJson(file: string, value: unknown): void {
  const next = `${file}.${process.pid}.next`;
  writeFileSync(next, `${JSON.stringify(value, null, 2)}\n`);
  renameSync(next, file);
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || (error as NodeJS.ErrnoException).code === 'ENOTDIR')
      return undefined;
    throw new CommandFailure({ kind: 'failed', what: `cannot read ${file}`, why: (error as Error).message });
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
