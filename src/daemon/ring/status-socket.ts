// What a running ring shows of itself: one JSON document over a Unix socket to whoever connects.
import { mkdir, rm } from 'node:fs/promises';
import { createConnection, createServer, type Server } from 'node:net';
import { dirname } from 'node:path';
import { CommandFailure } from '../../kit/index.ts';
import type { RingStatus } from '../../membership/index.ts';

const answerBytesMax = 4 << 20;
const answerMsMax = 5000;

export async function serveStatus(path: string, status: () => Promise<RingStatus>): Promise<Server> {
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  await rm(path, { force: true });
  const server = createServer((connection) => {
    connection.on('error', () => {}); // Whoever asked has gone.
    void status().then((answer) => connection.end(`${JSON.stringify(answer)}\n`));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return server;
}

/** @throws CommandFailure `unavailable`: no ring runs there; `timeout`. */
export function askRingStatus(path: string): Promise<RingStatus> {
  return new Promise((resolve, reject) => {
    const connection = createConnection(path);
    const parts: Buffer[] = [];
    let size = 0;
    connection.setTimeout(answerMsMax, () => {
      connection.destroy();
      reject(new CommandFailure({ kind: 'timeout', what: `the ring at ${path} does not answer` }));
    });
    connection.on('data', (part) => {
      size += part.length;
      if (size > answerBytesMax) connection.destroy();
      else parts.push(part);
    });
    connection.once('error', () => {
      const fix = "Start it with 'haven ring run'";
      reject(new CommandFailure({ kind: 'unavailable', what: `no ring runs here (nobody answers at ${path})`, fix }));
    });
    connection.once('close', () => {
      const text = Buffer.concat(parts).toString('utf8');
      if (text.endsWith('\n')) resolve(JSON.parse(text) as RingStatus);
      else reject(new CommandFailure({ kind: 'failed', what: `the ring at ${path} ended while it answered` }));
    });
  });
}
