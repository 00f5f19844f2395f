// The daemon's side: starts its guardian, tells it what is held, beats. To be used from the time-critical thread, whose
// life is what the beats attest. A guardian that dies is replaced; until the next one stands, the daemon sees to its lease
// itself.
import { type ChildProcess, spawn } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import type { Logger } from '../../kit/index.ts';
import { bootMs, createSharedMemory, monotonicMs, orFail, poolOfOne, programPath } from '../../linux/index.ts';
import { heldUnderLease, lapsesOf } from '../machine.ts';
import {
  emptyPledge,
  encodeMessage,
  type GuardianMessage,
  type GuardLimits,
  type Lease,
  noLease,
  type Pledge,
  SharedFields,
  sharedMemory,
} from '../protocol.ts';
import { readyLine } from './process.ts';
import { openUndoer } from './undo.ts';

/** A small heap: the guardian keeps nothing. */
const nodeOptions = ['--max-old-space-size=24', '--max-semi-space-size=1', '--v8-pool-size=0', '--single-threaded-gc'];

/** A guardian that dies at once again and again is not started more often than this. */
const replaceAfterMs = 250;

/** A guardian that has not looked for so long is replaced: it would not see this daemon die. */
const guardianSilentMsMax = 1000;
/** The same for one that is still starting. */
const guardianStartMsMax = 10_000;

/** What a thread wants done now and then, and how often at most. */
export type Upkeep = { readonly everyMs: number; readonly also: () => void };

/** A thread that has had no turn for so many times `everyMs` is kept up by a timer. */
const turnlessUpkeeps = 4;

export class Guard {
  readonly #limits: GuardLimits;
  readonly #logger: Logger;
  #child: ChildProcess | undefined;
  /** The guardian is ready and has not ended. */
  #stands = false;
  #starting: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined;
  #spawnedAtMs = -Infinity;
  #pledge: Pledge = emptyPledge;
  #pledged = '';
  #lease: Lease = noLease;
  /** What the guardian has counted, for how long of our own beating that stands, and for how long it may. */
  #looks = { count: 0, forMs: 0, forMsMax: guardianStartMsMax };
  #beats: NodeJS.Timeout | undefined;
  #upkeep: Upkeep | undefined;
  #keptUpAtMs = -Infinity;
  #released = false;
  #silent = false;
  readonly #sharedFd: number;
  readonly #shared: SharedFields;

  constructor(limits: GuardLimits, logger: Logger) {
    this.#limits = limits;
    this.#logger = logger;
    const { fd, memory } = orFail(createSharedMemory('haven-beat', sharedMemory.bytes));
    this.#sharedFd = fd;
    this.#shared = new SharedFields(memory);
  }

