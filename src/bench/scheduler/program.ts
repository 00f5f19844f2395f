// What one run of a program costs, and how long it is waited for. Node tells nothing about the resources of children, so /proc is read while it runs:
// the most memory it held (VmHWM) and its processor time, both as they were at most `lookMs` before its end.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export type Measured =
  | { readonly kind: 'done'; readonly cpuSeconds: number; readonly waitedSeconds: number; readonly peakMiB: number }
  | { readonly kind: 'timed out' }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'not tried' };

const lookMs = 10;
/** Linux reports processor time in ticks of this length, whatever the kernel's own. */
const ticksPerSecond = 100;

/** Runs the program to its end, what it prints thrown away, for `secondsMax` of its processor time at most. */
export function measureProgram(program: string, args: readonly string[], secondsMax: number): Promise<Measured> {
  return new Promise((resolve) => {
    const startedMs = performance.now();
    const child = spawn(program, args, { stdio: 'ignore' });
    let last = { cpuSeconds: 0, peakMiB: 0 };
    const look = () => {
      if (child.pid !== undefined) last = costOf(child.pid) ?? last;
      if (last.cpuSeconds > secondsMax) child.kill('SIGKILL');
    };
    const looking = setInterval(look, lookMs);
    const finish = (measured: Measured) => {
      clearInterval(looking);
      resolve(measured);
    };
    child.on('error', (problem) => finish({ kind: 'failed', why: 'code' in problem ? String(problem.code) : 'error' }));
    child.on('exit', (code) => {
      if (last.cpuSeconds > secondsMax) finish({ kind: 'timed out' });
      else if (code !== 0) finish({ kind: 'failed', why: code === null ? 'killed' : `exit code ${code}` });
      else finish({ kind: 'done', ...last, waitedSeconds: (performance.now() - startedMs) / 1000 });
    });
  });
}

/** Undefined once the process is gone. */
function costOf(pid: number): { readonly cpuSeconds: number; readonly peakMiB: number } | undefined {
  try {
    const peakKiB = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    if (peakKiB === undefined) return undefined;
    // The name, in parentheses, may hold blanks; user and system time are the 12th and 13th field after it (proc(5)).
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    const ticks = Number(fields[11]) + Number(fields[12]);
    return { cpuSeconds: ticks / ticksPerSecond, peakMiB: Number(peakKiB) / 1024 };
  } catch {
    return undefined;
  }
}
