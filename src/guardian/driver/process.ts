// The guardian process: reads what the daemon says from standard input, looks at it often, acts on the machine's word.
// It holds no state worth keeping and needs nothing but the kernel. Its own stop signals are ignored: it ends when its
// daemon releases it, or has been dealt with.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import {
  armWatchdog,
  bootMs,
  type KernelError,
  linger,
  mapSharedMemory,
  monotonicMs,
  orFail,
  poolOfOne,
  setRealTime,
  settleWatchMethod,
  type Watchdog,
  whenCalm,
} from '../../linux/index.ts';
import {
  type GuardianEffect,
  type GuardianState,
  initialState,
  nextLookInMs,
  step,
  type ThreadReading,
  wantsThread,
} from '../machine.ts';
import { decodeMessage, lineBytesMax, SharedFields, sharedMemory } from '../protocol.ts';
import { ProcessorProbe } from './processor-probe.ts';
import { openUndoer, type Undoer } from './undo.ts';

/** Above the daemon's own threads: whoever watches must not be starved by the watched. */
const realTimePriority = 60;

/** The unit of times in /proc/PID/stat: USER_HZ is 100 (proc(5), time(7)). */
const clockTickMs = 10;

/** Written once to standard output when the guardian stands ready. */
export const readyLine = 'ready\n';
/** Written to standard output to wake the daemon's thread. */
const poke = 'poke\n';

export function runGuardian(): void {
  const undoer = openUndoer((text) => log('error', text));
  if (!('carryOut' in undoer)) {
    log('error', `cannot ${undoer.attempted}: ${undoer.errno}`);
    process.exit(69);
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const) process.on(signal, () => {});
  setRealTime(realTimePriority); // Refused without privilege: then it runs as everything else does.
  process.stdout.on('error', () => {}); // A daemon that dies before this guardian is ready does not hear it.
  void settleWatchMethod();
  new Guardian(undoer).start();
  process.stdout.write(readyLine);
}

class Guardian {
  readonly #undoer: Undoer;
  #state: GuardianState;
  #text = '';
  readonly #shared = new SharedFields(
    orFail(mapSharedMemory(sharedMemory.descriptor, sharedMemory.bytes, 'the daemon and its guardian')),
  );
  #lookDueMs = 0;
  #nextLook: NodeJS.Timeout | undefined;
  #waits = false;
  #acting: Promise<void> = Promise.resolve();
  /** Not done yet; they need the event loop. */
  #actions = 0;
  #enforced = this.#shared.lapsesEnforced;
  readonly #probe = new ProcessorProbe(realTimePriority);
  #watchdog: Watchdog | undefined;
  /** What was last said of it, so that it is said once. */
  #watchdogTrouble = '';

  constructor(undoer: Undoer) {
    this.#undoer = undoer;
    this.#state = initialState(monotonicMs(), this.#shared.lapsesEnforced);
  }

  start(): void {
    process.stdin.setEncoding('utf8');
    process.stdin.on('data', (chunk: string) => this.#read(chunk));
    for (const end of ['end', 'close', 'error'] as const)
      process.stdin.on(end, () => this.#apply({ kind: 'gone', nowMs: monotonicMs() }));
    this.#tick();
  }

  #read(chunk: string): void {
    const lines = (this.#text + chunk).split('\n');
    this.#text = lines.pop() ?? '';
    if (this.#text.length > lineBytesMax) this.#text = '';
    for (const line of lines) {
      const message = decodeMessage(line);
      // What is pledged anew is judged by the lease as it is now.
      this.#tick();
      if (!message.ok) log('error', message.error);
      else this.#apply({ kind: 'message', nowMs: monotonicMs(), message: message.value });
    }
  }

  #tick(): void {
    clearTimeout(this.#nextLook);
    this.#look();
    if (this.#actions > 0) return this.#lookLater();
    if (this.#waits) return;
    this.#waits = true;
    whenCalm(() => this.#wait());
  }

  #lookLater(): void {
    this.#nextLook = setTimeout(() => this.#tick(), Math.ceil(this.#lookDueMs - monotonicMs()));
  }

  /** Looks again and again without the event loop, as long as that has nothing to do: each look costs half then. */
  #wait(): void {
    this.#waits = false;
    const wait = () => linger({ forMs: this.#lookDueMs - monotonicMs(), atTheEnd: 'wake', goesOn: () => true });
    while (this.#actions === 0 && wait() === 'over') this.#look();
    this.#lookLater();
  }

  #look(): void {
    const [nowMs, nowBootMs] = [monotonicMs(), bootMs()];
    const { beats, beatMs, lease } = this.#shared;
    const { daemon } = this.#state;
    const wanted = daemon !== undefined && wantsThread(this.#state, nowMs, beats);
    const thread = wanted ? readThread(daemon, this.#probe) : undefined;
    this.#apply({ kind: 'tick', nowMs, bootMs: nowBootMs, beats, beatMs, lease, thread });
    this.#noteEnforced();
    this.#shared.look();
    this.#lookDueMs = nowMs + nextLookInMs(this.#state, nowBootMs);
  }

  /** For the guardian after this one, once it is done. */
  #noteEnforced(): void {
    const { lapsesEnforced } = this.#state;
    if (lapsesEnforced === this.#enforced) return;
    this.#enforced = lapsesEnforced;
    this.#act(() => {
      this.#shared.lapsesEnforced = lapsesEnforced;
    });
  }

  /** One after the other. */
  #act(action: () => void | Promise<void>): void {
    this.#actions++;
    this.#acting = this.#acting.then(action).then(() => {
      this.#actions--;
    });
  }

  #apply(event: Parameters<typeof step>[1]): void {
    const done = step(this.#state, event);
    this.#state = done.state;
    for (const effect of done.effects) this.#perform(effect);
  }

  #perform(effect: GuardianEffect): void {
    switch (effect.kind) {
      case 'log':
        return log(effect.level, effect.text);
      case 'poke':
        process.stdout.write(poke);
        return;
      case 'kill':
        return kill(effect.pid);
      case 'undo':
        this.#act(() => this.#undoer.carryOut(effect.pledge));
        return;
      case 'feed-watchdog':
        return this.#feedWatchdog();
      case 'restart':
        this.#act(() => restart(effect.argv));
        return;
      case 'await-reset':
        this.#act(() => {
          if (this.#watchdog === undefined) process.exit(0);
          log('notice', `waiting for the watchdog ${this.#watchdog.path} to reset this machine`);
        });
        return;
      case 'exit':
        this.#act(() => {
          this.#watchdog?.disarm();
          process.exit(effect.code);
        });
    }
  }

  /** Armed with the first feeding; what cannot be armed, or fed, is tried again with the next. */
  #feedWatchdog(): void {
    const wanted = this.#state.daemon?.limits.watchdog;
    if (wanted === undefined) return;
    const { device, timeoutS } = wanted;
    if (this.#watchdog === undefined) {
      const armed = armWatchdog(device, timeoutS);
      if (!armed.ok) return this.#complain(armed.error);
      this.#watchdog = armed.value;
      const granted = armed.value.timeoutS || timeoutS; // A driver that does not say took what it was told.
      log('notice', `the watchdog ${device} resets this machine after ${granted} s without a sign of life`);
      if (granted !== timeoutS)
        log('error', `the watchdog ${device} took ${granted} s instead of the ${timeoutS} s that are configured`);
    }
    const fed = this.#watchdog.keepAlive();
    if (fed.ok) this.#watchdogTrouble = '';
    else this.#complain(fed.error);
  }

  #complain({ attempted, errno, detail }: KernelError): void {
    const trouble = `cannot ${attempted}: ${errno}${detail === undefined ? '' : ` (${detail})`}`;
    if (trouble !== this.#watchdogTrouble) log('error', trouble);
    this.#watchdogTrouble = trouble;
  }
}

