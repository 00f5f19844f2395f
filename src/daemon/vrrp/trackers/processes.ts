// Watches the processes of this host for all track_process blocks: one list at start, then events.
import { formatFailure } from '../../../kit/index.ts';
import {
  commandLineOf,
  kernelFailure,
  listProcesses,
  monotonicMs,
  type ProcessEvent,
  type ProcessWatch,
  readProcess,
  watchProcesses,
} from '../../../linux/index.ts';
import {
  needsArguments,
  nextProcessDeadline,
  type ProcessIdentity,
  type ProcessTracker,
  processTracker,
  stepProcess,
  type TrackedProcess,
} from '../../../vrrp/index.ts';
import type { TrackerNews } from '../message.ts';
import { Alarm } from './alarm.ts';
import { logLevelOf, type TrackerListener } from './listener.ts';

/** Where the kernel does not tell (containers without CAP_NET_ADMIN in the first namespaces), /proc is read this often. */
const pollMs = 250;

export class ProcessCensus {
  readonly #listener: TrackerListener;
  readonly #trackers: readonly ProcessTracker[];
  readonly #wantsArguments: boolean;
  readonly #alarm = new Alarm(() => this.#step({ kind: 'deadline' }));
  #watch: ProcessWatch | undefined;

  constructor(processes: readonly TrackedProcess[], listener: TrackerListener) {
    this.#listener = listener;
    this.#trackers = processes.map(processTracker);
    this.#wantsArguments = processes.some(needsArguments);
    if (processes.length === 0) return;
    const watch = watchProcesses({
      pollMs,
      onEvent: (event) => this.#hear(event),
      onError: (error) => listener.log('error', formatFailure(kernelFailure(error))),
    });
    if (watch.ok) this.#watch = watch.value;
    else listener.log('error', formatFailure(kernelFailure(watch.error)));
    if (this.#watch?.method === 'polling') {
      listener.log('info', `Process events are not available: /proc is read every ${pollMs} ms`);
    }
    this.#takeCensus();
  }

  reports(): readonly TrackerNews[] {
    return this.#trackers.map(({ process, report }) => ({ tracker: 'process', name: process.name, report }));
  }

  close(): void {
    this.#watch?.close();
    this.#alarm.close();
  }

  /** A zombie runs nothing any more. */
  #takeCensus(): void {
    const living = listProcesses().filter(({ state }) => state !== 'Z');
    const processes = new Map(living.map(({ pid, name }) => [pid, this.#identity(pid, name)] as const));
    this.#step({ kind: 'all', processes });
  }

  #hear(event: ProcessEvent): void {
    if (event.kind === 'lost') this.#takeCensus();
    else if (event.kind === 'exit') this.#step({ kind: 'gone', pid: event.pid });
    else {
      const name = event.kind === 'name' ? event.name : readProcess(event.pid)?.name;
      // It may have ended before it could be looked at; its exit is told too.
      if (name !== undefined) this.#step({ kind: 'is', pid: event.pid, identity: this.#identity(event.pid, name) });
    }
  }

  #identity(pid: number, name: string): ProcessIdentity {
    return { name, arguments: this.#wantsArguments ? commandLineOf(pid) : [] };
  }

  #step(event: EventWithoutTime): void {
    const nowMs = monotonicMs();
    for (const tracker of this.#trackers) {
      for (const effect of stepProcess(tracker, { ...event, nowMs })) {
        if (effect.kind === 'log') this.#listener.log(logLevelOf(effect.level), effect.message);
        else this.#listener.onNews({ tracker: 'process', name: tracker.process.name, report: effect.report });
      }
    }
    this.#alarm.set(Math.min(...this.#trackers.map(nextProcessDeadline)));
  }
}

type EventWithoutTime =
  | { readonly kind: 'deadline' }
  | { readonly kind: 'all'; readonly processes: ReadonlyMap<number, ProcessIdentity> }
  | { readonly kind: 'is'; readonly pid: number; readonly identity: ProcessIdentity }
  | { readonly kind: 'gone'; readonly pid: number };
