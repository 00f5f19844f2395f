// epoll descriptors (man 7 epoll) and the one structure they speak.

import { ok } from '../../kit/index.ts';
import { type KernelResult, kernelError } from '../error.ts';
import { close, epollControl, epollCreate, epollWait, errno } from '../libc.ts';

export const EPOLLIN = 1;
export const EPOLLONESHOT = 0x4000_0000;

const EPOLL_CLOEXEC = 0o2000000;
const operations = { add: 1, delete: 2, modify: 3 } as const;
/** `struct epoll_event` is packed on x86-64 only. */
const [eventBytes, tokenOffset] = process.arch === 'x64' ? [12, 4] : [16, 8];

/** A descriptor in an epoll set, the events it waits for, and the token that comes back with them. */
export type EpollEntry = {
  readonly fd: number;
  readonly events: number;
  readonly token: number;
  readonly name: string;
};

/** A new epoll descriptor; `name` says what is to be watched. */
export function openEpoll(name: string): KernelResult<number> {
  const epoll = epollCreate(EPOLL_CLOEXEC);
  return epoll < 0 ? kernelError('epoll_create1', errno(), `watch ${name}`) : ok(epoll);
}

/** An epoll descriptor that holds `fd` already; none is left open after a failure. */
export function openEpollOn(fd: number, name: string): KernelResult<number> {
  const epoll = openEpoll(name);
  if (!epoll.ok) return epoll;
  const added = controlEpoll(epoll.value, 'add', { fd, events: EPOLLIN, token: 0, name });
  if (added.ok) return epoll;
  close(epoll.value);
  return added;
}

export function controlEpoll(
  epoll: number,
  operation: keyof typeof operations,
  { fd, events, token, name }: EpollEntry,
): KernelResult<void> {
  const event = Buffer.alloc(eventBytes);
  event.writeUInt32LE(events >>> 0, 0);
  event.writeUInt32LE(token, tokenOffset);
  if (epollControl(epoll, operations[operation], fd, event) === 0) return ok(undefined);
  return kernelError('epoll_ctl', errno(), `watch ${name}`);
}

/** Told at once; what is ready besides is told with the next call. */
const tokensMax = 64;
/** The same memory each time: a program that floods its output wakes its reader thousands of times a second. */
const events = Buffer.alloc(tokensMax * eventBytes);

/** The tokens of what is ready; none after `timeoutMs`. Blocks the calling thread. */
export function waitEpoll(epoll: number, timeoutMs: number): number[] {
  const ready = Math.max(0, epollWait(epoll, events, tokensMax, timeoutMs));
  return Array.from({ length: ready }, (_, index) => events.readUInt32LE(index * eventBytes + tokenOffset));
}