/** Undefined when the thread is gone. */
function readThread(
  { pid, tid }: { readonly pid: number; readonly tid: number },
  probe: ProcessorProbe,
): ThreadReading | undefined {
  const folder = `/proc/${pid}/task/${tid}`;
  const fields = readStat(folder);
  if (fields === undefined) return undefined;
  const [state = ''] = fields;
  const [ranNs = 0, waitedNs = 0] = (readWhole(`${folder}/schedstat`) ?? '').split(' ').map(Number);
  // A kernel without scheduler statistics says 0; its clock ticks (fields 14 and 15) still tell spinning from starving.
  const ranMs = ranNs > 0 ? ranNs / 1e6 : (Number(fields[11]) + Number(fields[12])) * clockTickMs;
  const processorRuns = probe.runs(Number(fields[36])); // Field 39: where it ran last.
  const sleepsIn = (readWhole(`${folder}/wchan`) ?? '').replace(/^0$/, '');
  // Whom a lock keeps is not told; and where the kernel does not tell what it sleeps in, that may be a lock.
  const isKept = state === 'S' && /^(?:futex|$)/.test(sleepsIn) && isAnotherAwake(pid, tid);
  return { state, ranMs, waitedMs: waitedNs / 1e6, processorRuns, isKept, sleepsIn };
}

function isAnotherAwake(pid: number, tid: number): boolean {
  const folder = `/proc/${pid}/task`;
  const states = listing(folder).map((name) => (Number(name) === tid ? undefined : readStat(`${folder}/${name}`)?.[0]));
  return states.some((state) => state === 'R' || state === 'D');
}

/** The fields of /proc/PID/stat behind the program's name, which may hold any character: the state is the first. */
function readStat(folder: string): string[] | undefined {
  const stat = readWhole(`${folder}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function listing(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readWhole(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone already.
  }
}

function restart(argv: readonly string[]): void {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, {
    detached: true,
    env: { ...process.env, ...poolOfOne },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  child.once('error', (thrown) => log('error', `cannot restart the daemon: ${thrown.message}`));
  child.unref();
  log('notice', `restarted the daemon as pid ${child.pid}`);
}

function log(level: 'notice' | 'error', text: string): void {
  process.stderr.write(`haven guardian: ${level}: ${text}\n`);
}
