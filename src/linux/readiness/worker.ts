// The fallback of watch.ts: one worker thread per watching thread sleeps in epoll_wait and posts which descriptor is
// ready. Each is armed for one event (EPOLLONESHOT) and armed again after its handler ran, so that the worker does not
// spin while the handler is on its way.
import { parentPort, type Worker } from 'node:worker_threads';
import { defined, ok } from '../../kit/index.ts';
import { type KernelResult, orFail } from '../error.ts';
import { close, eventfd, write } from '../libc.ts';
import { startWorker, workerRoleData } from '../process/program.ts';
import { controlEpoll, EPOLLIN, EPOLLONESHOT, type EpollEntry, openEpoll, waitEpoll } from './epoll.ts';
import type { Watch } from './watch.ts';

const EFD_NONBLOCK_CLOEXEC = 0o2004000;
/** A thread blocked in a foreign call cannot be terminated: it looks up this often, or a program's end would hang. */
const lookUpMs = 250;
/** The token of the descriptor that tells the worker to end. */
const endToken = 0;

type Sleeper = {
  readonly worker: Worker;
  readonly epoll: number;
  readonly end: number;
  readonly handlers: Map<number, () => void>;
  lastToken: number;
  referenced: number;
};

let sleeper: Sleeper | undefined;

/** The same contract as `watchReadable`. */
export function watchByWorker(fd: number, name: string, onReadable: () => void): KernelResult<Watch> {
  sleeper ??= startSleeper();
  const ours = sleeper;
  const token = ++ours.lastToken;
  const entry = { fd, events: EPOLLIN | EPOLLONESHOT, token, name };
  const added = controlEpoll(ours.epoll, 'add', entry);
  if (!added.ok) {
    stopIfIdle(ours);
    return added;
  }
  ours.handlers.set(token, () => {
    onReadable();
    if (ours.handlers.has(token)) controlEpoll(ours.epoll, 'modify', entry);
  });
  return ok(watchOf(ours, entry));
}

/** The role `readiness` of src/daemon/workers.ts: sleeps until descriptors are ready, until told to end. */
export function runReadinessWorker(): void {
  const { epoll } = workerRoleData() as { readonly epoll: number };
  const port = defined(parentPort, 'the readiness role runs in a worker thread');
  for (;;) {
    const tokens = waitEpoll(epoll, lookUpMs);
    if (tokens.includes(endToken)) return;
    if (tokens.length > 0) port.postMessage(tokens);
  }
}

function watchOf(ours: Sleeper, entry: EpollEntry): Watch {
  let referenced = false;
  const hold = (wanted: 0 | 1) => {
    ours.referenced += wanted - (referenced ? 1 : 0);
    referenced = wanted === 1;
    if (ours.referenced > 0) ours.worker.ref();
    else ours.worker.unref();
  };
  hold(1);
  return {
    ref: () => hold(1),
    unref: () => hold(0),
    close: () => {
      if (!ours.handlers.delete(entry.token)) return;
      hold(0);
      controlEpoll(ours.epoll, 'delete', entry);
      stopIfIdle(ours);
    },
  };
}

function startSleeper(): Sleeper {
  const name = 'the readiness worker';
  const epoll = orFail(openEpoll(name));
  const end = eventfd(0, EFD_NONBLOCK_CLOEXEC);
  orFail(controlEpoll(epoll, 'add', { fd: end, events: EPOLLIN, token: endToken, name }));
  const handlers = new Map<number, () => void>();
  const worker = startWorker('readiness', { epoll });
  worker.on('message', (tokens: readonly number[]) => {
    for (const token of tokens) handlers.get(token)?.();
  });
  worker.once('exit', () => {
    close(epoll);
    close(end);
  });
  return { worker, epoll, end, handlers, lastToken: endToken, referenced: 0 };
}

function stopIfIdle(ours: Sleeper): void {
  if (ours.handlers.size > 0) return;
  if (sleeper === ours) sleeper = undefined;
  write(ours.end, Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]), 8);
}
