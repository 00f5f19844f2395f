// ocf:haven:process: a command in a session of its own, held by a pidfd. Its end wakes us; a restart of the daemon leaves
// it alone, and the next daemon takes it up by what was written of it: process id, start time and boot, which name one
// process for ever.
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { basename, dirname } from 'node:path';
import {
  bootId,
  commandLineOf,
  type KernelResult,
  kernelFailure,
  openProcess,
  type ProcessHandle,
  readProcess,
  type StartedProgram,
  startProgram,
} from '../../../linux/index.ts';
import type { BuiltinAgent, BuiltinRun, BuiltinSurroundings } from '../../builtin.ts';
import type { Operation } from '../../environment.ts';
import { answer, type Outcome } from '../../outcome.ts';
import { type ProcessPlan, processPlan } from '../../process/plan.ts';
import { accountOf } from './account.ts';

type Supervised = {
  readonly handle: ProcessHandle;
  readonly command: string;
  readonly ended: Promise<void>;
  /** Its session is its own, so that a signal may go to all that it started. */
  readonly leadsGroup: boolean;
  alive: boolean;
  /** How it ended, where it was our child. */
  how: string;
  stopping: boolean;
};

/** What is written of a process, to know it again. */
type Identity = { readonly pid: number; readonly startTicks: number; readonly boot: string };

/** A process that SIGKILL does not end at once is in the kernel's hands. */
const killWaitMs = 2000;
const timerMsMax = 2 ** 31 - 1;

export class ProcessAgent implements BuiltinAgent {
  readonly #around: BuiltinSurroundings;
  readonly #supervised = new Map<string, Supervised>();
  #closed = false;

  constructor(around: BuiltinSurroundings) {
    this.#around = around;
  }

  run(operation: Operation): BuiltinRun {
    const startedMs = performance.now();
    const outcome = this.#answer(operation)
      .catch((thrown: Error) => answer(1, thrown.message))
      .then((given) => ({ ...given, durationMs: performance.now() - startedMs }));
    return { outcome, kill: () => {} };
  }

  close(): void {
    this.#closed = true;
    for (const { handle } of this.#supervised.values()) handle.close();
    this.#supervised.clear();
  }

  async #answer({ action, resource, parameters, timeoutMs }: Operation): Promise<Outcome> {
    const plan = processPlan(parameters);
    if (!plan.ok) return action === 'stop' ? answer(0) : answer(6, plan.error);
    switch (action) {
      case 'start':
        return this.#start(resource, plan.value);
      case 'stop':
        return this.#stop(resource, plan.value, timeoutMs);
      case 'monitor':
      case 'status':
        return this.#monitor(resource, plan.value);
      case 'validate-all': {
        const reason = this.#objection(plan.value);
        return reason === undefined ? answer(0) : answer(6, reason);
      }
      default:
        return { ...answer(3, `ocf:haven:process knows no action '${action}'`), status: 'not-supported' };
    }
  }

  async #start(resource: string, plan: ProcessPlan): Promise<Outcome> {
    if (this.#current(resource, plan) !== undefined) return answer(0);
    const objection = this.#objection(plan);
    if (objection !== undefined) return answer(6, objection);
    const started = launch(plan);
    if (!started.ok) {
      const { attempted, errno } = started.error;
      const reason = `cannot ${attempted}: ${errno}`;
      const missing = errno === 'ENOENT' || errno === 'EACCES';
      return missing ? { ...answer(5, reason), status: 'not-installed' } : answer(1, reason);
    }
    const child = started.value;
    const supervised = this.#supervise(resource, plan.argv[0], child.pid);
    if (supervised === undefined) return answer(1, `${plan.argv[0]} ended at once`);
    child.onEnd((end) => {
      supervised.how = end.kind === 'exited' ? `exit code ${end.code}` : `killed by ${end.signal}`;
    });
    child.unref();
    this.#remember(resource, plan, child.pid);
    await endOf(supervised, plan.settleMs);
    return supervised.alive ? answer(0) : answer(1, await howItEnded(supervised));
  }

  async #stop(resource: string, plan: ProcessPlan, timeoutMs: number): Promise<Outcome> {
    const supervised = this.#current(resource, plan);
    const dead = this.#supervised.get(resource);
    if (supervised === undefined && dead !== undefined) killLeftBehind(dead);
    if (supervised !== undefined) {
      supervised.stopping = true;
      signal(supervised, plan.stopSignal as NodeJS.Signals);
      await endOf(supervised, Math.min(plan.stopTimeoutMs, timeoutMs));
      // What it started and left behind goes with it.
      signal(supervised, 'SIGKILL');
      if (supervised.alive) await endOf(supervised, killWaitMs);
      if (supervised.alive) return answer(1, `process ${supervised.handle.pid} does not end, not even by SIGKILL`);
    }
    this.#supervised.delete(resource);
    rmSync(this.#stateFile(resource), { force: true });
    if (plan.pidFile !== undefined) rmSync(plan.pidFile, { force: true });
    return answer(0);
  }

  async #monitor(resource: string, plan: ProcessPlan): Promise<Outcome> {
    if (this.#current(resource, plan) !== undefined) return answer(0);
    const known = this.#supervised.get(resource);
    return answer(7, known === undefined ? '' : await howItEnded(known));
  }

  /** The living process of the resource, taken up if a daemon before us started it. */
  #current(resource: string, plan: ProcessPlan): Supervised | undefined {
    const known = this.#supervised.get(resource);
    if (known?.alive === true) return known;
    const pid = identified(this.#stateFile(resource)) ?? namedByPidFile(plan);
    if (pid === undefined || pid === known?.handle.pid) return undefined;
    return this.#supervise(resource, plan.argv[0], pid);
  }

