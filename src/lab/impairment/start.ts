// Starting the forwarder in a lab's switch. It ends with the lab, or when its port is taken away.
import { spawn } from 'node:child_process';
import { CommandFailure } from '../../kit/index.ts';
import { programPath } from '../../linux/index.ts';
import { missingProgram } from '../processes.ts';
import type { ForwarderOptions } from './forwarder.ts';

/** Returns when frames are forwarded. @throws CommandFailure `failed`, with what it said. */
export function startForwarder(labPid: number, options: ForwarderOptions): Promise<void> {
  const { NODE_EXTRA_CA_CERTS: _, ...environment } = process.env;
  const enter = ['-t', String(labPid), '-n', '-p', '--no-fork', '--', 'sh', '-c', '"$@"; exit $?', 'sh'];
  const words = [...enter, process.execPath, programPath(), 'lab', 'forwarder', JSON.stringify(options)];
  return new Promise((resolve, reject) => {
    const child = spawn('nsenter', words, {
      cwd: '/',
      detached: true,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let complaint = '';
    child.stdout.once('data', () => {
      child.stdout.destroy();
      child.stderr.destroy();
      child.unref();
      resolve();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      complaint += chunk.toString();
    });
    child.once('error', (error) => reject(missingProgram('nsenter', error)));
    child.once('close', () => {
      const why = complaint.trim() || 'it ended at once';
      reject(new CommandFailure({ kind: 'failed', what: `cannot impair port ${options.hostPort}`, why }));
    });
  });
}
