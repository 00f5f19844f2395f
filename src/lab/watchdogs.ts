// Watchdogs for lab hosts, as a machine has one in its chipset: each reads a FIFO of its host (linux: `armWatchdog`), and
// takes the host's power away for a moment when that is not written to in time. It bites from the first byte on, until `V`.
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { monotonicMs } from '../linux/index.ts';
import type { Lab } from './lab.ts';
import { whileThere } from './vanishing.ts';

/** In the host, lost at power-off: whoever feeds it makes it (`mkfifo`). */
export const watchdogFifo = '/run/watchdog';

const pollMs = 20;
const bytesMax = 64;

type Watched = {
  readonly host: string;
  /** Which boot of the host the descriptor is of; undefined: none is open. */
  open: { readonly pid: number; readonly fd: number } | undefined;
  /** Undefined while it is not armed. */
  fedAtMs: number | undefined;
};

export class Watchdogs {
  readonly #lab: Lab;
  readonly #timeoutMs: number;
  readonly #watched: readonly Watched[];
  readonly #stopped = new AbortController();
  readonly #watching: Promise<void>;
  /** What was reset, in order. */
  readonly pressed: { readonly plug: string; readonly action: string }[] = [];

  constructor(lab: Lab, { hosts, timeoutMs }: { readonly hosts: readonly string[]; readonly timeoutMs: number }) {
    this.#lab = lab;
    this.#timeoutMs = timeoutMs;
    this.#watched = hosts.map((host) => ({ host, open: undefined, fedAtMs: undefined }));
    this.#watching = this.#watch();
  }

  async close(): Promise<void> {
    this.#stopped.abort();
    await this.#watching;
    for (const watched of this.#watched) letGo(watched);
  }

  async #watch(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      await Promise.all(this.#watched.map((watched) => this.#look(watched)));
      await pause(pollMs);
    }
  }

  async #look(watched: Watched): Promise<void> {
    const { host } = watched;
    const pid = this.#lab.isUp(host) ? whileThere(() => this.#lab.host(host).pid) : undefined;
    if (watched.open?.pid !== pid) letGo(watched);
    if (pid === undefined) return;
    watched.open ??= openOf(pid);
    if (watched.open !== undefined) listen(watched, watched.open.fd);
    if (watched.fedAtMs === undefined || monotonicMs() - watched.fedAtMs <= this.#timeoutMs) return;
    watched.fedAtMs = undefined;
    this.pressed.push({ plug: host, action: 'reset' });
    await this.#lab.kill(host).catch(() => {}); // Somebody else was faster.
    await this.#lab.boot(host);
  }
}

function openOf(pid: number): Watched['open'] {
  const path = `/proc/${pid}/root${watchdogFifo}`;
  const fd = whileThere(() => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK));
  return fd === undefined ? undefined : { pid, fd };
}

function listen(watched: Watched, fd: number): void {
  const bytes = Buffer.alloc(bytesMax);
  const count = whileThere(() => readSync(fd, bytes)) ?? 0;
  if (count > 0) watched.fedAtMs = bytes[count - 1] === 'V'.charCodeAt(0) ? undefined : monotonicMs();
}

function letGo(watched: Watched): void {
  if (watched.open !== undefined) closeSync(watched.open.fd);
  watched.open = undefined;
  watched.fedAtMs = undefined;
}
