// The processes of this pid namespace, read from /proc (man 5 proc).
import { readdirSync, readFileSync } from 'node:fs';

export type ProcessEntry = {
  readonly pid: number;
  /** The first 15 characters of the program's name, or what the process calls itself. */
  readonly name: string;
  readonly parentPid: number;
  readonly state: string;
  /** With `pid` it names a process for ever: clock ticks after boot. */
  readonly startTicks: number;
};

/** Every process that there is. */
export function listProcesses(): ProcessEntry[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)) ?? []);
}

/** One process; undefined when there is none. */
export function readProcess(pid: number): ProcessEntry | undefined {
  const stat = readOrNothing(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The name stands in parentheses and may itself contain any character, parentheses too.
  const [open, close] = [stat.indexOf('('), stat.lastIndexOf(')')];
  const fields = stat.slice(close + 2).split(' ');
  return {
    pid,
    name: stat.slice(open + 1, close),
    state: fields[0] ?? '',
    parentPid: Number(fields[1]),
    startTicks: Number(fields[19]),
  };
}

/** The words of the command line; none for a kernel thread or a process that has ended. */
export function commandLineOf(pid: number): string[] {
  const text = readOrNothing(`/proc/${pid}/cmdline`) ?? '';
  return text === '' ? [] : text.replace(/\0$/, '').split('\0');
}

function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Processes end while they are read; ENOENT and ESRCH both say so.
    return undefined;
  }
}
