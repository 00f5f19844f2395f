// The socket of a running ring: one line of JSON asks, one answers. Only the owner of the daemon can connect.
import { chmod, mkdir, rm } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { CommandFailure, type Failure } from '../../kit/index.ts';
import type { RingStatus } from '../../membership/index.ts';
import { type KeyRequest, keyVerbs } from './keys.ts';

export type RingRequest = { readonly kind: 'status' | 'reload' } | (KeyRequest & { readonly kind: 'key' });
type Answer =
  | { readonly kind: 'status'; readonly status: RingStatus }
  | { readonly kind: 'refused'; readonly failure: Failure };

const requestBytesMax = 8192;
const answerBytesMax = 4 << 20;
const answerMsMax = 5000;

/** `obey` answers with the status after the request, or throws a CommandFailure, which the asker gets. */
export async function serveControl(path: string, obey: (request: RingRequest) => Promise<RingStatus>): Promise<Server> {
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  await rm(path, { force: true });
  const server = createServer((connection) => {
    connection.on('error', () => {}); // Whoever asked has gone.
    connection.setTimeout(answerMsMax, () => connection.destroy());
    readLine(connection, requestBytesMax, (line) => {
      void answer(line, obey).then((said) => connection.end(`${JSON.stringify(said)}\n`));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  await chmod(path, 0o600);
  return server;
}

/** @throws CommandFailure `unavailable`: no ring runs there; `timeout`; what the ring refuses. */
export function askRing(path: string, request: RingRequest): Promise<RingStatus> {
  return new Promise((resolve, reject) => {
    const connection = createConnection(path, () => connection.write(`${JSON.stringify(request)}\n`));
    connection.setTimeout(answerMsMax, () => {
      connection.destroy();
      reject(new CommandFailure({ kind: 'timeout', what: `the ring at ${path} does not answer` }));
    });
    readLine(connection, answerBytesMax, (line) => {
      connection.end();
      const said = JSON.parse(line) as Answer;
      if (said.kind === 'status') resolve(said.status);
      else reject(new CommandFailure(said.failure));
    });
    connection.once('error', ({ code, message }: NodeJS.ErrnoException) => {
      reject(new CommandFailure(code === 'EACCES' ? denied(path, message) : nobodyThere(path)));
    });
    connection.once('close', () =>
      reject(new CommandFailure({ kind: 'failed', what: `the ring at ${path} ended while it answered` })),
    );
  });
}

/** One line, once; a peer that sends more than `bytesMax` without an end of line is cut off. */
function readLine(connection: Socket, bytesMax: number, onLine: (line: string) => void): void {
  const parts: Buffer[] = [];
  let size = 0;
  connection.on('data', (part: Buffer) => {
    size += part.length;
    if (size > bytesMax) return connection.destroy();
    parts.push(part);
    if (!part.includes(0x0a)) return;
    connection.removeAllListeners('data');
    onLine(Buffer.concat(parts).toString('utf8').split('\n', 1)[0] ?? '');
  });
}

async function answer(line: string, obey: (request: RingRequest) => Promise<RingStatus>): Promise<Answer> {
  try {
    return { kind: 'status', status: await obey(parseRequest(line)) };
  } catch (thrown) {
    if (!(thrown instanceof CommandFailure)) throw thrown;
    return { kind: 'refused', failure: thrown.failure };
  }
}

function parseRequest(line: string): RingRequest {
  const { kind, verb: asked, file } = parsedObject(line);
  if (kind === 'status' || kind === 'reload') return { kind };
  const verb = keyVerbs.find((known) => known === asked);
  if (kind === 'key' && verb !== undefined && typeof file === 'string') return { kind, verb, file };
  throw new CommandFailure({ kind: 'usage', what: `the ring does not understand ${line.slice(0, 100)}` });
}

function parsedObject(line: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function denied(path: string, why: string): Failure {
  return { kind: 'permission', what: `cannot ask the ring at ${path}`, why, fix: 'Run it as root' };
}

function nobodyThere(path: string): Failure {
  const what = `no ring runs here (nobody answers at ${path})`;
  return { kind: 'unavailable', what, fix: "Start it with 'haven ring run'" };
}
