// Network namespaces: a socket belongs for life to the namespace its thread was in when it was opened, so one process may
// hold sockets in many. The thread steps in, opens, and steps back without yielding to the event loop.
import { assert, ok } from '../../kit/index.ts';
import { type KernelResult, kernelError } from '../error.ts';
import { close, errno, open, setns } from '../libc.ts';

/** A path to a network namespace: `/run/netns/NAME`, `/proc/PID/ns/net`. */
export type NamespacePath = string;

const O_CLOEXEC = 0o2000000;
const CLONE_NEWNET = 0x4000_0000;

/** The namespace that `ip netns add NAME` made. */
export function namedNamespace(name: string): NamespacePath {
  return `/run/netns/${name}`;
}

/** The network namespace of a running process. */
export function namespaceOfProcess(pid: number): NamespacePath {
  return `/proc/${pid}/ns/net`;
}

/**
 * Runs `body` with the calling thread inside a network namespace (man 2 setns); undefined means where the thread is.
 * `body` must be synchronous: what it starts later runs outside again.
 */
export function inNamespace<T>(path: NamespacePath | undefined, body: () => KernelResult<T>): KernelResult<T> {
  if (path === undefined) return body();
  const target = open(path, O_CLOEXEC, 0);
  if (target < 0) return kernelError('open', errno(), `open the network namespace ${path}`);
  const home = open('/proc/thread-self/ns/net', O_CLOEXEC, 0);
  assert(home >= 0, 'a thread can open its own network namespace');
  try {
    if (setns(target, CLONE_NEWNET) !== 0) return kernelError('setns', errno(), `enter the network namespace ${path}`);
    try {
      return body();
    } finally {
      // Whoever entered may return; a thread left in a foreign namespace would move the wrong host's addresses.
      assert(setns(home, CLONE_NEWNET) === 0, 'a thread can return to its own network namespace');
    }
  } finally {
    close(target);
    close(home);
  }
}

/**
 * Moves the calling thread into a network namespace for good. Threads and processes that it starts afterwards are born
 * there; threads that run already stay where they are.
 */
export function moveIntoNamespace(path: NamespacePath): KernelResult<void> {
  const target = open(path, O_CLOEXEC, 0);
  if (target < 0) return kernelError('open', errno(), `open the network namespace ${path}`);
  try {
    if (setns(target, CLONE_NEWNET) === 0) return ok(undefined);
    return kernelError('setns', errno(), `enter the network namespace ${path}`);
  } finally {
    close(target);
  }
}
