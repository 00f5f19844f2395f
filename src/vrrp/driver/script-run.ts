// Runs one script of the configuration: no shell, its own process group, the configured account, nothing inherited but
// the environment.
import { spawn } from 'node:child_process';
import type { ScriptUser } from '../configuration.ts';
import type { ScriptOutcome } from '../trackers/script.ts';

export type ScriptRun = {
  /** To the script and everything it started that stayed in its group. */
  readonly signal: (signal: 'SIGTERM' | 'SIGKILL') => void;
};

export type ScriptCall = { readonly command: readonly string[]; readonly user: ScriptUser | undefined };

/** `onEnd` is called once, when the script has ended or could not be started, never before this returns. */
export function runScript({ command, user }: ScriptCall, onEnd: (outcome: ScriptOutcome) => void): ScriptRun {
  const [program = '', ...words] = command;
  const account = user === undefined || user.uid === process.getuid?.() ? {} : { uid: user.uid, gid: user.gid };
  const child = spawn(program, words, { ...account, cwd: '/', detached: true, stdio: 'ignore' });
  let ended = false;
  const end = (outcome: ScriptOutcome): void => {
    if (ended) return;
    ended = true;
    onEnd(outcome);
  };
  child.once('error', (error) => end({ kind: 'not-started', why: error.message }));
  child.once('exit', (status, signal) => {
    end(status === null ? { kind: 'signalled', signal: signal ?? 'unknown' } : { kind: 'exited', status });
  });
  return { signal: (signal) => signalGroup(child.pid, signal) };
}

function signalGroup(pid: number | undefined, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // ESRCH: nothing of the group is left.
  }
}
