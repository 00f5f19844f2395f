// Into the background, as daemons of old do: the same command once more with --dont-fork, in a session of its own. The
// caller waits until the daemon has read its file and claimed its pid file, so that mistakes are told where they are made.
import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { poolOfOne, programPath } from '../../../linux/index.ts';

/** The words after `haven` of this very call. Answers the exit code: 0 when the daemon runs. */
export async function runInBackground(words: readonly string[], console: 'console' | 'silent'): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'haven-vrrp-'));
  const said = join(folder, 'said');
  const complaints = openSync(said, 'w');
  try {
    const output = console === 'console' ? 'inherit' : complaints;
    const child = spawn(process.execPath, [programPath(), ...words, '--dont-fork'], {
      detached: true,
      cwd: '/',
      env: { ...process.env, ...poolOfOne },
      stdio: ['ignore', output, output, 'ipc'],
    });
    const code = await new Promise<number>((resolve, reject) => {
      child.once('message', () => resolve(0));
      child.once('exit', (exitCode) => resolve(exitCode ?? 70));
      child.once('error', reject);
    });
    if (code !== 0) process.stderr.write(readFileSync(said));
    if (child.connected) child.disconnect();
    child.unref();
    return code;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** In the daemon: tells the waiting caller, if there is one. */
export function tellStarted(): void {
  if (process.send === undefined) return;
  process.send('started', () => process.disconnect?.());
}
