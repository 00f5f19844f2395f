// Tells when a file descriptor can be read, without reading it: the one thing Node has no public function for.
//
// libuv polls what it believes to be a UDP socket. We give it one, and in the same turn of the event loop put an epoll
// descriptor that holds the watched one in its place (dup3): libuv adds it to its own epoll set only at the end of the
// turn. When the watched descriptor is ready, so is the nested epoll; libuv's recvmsg on it answers ENOTSOCK, which
// arrives here as an 'error' event. It stays level-triggered: what the handler leaves unread is told again.
// Measured: 15 µs from write to handler, in any thread; a blocked helper thread needs 180 µs.
//
// This leans on how libuv behaves, not on what it promises. So `settleWatchMethod` tests it on an eventfd at the start of
// a thread; where it does not hold, a worker thread waits in epoll_wait instead (worker.ts).
import { createSocket, type Socket } from 'node:dgram';
import { assert, ok } from '../../kit/index.ts';
import { type KernelResult, kernelError } from '../error.ts';
import { close, dup3, errno, eventfd, socket, write } from '../libc.ts';
import { openEpollOn } from './epoll.ts';
import { findLoop, lingerFor } from './linger.ts';
import { watchByWorker } from './worker.ts';

export type Watch = {
  /** Whether a watch alone keeps the process running; it does until `unref`. */
  readonly ref: () => void;
  readonly unref: () => void;
  /** Ends the watch; the watched descriptor stays open. No event comes after this returns. */
  readonly close: () => void;
};

export type WatchMethod = 'event-loop' | 'worker-thread';

const [AF_INET, SOCK_DGRAM_CLOEXEC] = [2, 0o2000002];
const O_CLOEXEC = 0o2000000;
const EFD_NONBLOCK_CLOEXEC = 0o2004000;
const selfTestMs = 2000;

let method: WatchMethod = 'event-loop';

/**
 * Calls `onReadable` in a later turn of the event loop whenever `fd` has something to read, or has failed or hung up.
 * @param name what the descriptor is, for error texts: `the VRRP socket on eth0`
 */
export function watchReadable(fd: number, name: string, onReadable: () => void): KernelResult<Watch> {
  return method === 'event-loop' ? watchByEventLoop(fd, name, onReadable) : watchByWorker(fd, name, onReadable);
}

/**
 * Tests once per thread whether the event loop can watch descriptors, and settles the method for all later watches. The
 * start of a daemon and of each worker thread awaits it; without it the event loop is taken to work.
 */
export async function settleWatchMethod(): Promise<WatchMethod> {
  method = (await eventLoopWatches()) ? 'event-loop' : 'worker-thread';
  return method;
}

/** Sets the method by hand, to test the fallback. */
export function useWatchMethod(chosen: WatchMethod): void {
  method = chosen;
}

/** `polled` is the descriptor that libuv polls for it. */
function watchByEventLoop(
  fd: number,
  name: string,
  onReadable: () => void,
): KernelResult<Watch & { readonly polled: number }> {
  const nested = openEpollOn(fd, name);
  if (!nested.ok) return nested;
  const standIn = socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0);
  if (standIn < 0) {
    const failed = kernelError('socket', errno(), `watch ${name}`);
    close(nested.value);
    return failed;
  }
  const handle = createSocket('udp4');
  handle.on('error', onReadable);
  handle.bind({ fd: standIn });
  // Not dup2: it would drop close-on-exec, and every program that we start would inherit the descriptor.
  assert(dup3(nested.value, standIn, O_CLOEXEC) === standIn, 'dup3 onto a descriptor that is open');
  close(nested.value);
  return ok({ ...watchOf(handle, onReadable, lingerFor(fd, onReadable)), polled: standIn });
}

function watchOf(handle: Socket, onReadable: () => void, forget: () => void): Watch {
  let open = true;
  return {
    ref: () => void handle.ref(),
    unref: () => void handle.unref(),
    close: () => {
      if (!open) return;
      open = false;
      forget();
      // An event that is already on its way finds a listener that does nothing instead of none, which would throw.
      handle.on('error', () => {});
      handle.off('error', onReadable);
      handle.close();
    },
  };
}

async function eventLoopWatches(): Promise<boolean> {
  const bell = eventfd(0, EFD_NONBLOCK_CLOEXEC);
  if (bell < 0) return false;
  try {
    return await rings(bell);
  } catch {
    return false;
  } finally {
    close(bell);
  }
}

/** True when a watch of `bell` stays silent before it is rung and speaks after. */
async function rings(bell: number): Promise<boolean> {
  let heard = 0;
  let wake = () => {};
  const watch = watchByEventLoop(bell, 'an eventfd', () => {
    heard++;
    wake();
  });
  if (!watch.ok) return false;
  await new Promise((resolve) => setImmediate(resolve));
  const early = heard;
  write(bell, Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]), 8);
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, selfTestMs);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  // After a stall of the machine the timer may come before the poll that was due; give that its turn.
  await new Promise((resolve) => setImmediate(resolve));
  if (heard > 0) findLoop(watch.value.polled);
  watch.value.close();
  return early === 0 && heard > 0;
}
