// Other programs, run by a lab: `ip`, `unshare`, `nsenter`, `mount` do the set-up; /proc says who is alive.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { CommandFailure } from '../kit/index.ts';

export type RunOptions = {
  /** Written to the program's standard input, which is then closed. */
  readonly input?: string;
  /** After this the program is killed and the call fails with kind `timeout`. */
  readonly timeoutMs?: number;
  readonly environment?: Readonly<Record<string, string>>;
};

export type RunResult = { readonly code: number; readonly stdout: string; readonly stderr: string };

const timeoutDefaultMs = 180_000;
/** More output than this is an endless loop, not an answer. */
const outputBytesMax = 64 << 20;

/**
 * Runs a program to its end. `code` is 128 + the signal's number when a signal ended it, as in a shell.
 * @throws CommandFailure `timeout`, or `unavailable` when the program is not installed.
 */
export function runProgram(words: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [program = '', ...rest] = words;
  const timeoutMs = options.timeoutMs ?? timeoutDefaultMs;
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, { env: { ...process.env, ...options.environment } });
    const output: { stdout: Buffer[]; stderr: Buffer[]; bytes: number } = { stdout: [], stderr: [], bytes: 0 };
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].on('data', (chunk: Buffer) => {
        output.bytes += chunk.length;
        if (output.bytes > outputBytesMax) child.kill('SIGKILL');
        else output[stream].push(chunk);
      });
    }
    child.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      reject(missingProgram(program, error));
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (timedOut) reject(tooSlow(words, timeoutMs));
      else
        resolve({ code: code ?? 128 + signalNumber(signal), stdout: text(output.stdout), stderr: text(output.stderr) });
    });
    // A program that ends without reading its input is judged by its exit code, not by the broken pipe.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
}

/** Like `runProgram`, for set-up that must succeed: anything but exit code 0 is a failure that says what was attempted. */
export async function runOrFail(attempt: string, words: readonly string[], options: RunOptions = {}): Promise<string> {
  const done = await runProgram(words, options);
  if (done.code === 0) return done.stdout;
  throw failedAttempt(attempt, done.stderr, `exit code ${done.code}`);
}

/** What a program said on its way out, as a failure; `otherwise` when it said nothing. */
export function failedAttempt(attempt: string, complaint: string, otherwise: string): CommandFailure {
  const why = complaint.trim().split('\n').slice(0, 3).join('; ') || otherwise;
  const what = `cannot ${attempt}`;
  const isDenied = process.getuid?.() !== 0 && /Operation not permitted|Permission denied/.test(why);
  return new CommandFailure(
    isDenied ? { kind: 'permission', what, why, fix: 'Run it as root' } : { kind: 'failed', what, why },
  );
}

/** Runs a program on our own terminal to its end. Its exit code. */
export function runOnTerminal(words: readonly string[]): Promise<number> {
  const [program = '', ...rest] = words;
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, { stdio: 'inherit' });
    child.once('error', (error) => reject(missingProgram(program, error)));
    child.once('close', (code, signal) => resolve(code ?? 128 + signalNumber(signal)));
  });
}

export function missingProgram(program: string, error: NodeJS.ErrnoException): CommandFailure {
  if (error.code !== 'ENOENT')
    return new CommandFailure({ kind: 'failed', what: `cannot run ${program}`, why: error.message });
  return new CommandFailure({
    kind: 'unavailable',
    what: `the program '${program}' is not installed`,
    fix: 'Run: node tools/setup.mjs test',
  });
}

/** The words a process was started with, or undefined when there is no such process (any more). */
export function commandLineOf(pid: number): readonly string[] | undefined {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
    // A zombie has no command line: it is dead already.
    return words.length === 0 ? undefined : words;
  } catch {
    return undefined;
  }
}

/** Every process this one can see, by pid. */
export function processIds(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Field `index` (1-based, as in proc(5)) of /proc/PID/stat from the state (3) on, or undefined when the process is gone. */
export function statField(pid: number, index: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[index - 3];
  } catch {
    return undefined;
  }
}

/** Waits until `holds()`; the interval is short because what a lab waits for takes milliseconds. */
export async function waitUntil(what: string, holds: () => boolean, withinMs = 120_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > deadline) {
      throw new CommandFailure({ kind: 'timeout', what: `${what}: not within ${withinMs / 1000} s` });
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** One word for a POSIX shell, whatever it contains. */
export function shellWord(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function tooSlow(words: readonly string[], timeoutMs: number): CommandFailure {
  return new CommandFailure({
    kind: 'timeout',
    what: `'${words.join(' ').slice(0, 200)}' did not end in ${timeoutMs / 1000} s`,
  });
}

function text(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8');
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === null ? 0 : constants.signals[signal];
}
