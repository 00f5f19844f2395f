// Watches by the dozen for descriptors that live for a moment, such as the pipes and the end of a program that was started.
// A watch of its own costs a socket, an epoll set and a handle of the event loop. These are all in one epoll set of the
// thread, which the event loop polls from the first of them on: one more is one epoll_ctl(2).
import { ok } from '../../kit/index.ts';
import type { KernelResult } from '../error.ts';
import { close } from '../libc.ts';
import { controlEpoll, EPOLLIN, openEpoll, waitEpoll } from './epoll.ts';
import { type Watch, watchReadable } from './watch.ts';

type SharedSet = {
  readonly epoll: number;
  readonly watch: Watch;
  readonly handlers: Map<number, () => void>;
  lastToken: number;
  referenced: number;
};

let shared: SharedSet | undefined;

/** The same contract as `watchReadable`. `fd` stays open until the watch is closed. */
export function watchShared(fd: number, name: string, onReadable: () => void): KernelResult<Watch> {
  const opened = shared === undefined ? openSet() : ok(shared);
  if (!opened.ok) return opened;
  const set = opened.value;
  shared = set;
  const token = ++set.lastToken;
  const entry = { fd, events: EPOLLIN, token, name };
  const added = controlEpoll(set.epoll, 'add', entry);
  if (!added.ok) return added;
  set.handlers.set(token, onReadable);
  let referenced = false;
  const refer = (wanted: boolean) => {
    if (wanted === referenced) return;
    referenced = wanted;
    set.referenced += wanted ? 1 : -1;
    if (set.referenced === 0) set.watch.unref();
    else if (wanted && set.referenced === 1) set.watch.ref();
  };
  refer(true);
  return ok({
    ref: () => refer(set.handlers.has(token)),
    unref: () => refer(false),
    close: () => {
      if (!set.handlers.delete(token)) return;
      controlEpoll(set.epoll, 'delete', entry);
      refer(false);
    },
  });
}

function openSet(): KernelResult<SharedSet> {
  const epoll = openEpoll('programs');
  if (!epoll.ok) return epoll;
  const handlers = new Map<number, () => void>();
  const watch = watchReadable(epoll.value, 'programs', () => {
    // A handler may close the watches of others that were ready with it.
    for (const token of waitEpoll(epoll.value, 0)) handlers.get(token)?.();
  });
  if (!watch.ok) {
    close(epoll.value);
    return watch;
  }
  watch.value.unref();
  process.once('exit', () => close(epoll.value));
  return ok({ epoll: epoll.value, watch: watch.value, handlers, lastToken: 0, referenced: 0 });
}
