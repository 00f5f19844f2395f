// Runs one program to its end or to its timeout: its own process group, bounded output, nothing of it left behind.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { inNamespace, type NamespacePath } from '../../linux/index.ts';

export type ChildRequest = {
  readonly argv: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly input?: string;
  readonly uid?: number;
  readonly gid?: number;
  /** The network namespace to run in; this thread's when left out. */
  readonly namespace?: NamespacePath;
};

export type ChildResult =
  | { readonly kind: 'exited'; readonly code: number; readonly output: string; readonly errors: string }
  | { readonly kind: 'signalled'; readonly signal: string; readonly output: string; readonly errors: string }
  | { readonly kind: 'timeout'; readonly output: string; readonly errors: string }
  | { readonly kind: 'not-started'; readonly code: string; readonly message: string };

/** Kept of each stream: the end, where agents say why they failed. */
export const outputBytesMax = 64 * 1024;

/** A program that ignores SIGTERM is killed after this long. */
const graceMs = 500;

/** How long output may still come from a grandchild that kept the pipe after the program itself ended. */
const drainMs = 100;

/** setTimeout takes a longer wait for none at all. */
const timerMsMax = 2 ** 31 - 1;

export type RunningChild = { readonly result: Promise<ChildResult>; readonly pid: number | undefined; kill(): void };

/** Starts the program; its result never rejects. */
export function runChild(request: ChildRequest): RunningChild {
  const started = start(request);
  if ('message' in started) return { result: Promise.resolve(started), pid: undefined, kill: () => {} };
  return follow(started, request);
}

/** `spawn` tells most failures by an event, and throws on the others: arguments too long, no descriptors left. */
function start(request: ChildRequest): ChildProcessWithoutNullStreams | (ChildResult & { kind: 'not-started' }) {
  const [program, ...args] = request.argv;
  try {
    const spawned = inNamespace(request.namespace, () => ({
      ok: true,
      value: spawn(program, args, {
        env: request.environment,
        detached: true,
        cwd: '/',
        stdio: ['pipe', 'pipe', 'pipe'],
        ...(request.uid === undefined ? {} : { uid: request.uid }),
        ...(request.gid === undefined ? {} : { gid: request.gid }),
      }),
    }));
    if (spawned.ok) return spawned.value;
    return { kind: 'not-started', code: spawned.error.errno, message: `cannot ${spawned.error.attempted}` };
  } catch (thrown) {
    const { code = 'EUNKNOWN', message } = thrown as NodeJS.ErrnoException;
    return { kind: 'not-started', code, message };
  }
}

function follow(child: ChildProcessWithoutNullStreams, request: ChildRequest): RunningChild {
  const output = keepTail(child.stdout);
  const errors = keepTail(child.stderr);
  child.stdin.on('error', () => {}); // A program may end without reading what it is given.
  child.stdin.end(request.input ?? '');
  const group = child.pid;
  let timedOut = false;
  let grace: NodeJS.Timeout | undefined;
  let giveUp = () => {};
  const timer = setTimeout(
    () => {
      timedOut = true;
      signalGroup(group, 'SIGTERM');
      grace = setTimeout(() => {
        signalGroup(group, 'SIGKILL');
        grace = setTimeout(() => giveUp(), graceMs);
      }, graceMs);
    },
    Math.min(request.timeoutMs, timerMsMax),
  );

  const result = new Promise<ChildResult>((resolve) => {
    child.once('error', (thrown: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      resolve({ kind: 'not-started', code: thrown.code ?? 'EUNKNOWN', message: thrown.message });
    });
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      clearTimeout(grace);
      if (timedOut) signalGroup(group, 'SIGKILL');
      const settle = () => {
        clearTimeout(drain);
        const texts = { output: output(), errors: errors() };
        if (timedOut) resolve({ kind: 'timeout', ...texts });
        else if (code !== null) resolve({ kind: 'exited', code, ...texts });
        else resolve({ kind: 'signalled', signal: signal ?? 'unknown', ...texts });
        child.stdout.destroy();
        child.stderr.destroy();
      };
      // A daemon that the agent started may keep the pipes open for ever: the agent's own end is what counts.
      const drain = setTimeout(settle, drainMs);
      child.once('close', settle);
    });
    // A process in uninterruptible sleep outlives even SIGKILL: the cluster must hear of the timeout all the same.
    giveUp = () => resolve({ kind: 'timeout', output: output(), errors: errors() });
  });
  return { result, pid: group, kill: () => signalGroup(group, 'SIGKILL') };
}

function signalGroup(group: number | undefined, signal: NodeJS.Signals): void {
  if (group === undefined) return;
  try {
    process.kill(-group, signal);
  } catch {
    // The group is gone already.
  }
}

function keepTail(stream: NodeJS.ReadableStream): () => string {
  let kept: Buffer[] = [];
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    kept.push(chunk);
    bytes += chunk.length;
    if (bytes <= 2 * outputBytesMax) return;
    const tail = Buffer.concat(kept).subarray(-outputBytesMax);
    kept = [Buffer.from(tail)];
    bytes = tail.length;
  });
  return () => Buffer.concat(kept).subarray(-outputBytesMax).toString('utf8');
}
