// Where `haven vrrp status` asks: a Unix socket that answers each connection with one snapshot in JSON and closes it.
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { dirname } from 'node:path';
import { CommandFailure } from '../../kit/index.ts';
import type { Snapshot } from './snapshot.ts';

/** Daemons of several network namespaces, and several `instance`s of one, share one file system. */
export function statusSocketPath(namespace: string | undefined, instance: string | undefined): string {
  return `/run/haven/${['vrrp', namespace, instance].filter((part) => part !== undefined).join('-')}.sock`;
}

const answerMsMax = 5000;
const answerBytesMax = 64 * 1024 * 1024;

export function serveStatus(path: string, snapshot: () => Promise<Snapshot>): Server {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  rmSync(path, { force: true });
  const server = createServer((socket) => {
    socket.on('error', () => {});
    snapshot().then((answer) => socket.end(JSON.stringify(answer)));
  });
  server.listen(path, () => chmodSync(path, 0o600));
  server.unref();
  return server;
}

/** @throws CommandFailure `unavailable` when no daemon answers there. */
export function askStatus(path: string): Promise<Snapshot> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    const socket = connect(path);
    socket.setTimeout(answerMsMax, () => socket.destroy(new Error('no answer in time')));
    socket.on('data', (part) => {
      parts.push(part);
      bytes += part.length;
      if (bytes > answerBytesMax) socket.destroy(new Error('the answer is too long'));
    });
    socket.on('end', () => resolve(JSON.parse(Buffer.concat(parts).toString('utf8')) as Snapshot));
    socket.on('error', (error) => reject(noAnswer(path, error)));
  });
}

function noAnswer(path: string, error: Error): CommandFailure {
  return new CommandFailure({
    kind: 'unavailable',
    what: 'no haven vrrp daemon answers',
    why: `${path}: ${error.message}`,
    fix: 'Start it: haven vrrp -f FILE',
  });
}
