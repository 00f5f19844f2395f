// Runs one program to its end or to its timeout: its own process group, bounded output, nothing of it left behind.
import { closeSync } from 'node:fs';
import {
  inNamespace,
  type KernelResult,
  type NamespacePath,
  openContent,
  type StartedProgram,
  startProgram,
} from '../../linux/index.ts';
import { Capture } from './capture.ts';

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

/** A program that ignores SIGTERM is killed after this long. */
const graceMs = 500;

/** How long output may still come from a grandchild that kept the pipe after the program itself ended. */
const drainMs = 100;

/** setTimeout takes a longer wait for none at all. */
const timerMsMax = 2 ** 31 - 1;

export type RunningChild = { readonly result: Promise<ChildResult>; readonly pid: number | undefined; kill(): void };

type Streams = { readonly output: Capture; readonly errors: Capture };
type NotStarted = Extract<ChildResult, { readonly kind: 'not-started' }>;

/** Starts the program; its result never rejects. */
export function runChild(request: ChildRequest): RunningChild {
  const streams = openStreams();
  if ('message' in streams) return notStarted(streams);
  const started = start(request, streams);
  streams.output.handedOver();
  streams.errors.handedOver();
  if (started.ok) return follow(started.value, streams, request);
  closeAll(streams);
  const { errno, attempted } = started.error;
  return notStarted({ kind: 'not-started', code: errno, message: `cannot ${attempted}: ${errno}` });
}

function notStarted(result: NotStarted): RunningChild {
  return { result: Promise.resolve(result), pid: undefined, kill: () => {} };
}

function openStreams(): Streams | NotStarted {
  const output = Capture.open();
  const errors = output.ok ? Capture.open() : output;
  if (output.ok && errors.ok) return { output: output.value, errors: errors.value };
  if (output.ok) output.value.close();
  const { errno, attempted } = errors.ok ? { errno: 'EUNKNOWN', attempted: 'open a pipe' } : errors.error;
  return { kind: 'not-started', code: errno, message: `cannot ${attempted}` };
}

function closeAll({ output, errors }: Streams): void {
  output.close();
  errors.close();
}

function start(request: ChildRequest, { output, errors }: Streams): KernelResult<StartedProgram> {
  const { argv, environment, uid, gid, input, namespace } = request;
  const content = input === undefined ? undefined : openContent(`the input of ${argv[0]}`, input);
  if (content?.ok === false) return content;
  const stdio = [content?.value ?? 'nothing', output.writeFd, errors.writeFd] as const;
  const account = uid === undefined || gid === undefined ? undefined : { uid, gid };
  const started = inNamespace(namespace, () => startProgram({ argv, environment, directory: '/', stdio, account }));
  if (content !== undefined) closeSync(content.value);
  return started;
}

function follow(child: StartedProgram, streams: Streams, request: ChildRequest): RunningChild {
  const group = child.pid;
  let timedOut = false;
  let grace: NodeJS.Timeout | undefined;
  let giveUp = () => {};
  const cancelTimeout = whenHeard(Math.min(request.timeoutMs, timerMsMax), () => {
    timedOut = true;
    signalGroup(group, 'SIGTERM');
    grace = setTimeout(() => {
      signalGroup(group, 'SIGKILL');
      grace = setTimeout(() => giveUp(), graceMs);
    }, graceMs);
  });

  const ended = Promise.all([streams.output.ended, streams.errors.ended]);
  const result = new Promise<ChildResult>((resolve) => {
    child.onEnd((end) => {
      cancelTimeout();
      clearTimeout(grace);
      if (timedOut) signalGroup(group, 'SIGKILL');
      const settle = () => {
        cancelDrain();
        const texts = textsOf(streams);
        if (timedOut) resolve({ kind: 'timeout', ...texts });
        else resolve({ ...end, ...texts });
        closeAll(streams);
      };
      // A daemon that the agent started may keep the pipes open for ever: the agent's own end is what counts.
      const cancelDrain = whenHeard(drainMs, settle);
      void ended.then(settle);
    });
    // A process in uninterruptible sleep outlives even SIGKILL: the cluster must hear of the timeout all the same.
    giveUp = () => resolve({ kind: 'timeout', ...textsOf(streams) });
  });
  return { result, pid: group, kill: () => signalGroup(group, 'SIGKILL') };
}

/**
 * After so long, when what has come by then has been heard: a process that was held up finds its timers due before it reads
 * that a program has ended meanwhile, and what it said. Answers how to call it off.
 */
function whenHeard(afterMs: number, act: () => void): () => void {
  let turn: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    turn = setImmediate(act);
  }, afterMs);
  return () => {
    clearTimeout(timer);
    clearImmediate(turn);
  };
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // The group is gone already.
  }
}

function textsOf({ output, errors }: Streams): { readonly output: string; readonly errors: string } {
  return { output: output.text, errors: errors.text };
}
