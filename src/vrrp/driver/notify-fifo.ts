// A notify FIFO: one line for each piece of news, in order, for a reader that may be slow, absent, or run by us.
import { spawnSync } from 'node:child_process';
import { chownSync, closeSync, constants, existsSync, openSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { BoundedQueue } from '../../kit/index.ts';
import type { FifoConfiguration } from '../configuration.ts';
import { runScript, type ScriptRun } from './script-run.ts';

/** Lines kept for a reader that does not keep up, beyond the 64 KiB that the kernel keeps. */
const linesMax = 10_000;
const retryMs = 50;
const respawnMs = 1000;

export type NotifyFifo = {
  /** `line` ends with a newline. */
  readonly write: (line: string) => void;
  readonly close: () => void;
};

export type FifoLog = (level: 'warning' | 'info', message: string) => void;

/** Makes the FIFO if it is not there, opens it, and starts its reader. Nothing, with a log line, when that fails. */
export function openNotifyFifo({ path, user, reader }: FifoConfiguration, log: FifoLog): NotifyFifo | undefined {
  const made = makeFifo(path, log);
  if (made === undefined) return undefined;
  if (user !== undefined) chownSync(path, user.uid, user.gid);
  // Opened for both directions, so that it exists with no reader, and a reader that ends is no broken pipe.
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const waiting = new BoundedQueue<string>(linesMax);
  const stopReader = reader === undefined ? () => {} : keepReading([...reader.command, path], reader.user, log);
  let retry: NodeJS.Timeout | undefined;
  const flush = (): void => {
    retry = undefined;
    for (let line = waiting.peek(); line !== undefined && writeLine(fd, line); line = waiting.peek()) waiting.shift();
    if (waiting.size > 0) retry = setTimeout(flush, retryMs);
  };
  return {
    write: (line) => {
      if (!waiting.push(line)) log('warning', `Notify FIFO ${path} is full: lost ${line.trimEnd()}`);
      if (retry === undefined) flush();
    },
    close: () => {
      clearTimeout(retry);
      stopReader();
      closeSync(fd);
      if (made === 'by us') unlinkSync(path);
    },
  };
}

function makeFifo(path: string, log: FifoLog): 'by us' | 'before' | undefined {
  if (existsSync(path)) {
    if (statSync(path).isFIFO()) return 'before';
    log('warning', `Notify FIFO ${path} cannot be used: there is a file of that name that is no FIFO`);
    return undefined;
  }
  const done = spawnSync('mkfifo', ['-m', '600', path], { encoding: 'utf8' });
  if (done.status === 0) return 'by us';
  log('warning', `Notify FIFO ${path} cannot be made: ${(done.error?.message ?? done.stderr).trim()}`);
  return undefined;
}

/** A line is far below PIPE_BUF, so it is written whole or not at all (man 7 pipe). */
function writeLine(fd: number, line: string): boolean {
  try {
    writeSync(fd, line);
    return true;
  } catch {
    // EAGAIN: the pipe is full; nothing else can fail on a FIFO that we hold open for reading.
    return false;
  }
}

/** Runs the reader, and again when it ends, until stopped. */
function keepReading(command: readonly string[], user: FifoConfiguration['user'], log: FifoLog): () => void {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let run: ScriptRun | undefined;
  const start = (): void => {
    run = runScript({ command, user }, (outcome) => {
      if (stopped) return;
      const how = outcome.kind === 'not-started' ? `could not be started (${outcome.why})` : 'ended';
      log('warning', `Notify FIFO script ${command[0]} ${how}: starting it again in ${respawnMs / 1000} s`);
      timer = setTimeout(start, respawnMs);
    });
  };
  start();
  return () => {
    stopped = true;
    clearTimeout(timer);
    run?.signal('SIGTERM');
  };
}
