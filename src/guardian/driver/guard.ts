// The daemon's side: starts its guardian, tells it what is held, beats. To be used from the time-critical thread, whose
// life is what the beats attest. A guardian that dies is replaced.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, openSync, readlinkSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from '../../kit/index.ts';
import { programPath } from '../../linux/index.ts';
import { tickMs } from '../machine.ts';
import {
  emptyPledge,
  encodeMessage,
  type GuardianMessage,
  type GuardLimits,
  type Lease,
  looksAt,
  noLease,
  type Pledge,
  sharedFile,
  writeDaemonFields,
} from '../protocol.ts';
import { readyLine } from './process.ts';

export const beatMs = tickMs;

/** A small heap: the guardian keeps nothing. */
const nodeOptions = ['--max-old-space-size=24', '--max-semi-space-size=1', '--v8-pool-size=0', '--single-threaded-gc'];

/** A guardian that dies at once again and again is not started more often than this. */
const replaceAfterMs = 250;

/** A guardian that has not looked for so long is replaced: it would not see this daemon die. */
const guardianSilentMsMax = 1000;

export class Guard {
  readonly #limits: GuardLimits;
  readonly #logger: Logger;
  #child: ChildProcess | undefined;
  #pledge: Pledge = emptyPledge;
  #pledged = '';
  #lease: Lease = noLease;
  #beatCount = 0;
  /** What the guardian has counted, and how many of our beats ago that changed; undefined: it has not looked yet. */
  #looks: { readonly count: number; readonly beatsAgo: number | undefined } = { count: 0, beatsAgo: undefined };
  #beats: NodeJS.Timeout | undefined;
  #released = false;
  #silent = false;
  readonly #file = openSharedFile();
  readonly #shared = Buffer.alloc(sharedFile.bytes);

  constructor(limits: GuardLimits, logger: Logger) {
    this.#limits = limits;
    this.#logger = logger;
  }

  /**
   * Resolves when the guardian stands ready: nothing may be held before. `beforeBeat` is called every `beatMs`; a lease that
   * it renews goes out with the beat.
   */
  async start(beforeBeat: () => void = () => {}): Promise<void> {
    this.#beat();
    this.#beats = setInterval(() => {
      beforeBeat();
      if (!this.#silent) this.#beat();
    }, beatMs);
    await this.#spawn();
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Replaces what is pledged; the guardian has it before anything that is put on the wire afterwards. */
  pledge(pledge: Pledge): void {
    const text = encodeMessage({ kind: 'pledge', pledge });
    if (text === this.#pledged) return;
    this.#pledge = pledge;
    this.#pledged = text;
    this.#child?.stdin?.write(text);
  }

  /** From the moment that was proved to the end of the right to hold, by the boot clock. Goes out with the next beat. */
  lease(fromBootMs: number, untilBootMs: number): void {
    const { untilBootMs: before = untilBootMs, lapses } = this.#lease;
    this.#lease = { untilBootMs, lapses: lapses + (fromBootMs > before ? 1 : 0) };
  }

  /** The daemon is no longer itself: the guardian ends it as one that hangs. */
  stopBeating(why: string): void {
    this.#logger.error(`${why}: leaving this daemon to its guardian`);
    this.#silent = true;
  }

  /** The daemon has cleaned up and ends by itself. */
  async release(): Promise<void> {
    this.#released = true;
    clearInterval(this.#beats);
    const child = this.#child;
    if (child === undefined || child.exitCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    this.#send({ kind: 'release' });
    await gone;
  }

  /** For between the parts of long work: a thread that gets on is not hung. */
  alive(): void {
    this.#beatCount++;
    this.#write();
  }

  #beat(): void {
    this.alive();
    this.#watchGuardian();
  }

  #write(): void {
    writeDaemonFields(this.#shared, this.#beatCount, this.#lease);
    writeSync(this.#file, this.#shared, 0, sharedFile.daemonBytes, 0);
  }

  /** Counted in our own beats: a machine that stood still as a whole proves nothing against the guardian. */
  #watchGuardian(): void {
    const count = this.#readLooks();
    const { count: before, beatsAgo } = this.#looks;
    this.#looks = { count, beatsAgo: count !== before ? 0 : beatsAgo === undefined ? undefined : beatsAgo + 1 };
    if ((this.#looks.beatsAgo ?? 0) * beatMs < guardianSilentMsMax) return;
    this.#looks = { count, beatsAgo: undefined };
    this.#logger.error(`the guardian has not looked for ${guardianSilentMsMax} ms: ending it`);
    this.#child?.kill('SIGKILL');
  }

  #readLooks(): number {
    readSync(this.#file, this.#shared, looksAt, this.#shared.length - looksAt, looksAt);
    return this.#shared.readDoubleLE(looksAt);
  }

  #send(message: GuardianMessage): void {
    this.#child?.stdin?.write(encodeMessage(message));
  }

  #spawn(): Promise<void> {
    this.#looks = { count: this.#readLooks(), beatsAgo: undefined };
    // Its own session: a terminal's interrupt is for the daemon, which then releases it.
    const child = spawn(process.execPath, [...nodeOptions, programPath(), 'guardian'], {
      detached: true,
      stdio: ['pipe', 'pipe', 'inherit', this.#file],
    });
    this.#child = child;
    child.stdin?.on('error', () => {}); // Its end is seen by 'exit'.
    child.once('exit', (code, signal) => this.#replace(signal ?? `exit code ${code}`));
    this.#send({ kind: 'hello', pid: process.pid, tid: threadId(), limits: this.#limits });
    if (this.#pledged !== '') this.#send({ kind: 'pledge', pledge: this.#pledge });
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.stdout?.once('data', (chunk: Buffer) => {
        if (chunk.toString('latin1').startsWith(readyLine.trimEnd())) resolve();
      });
      child.once('exit', () => reject(new Error('the guardian ended before it was ready')));
    });
  }

  #replace(how: string): void {
    if (this.#released) return;
    this.#logger.warning(`the guardian ended (${how}): starting another`);
    setTimeout(() => {
      if (this.#released) return;
      this.#spawn().catch((thrown: Error) => this.#logger.error(`cannot start a guardian: ${thrown.message}`));
    }, replaceAfterMs);
  }
}

/** Without a name, so that nothing is left behind: it lives as long as the two processes. */
function openSharedFile(): number {
  const folder = mkdtempSync(join(tmpdir(), 'haven-beat-'));
  const file = openSync(join(folder, 'beat'), 'w+', 0o600);
  rmSync(folder, { recursive: true });
  return file;
}

/** The kernel's id of the calling thread: /proc/thread-self points at /proc/PID/task/TID (proc(5)). */
function threadId(): number {
  return Number(readlinkSync('/proc/thread-self').split('/').at(-1));
}
