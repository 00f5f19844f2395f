// Runs one script of the configuration: no shell, its own process group, the configured account, nothing inherited but
// the environment.
import { startProgram } from '../../linux/index.ts';
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
  const started = startProgram({
    argv: [program, ...words],
    environment: process.env,
    directory: '/',
    stdio: ['nothing', 'nothing', 'nothing'],
    account: user?.uid === process.getuid?.() ? undefined : user,
  });
  if (started.ok) {
    started.value.onEnd((end) =>
      onEnd(end.kind === 'exited' ? { kind: 'exited', status: end.code } : { kind: 'signalled', signal: end.signal }),
    );
    return { signal: (signal) => signalGroup(started.value.pid, signal) };
  }
  const { attempted, errno } = started.error;
  setImmediate(() => onEnd({ kind: 'not-started', why: `cannot ${attempted}: ${errno}` }));
  return { signal: () => {} };
}

function signalGroup(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // ESRCH: nothing of the group is left.
  }
}