  #supervise(resource: string, command: string, pid: number): Supervised | undefined {
    const handle = openProcess(pid);
    if (!handle.ok) return undefined;
    let told = () => {};
    const ended = new Promise<void>((resolve) => {
      told = resolve;
    });
    const leadsGroup = processGroupOf(pid) === pid;
    const supervised: Supervised = {
      handle: handle.value,
      command,
      ended,
      leadsGroup,
      alive: true,
      how: '',
      stopping: false,
    };
    const watched = handle.value.onEnd(() => {
      supervised.alive = false;
      handle.value.close();
      told();
      void this.#tellEnd(resource, supervised);
    });
    if (!watched.ok) this.#around.logger.warning(`${resource}: ${kernelFailure(watched.error).what}`);
    handle.value.unref();
    this.#supervised.get(resource)?.handle.close();
    this.#supervised.set(resource, supervised);
    return supervised;
  }

  async #tellEnd(resource: string, supervised: Supervised): Promise<void> {
    const reason = await howItEnded(supervised);
    if (this.#closed || supervised.stopping || this.#supervised.get(resource) !== supervised) return;
    this.#around.onFailure(resource, answer(7, reason));
  }

  #objection(plan: ProcessPlan): string | undefined {
    if (accountOf(plan.user) === undefined) return `there is no user '${plan.user}' on this node`;
    if (!(plan.stopSignal in constants.signals)) return `there is no signal '${plan.stopSignal}'`;
    return undefined;
  }

  #remember(resource: string, plan: ProcessPlan, pid: number): void {
    const entry = readProcess(pid);
    if (entry === undefined) return;
    const identity: Identity = { pid, startTicks: entry.startTicks, boot: bootId() };
    writeWhole(this.#stateFile(resource), JSON.stringify(identity));
    if (plan.pidFile !== undefined) writeWhole(plan.pidFile, `${pid}\n`);
  }

  #stateFile(resource: string): string {
    return `${this.#around.stateFolder}/process-${encodeURIComponent(resource)}.json`;
  }
}

/** In a session of its own: neither our terminal nor our end reaches it. */
function launch(plan: ProcessPlan): KernelResult<StartedProgram> {
  const account = accountOf(plan.user);
  const log = plan.logFile === undefined ? undefined : openSync(plan.logFile, 'a', 0o640);
  const output = log ?? 'nothing';
  const environment = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: account?.home ?? '/',
    ...plan.environment,
  };
  try {
    return startProgram({
      argv: plan.argv,
      environment,
      directory: plan.directory,
      stdio: ['nothing', output, output],
      account: account?.uid === process.getuid?.() ? undefined : account,
    });
  } finally {
    if (log !== undefined) closeSync(log);
  }
}

/** The exit status arrives in another turn of the event loop than the pidfd's word, mostly just after it. */
async function howItEnded(supervised: Supervised): Promise<string> {
  for (let turn = 0; turn < 5 && supervised.how === ''; turn++)
    await new Promise((resolve) => setTimeout(() => setImmediate(resolve), 1));
  const how = supervised.how === '' ? '' : ` (${supervised.how})`;
  return `process ${supervised.handle.pid} of ${supervised.command} has ended${how}`;
}

function signal({ handle, leadsGroup, alive }: Supervised, name: NodeJS.Signals): void {
  if (!leadsGroup) {
    if (alive) handle.signal(name);
    return;
  }
  try {
    process.kill(-handle.pid, name);
  } catch {
    // Nobody is left in the group.
  }
}

/**
 * What a process that has ended left behind in its group. While one of those lives, the kernel gives the number to
 * nobody else; if somebody has it, there are none.
 */
function killLeftBehind(dead: Supervised): void {
  if (readProcess(dead.handle.pid) === undefined) signal(dead, 'SIGKILL');
}

/** The process that a state file names, if it is still that very one. */
function identified(path: string): number | undefined {
  const text = readOrNothing(path);
  if (text === undefined) return undefined;
  const identity = parseIdentity(text);
  if (identity === undefined || identity.boot !== bootId()) return undefined;
  const entry = readProcess(identity.pid);
  return entry?.startTicks === identity.startTicks && entry.state !== 'Z' ? identity.pid : undefined;
}

function parseIdentity(text: string): Identity | undefined {
  try {
    return JSON.parse(text) as Identity;
  } catch {
    return undefined; // Torn or foreign: as if it were not there.
  }
}

/** A pid file says too little to be believed alone: the process must also run the command. */
function namedByPidFile({ pidFile, argv }: ProcessPlan): number | undefined {
  if (pidFile === undefined) return undefined;
  const pid = Number(readOrNothing(pidFile)?.trim() || Number.NaN);
  if (!Number.isSafeInteger(pid) || pid <= 1 || readProcess(pid)?.state === 'Z') return undefined;
  const wanted = basename(argv[0]);
  return commandLineOf(pid)
    .slice(0, 2)
    .some((word) => basename(word) === wanted)
    ? pid
    : undefined;
}

/** Field 5 of /proc/PID/stat (man 5 proc). */
function processGroupOf(pid: number): number | undefined {
  const stat = readOrNothing(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
}

function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // Not there, or gone while it was read.
  }
}

/** A reader never sees half of it. */
function writeWhole(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

/** Its end, waited for no longer than that. */
async function endOf({ ended }: Supervised, withinMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.min(withinMs, timerMsMax));
  });
  await Promise.race([ended, over]);
  clearTimeout(timer);
}