  /**
   * Resolves when the guardian stands ready: nothing may be held before. Rejects when it gives up. Without `upkeep` a timer
   * beats as often as the guardian looks; with it the thread says by `turn` that it lives, and what is to be done now and
   * then is done with its turns.
   */
  async start(upkeep?: Upkeep): Promise<void> {
    this.#upkeep = upkeep;
    this.alive();
    const beatMs = upkeep === undefined ? this.#limits.lookMs : turnlessUpkeeps * upkeep.everyMs;
    this.#beats = setInterval(() => this.#keepUp(), beatMs);
    const ready = new Promise<void>((resolve, reject) => {
      this.#starting = { resolve, reject };
    });
    this.#spawn();
    await ready.catch((thrown: Error) => {
      this.#released = true;
      clearInterval(this.#beats);
      throw thrown;
    });
    this.#starting = undefined;
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

  /** From the moment that was proved to the end of the right to hold, by the boot clock. */
  lease(fromBootMs: number, untilBootMs: number): void {
    const { untilBootMs: before = untilBootMs, lapses } = this.#lease;
    if (this.#silent || untilBootMs === this.#lease.untilBootMs) return;
    this.#lease = { untilBootMs, lapses: lapses + (fromBootMs > before ? 1 : 0) };
    this.#shared.lease = this.#lease;
    this.#standIn();
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

  /** Beats: between the parts of long work. */
  alive(nowMs = monotonicMs()): void {
    if (!this.#silent) this.#shared.beat(nowMs);
  }

  /** Beats at the end of a turn of the thread; a timer for the upkeep would wake it once more. */
  turn(): void {
    const nowMs = monotonicMs();
    this.alive(nowMs);
    if (this.#upkeep === undefined || nowMs - this.#keptUpAtMs < this.#upkeep.everyMs) return;
    this.#beats?.refresh();
    this.#keepUp();
  }

  #keepUp(): void {
    this.#keptUpAtMs = monotonicMs();
    this.#upkeep?.also();
    this.alive();
    this.#standIn();
    this.#watchGuardian(this.#upkeep?.everyMs ?? this.#limits.lookMs);
  }

  /** Counted in our own beats: a machine that stood still as a whole proves nothing against the guardian. */
  #watchGuardian(beatMs: number): void {
    const count = this.#shared.looks;
    if (count !== this.#looks.count) this.#looks = { count, forMs: 0, forMsMax: guardianSilentMsMax };
    else this.#looks.forMs += beatMs;
    const { forMs, forMsMax } = this.#looks;
    if (forMs < forMsMax) return;
    this.#looks = { count, forMs: 0, forMsMax: guardianStartMsMax };
    this.#logger.error(`the guardian has not looked for ${forMsMax} ms: ending it`);
    this.#child?.kill('SIGKILL');
  }

  /** What a guardian would do about the lease, while there is none. */
  #standIn(): void {
    if (this.#stands || this.#pledge.addresses.length === 0) return;
    const lapses = lapsesOf(this.#lease, bootMs());
    if (lapses <= this.#shared.lapsesEnforced) return;
    this.#shared.lapsesEnforced = lapses;
    this.#logger.error('the lease ran out while there was no guardian: taking down what was held under it');
    const undoer = openUndoer((text) => this.#logger.error(text));
    if ('carryOut' in undoer) void undoer.carryOut(heldUnderLease(this.#pledge)).then(() => undoer.close());
    else this.#logger.error(`cannot ${undoer.attempted}: ${undoer.errno}`);
  }

  #send(message: GuardianMessage): void {
    this.#child?.stdin?.write(encodeMessage(message));
  }

  #spawn(): void {
    this.#looks = { count: this.#shared.looks, forMs: 0, forMsMax: guardianStartMsMax };
    this.#spawnedAtMs = performance.now();
    // Its own session: a terminal's interrupt is for the daemon, which then releases it.
    const child = spawn(process.execPath, [...nodeOptions, programPath(), 'guardian'], {
      detached: true,
      env: { ...process.env, ...poolOfOne },
      stdio: ['pipe', 'pipe', 'inherit', this.#sharedFd],
    });
    this.#child = child;
    child.stdin?.on('error', () => {}); // Its end is seen by 'exit'.
    child.once('error', ({ message }) => {
      if (child.pid === undefined) this.#ended({ how: message, killed: false });
    });
    child.once('exit', (code, signal) => this.#ended({ how: signal ?? `exit code ${code}`, killed: signal !== null }));
    child.stdout?.on('data', (chunk: Buffer) => {
      this.alive(); // It pokes a thread that seems to hang.
      if (!chunk.toString('latin1').startsWith(readyLine.trimEnd())) return;
      this.#stands = true;
      this.#starting?.resolve();
    });
    if (this.#pledged !== '') this.#send({ kind: 'pledge', pledge: this.#pledge });
    this.#send({ kind: 'hello', pid: process.pid, tid: threadId(), limits: this.#limits });
  }

  #ended({ how, killed }: { readonly how: string; readonly killed: boolean }): void {
    this.#stands = false;
    this.#standIn();
    if (this.#released) return;
    if (!killed) this.#starting?.reject(new Error(`the guardian ended before it was ready (${how})`));
    this.#logger.warning(`the guardian ended (${how}): starting another`);
    setTimeout(
      () => {
        if (!this.#released) this.#spawn();
      },
      Math.max(0, this.#spawnedAtMs + replaceAfterMs - performance.now()),
    );
  }
}

/** The kernel's id of the calling thread: /proc/thread-self points at /proc/PID/task/TID (proc(5)). */
function threadId(): number {
  return Number(readlinkSync('/proc/thread-self').split('/').at(-1));
}
