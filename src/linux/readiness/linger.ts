// Waits for this thread's watched descriptors in poll(2), and calls their handlers, without going back to the event loop:
// for a thread that is woken again and again for little. What libuv and Node do around a callback is as long as that
// little, and after some milliseconds of sleep none of its code is in the processor's caches any more.
//
// The loop's own descriptor is waited for, too: as soon as anything else is to be done, the loop does it. Only its timers
// are not seen, nor handles that are being closed: they wait until this ends. So whoever was called leaves the loop to
// itself for a while, and begins `whenCalm`.
import { readdirSync, readFileSync } from 'node:fs';
import { monotonicMs } from '../clock.ts';
import { poll } from '../libc.ts';

export type Lingered =
  /** The time is over. */
  | 'over'
  /** The event loop has something to do. */
  | 'called'
  /** A handler did what was not to go on like this. */
  | 'stopped'
  /** The loop's descriptor is not known: this thread has to wait like the others. */
  | 'unable';

export type LingerOptions = {
  readonly forMs: number;
  readonly atTheEnd: 'wake' | 'sleep on';
  readonly goesOn: () => boolean;
};

const POLLIN = 1;
/** As the timeout of poll(2). */
const endless = -1;
/** `struct pollfd`: the descriptor, events, revents. */
const entryBytes = 8;

const watched = new Map<number, () => void>();
let loopFd: number | undefined;
let entries = Buffer.alloc(0);
let handlers: readonly (() => void)[] = [];

/** From now on `linger` calls `onReadable`, too; until the answer is called. */
export function lingerFor(fd: number, onReadable: () => void): () => void {
  watched.set(fd, onReadable);
  entries = Buffer.alloc(0);
  return () => {
    if (watched.get(fd) !== onReadable) return;
    watched.delete(fd);
    entries = Buffer.alloc(0);
  };
}

/** Finds the event loop's epoll descriptor as the one that polls `fd` (/proc/PID/fdinfo, proc(5)). */
export function findLoop(fd: number): void {
  const folder = '/proc/self/fdinfo';
  const polls = new RegExp(`^tfd: +${fd} `, 'm');
  const found = readdirSync(folder).find((name) => polls.test(readInfo(`${folder}/${name}`)));
  loopFd = found === undefined ? undefined : Number(found);
}

/** Calls back when the loop has polled what was opened, and closed what was to be closed, by what it does now. */
export function whenCalm(callback: () => void): void {
  setImmediate(() => setImmediate(callback));
}

/**
 * Waits until the event loop is wanted, or `goesOn` says no after a handler was called. When `forMs` are over it ends, too:
 * at once, or with the next handler for a thread that has one called often enough.
 */
export function linger({ forMs, atTheEnd, goesOn }: LingerOptions): Lingered {
  if (loopFd === undefined) return 'unable';
  const untilMs = monotonicMs() + forMs;
  for (let leftMs = forMs; leftMs > 0; leftMs = untilMs - monotonicMs()) {
    if (entries.length === 0) prepare(loopFd);
    const ready = poll(entries, handlers.length + 1, atTheEnd === 'wake' ? Math.ceil(leftMs) : endless);
    if (ready <= 0) continue;
    if (!handle()) return 'called';
    if (!goesOn()) return 'stopped';
  }
  return 'over';
}

/** Whether any of the watched descriptors was ready: they make the loop's descriptor ready, too, until they are read. */
function handle(): boolean {
  const [ready, call] = [entries, handlers];
  let handled = false;
  for (let place = 0; place < call.length; place++) {
    if (ready.readUInt16LE(place * entryBytes + 6) === 0) continue;
    handled = true;
    call[place]?.();
    // What is watched has changed: what is ready besides is told again.
    if (entries !== ready) break;
  }
  return handled;
}

function prepare(loop: number): void {
  const fds = [...watched.keys(), loop];
  handlers = [...watched.values()];
  entries = Buffer.alloc(fds.length * entryBytes);
  fds.forEach((fd, place) => {
    entries.writeInt32LE(fd, place * entryBytes);
    entries.writeUInt16LE(POLLIN, place * entryBytes + 4);
  });
}

function readInfo(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return ''; // The descriptor of the listing itself, or one that another thread has closed.
  }
}
