// One host of a lab, for code that wants something done in it.
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { constants } from 'node:os';
import { CommandFailure, defined } from '../kit/index.ts';
import { type HostPlan, volatileDirectories } from './plan.ts';
import { type RunOptions, type RunResult, runOrFail, runProgram } from './processes.ts';

export type AddressChoice = { readonly link?: number; readonly family?: 4 | 6 };

/** A program that runs in a host. It ends with the host, and with the process that started it. */
export type HostProcess = {
  /** For its streams; its pid is that of the shell that waits for it, so signal it by `signal` below. */
  readonly child: ChildProcess;
  /** Its exit code, 128 + N when signal N ended it. */
  readonly exited: Promise<number>;
  /** The program's own pid as this machine sees it; undefined before it has started and after it has ended. */
  readonly pid: () => number | undefined;
  readonly signal: (name: NodeJS.Signals) => void;
};

export class Host {
  readonly name: string;
  readonly plan: HostPlan;
  readonly #init: () => number;
  readonly #disk: readonly string[];

  /** `init` answers the pid of the host's init now, or throws that it is powered off. */
  constructor(plan: HostPlan, disk: readonly string[], init: () => number) {
    this.name = plan.name;
    this.plan = plan;
    this.#disk = disk;
    this.#init = init;
  }

  /** The host's init as this machine sees it. @throws CommandFailure `unavailable`: powered off. */
  get pid(): number {
    return this.#init();
  }

  /** Its first address on the link (default: of any), without prefix. @throws AssertionFailure: it has none. */
  address(choice: AddressChoice = {}): string {
    const family = choice.family ?? 4;
    const found = this.plan.interfaces
      .filter((one) => choice.link === undefined || one.link === choice.link)
      .flatMap((one) => one.addresses.map((address) => address.replace(/\/.*/, '')))
      .find((address) => isIPv6(address) === (family === 6));
    return defined(found, `host ${this.name} has an IPv${family} address on link ${choice.link ?? 'any'}`);
  }

  /** The words that run `words` in the host, for a caller that starts the process itself. */
  enter(words: readonly string[]): string[] {
    return [...enterWords(this.#init()), 'setpriv', '--pdeathsig', 'KILL', ...words];
  }

  /** Runs a program in the host to its end. @throws CommandFailure `timeout`, `unavailable`. */
  async run(words: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return runProgram(this.enter(words), options);
  }

  /** Standard output of a program that must succeed. @throws CommandFailure `failed`, with what it said. */
  async output(words: readonly string[], options: RunOptions = {}): Promise<string> {
    return runOrFail(`run '${words.join(' ')}' in host ${this.name}`, this.enter(words), options);
  }

  /** Standard output of a POSIX shell script that must succeed. */
  shell(script: string, options: RunOptions = {}): Promise<string> {
    return this.output(['sh', '-c', script], options);
  }

  /** Starts a program and leaves it running. */
  spawn(words: readonly string[], options: SpawnOptions = {}): HostProcess {
    const [program = '', ...rest] = this.enter(words);
    const child = spawn(program, rest, options);
    const exited = new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
    });
    const pid = () => onlyChild(child.pid);
    const signal = (name: NodeJS.Signals) => {
      const target = pid();
      if (target !== undefined) process.kill(target, name);
    };
    return { child, exited, pid, signal };
  }

  /** Writes a file of the host, with the directories above it. @throws CommandFailure `usage`: not a directory of its own. */
  async writeFile(path: string, content: string, mode = 0o644): Promise<void> {
    this.#requireOwn(path);
    const script = 'mkdir -p "$(dirname "$1")" && cat >"$1" && chmod "$2" "$1"';
    await this.output(['sh', '-c', script, 'sh', path, mode.toString(8)], { input: content });
  }

  /** @throws CommandFailure `failed`: there is no such file. */
  readFile(path: string): Promise<string> {
    return this.output(['cat', '--', path]);
  }

  #requireOwn(path: string): void {
    const own = [...this.#disk, ...volatileDirectories];
    if (own.some((directory) => path.startsWith(`${directory}/`)) && !path.split('/').includes('..')) return;
    throw new CommandFailure({
      kind: 'usage',
      what: `will not write ${path} in host '${this.name}'`,
      why: `hosts share it with this machine; their own are ${own.join(' ')}`,
      fix: "Name its directory in the lab's option `disk`",
    });
  }
}

/**
 * Into everything a host has of its own. A shell outside the host's PID namespace waits for the program, because an
 * `nsenter` that waits stops itself whenever its child is stopped, and nobody would continue it after `pause`.
 */
export function enterWords(pid: number): string[] {
  const wait = 'exec 3>&2 2>/dev/null; "$@" 2>&3 3>&-; exit $?';
  return ['nsenter', '-t', String(pid), '-m', '-u', '-i', '-n', '-p', '--no-fork', '--', 'sh', '-c', wait, 'sh'];
}

/** The waiting shell's one child is the program. */
export function onlyChild(pid: number | undefined): number | undefined {
  try {
    const child = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0];
    return child === undefined || child === '' ? undefined : Number(child);
  } catch {
    return undefined;
  }
}
