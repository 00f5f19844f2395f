// The track_process tracker: how many processes match, and for how long the count has been right or wrong
// (keepalived.conf(5) "VRRP track processes"). Delays keep a restart of the service from being a change of it.
import type { TrackedProcess, TrackerReport } from '../tracker.ts';

/** What /proc tells of a process. `arguments` begin with argv[0]; a kernel thread has none. */
export type ProcessIdentity = { readonly name: string; readonly arguments: readonly string[] };

export type ProcessTracker = {
  readonly process: TrackedProcess;
  readonly pids: Set<number>;
  report: TrackerReport;
  /** A change that is waited for: it counts when it still holds at `atMs`. */
  pending: { readonly up: boolean; readonly atMs: number } | undefined;
};

export type ProcessEvent = { readonly nowMs: number } & (
  | { readonly kind: 'deadline' }
  /** Every process there is: at start, and whenever events may have been lost. */
  | { readonly kind: 'all'; readonly processes: ReadonlyMap<number, ProcessIdentity> }
  /** A process began, or became another by exec or by changing its name. */
  | { readonly kind: 'is'; readonly pid: number; readonly identity: ProcessIdentity }
  | { readonly kind: 'gone'; readonly pid: number }
);

export type ProcessEffect =
  | { readonly kind: 'report'; readonly report: TrackerReport }
  | { readonly kind: 'log'; readonly level: 'info' | 'detail'; readonly message: string };

/** TASK_COMM_LEN of linux/sched.h less its NUL. */
const nameBytesMax = 15;

export function processTracker(process: TrackedProcess): ProcessTracker {
  return { process, pids: new Set(), report: { kind: 'unknown' }, pending: undefined };
}

export function stepProcess(tracker: ProcessTracker, event: ProcessEvent): readonly ProcessEffect[] {
  switch (event.kind) {
    case 'all':
      tracker.pids.clear();
      for (const [pid, identity] of event.processes) if (matches(tracker.process, identity)) tracker.pids.add(pid);
      break;
    case 'is':
      if (matches(tracker.process, event.identity)) tracker.pids.add(event.pid);
      else tracker.pids.delete(event.pid);
      break;
    case 'gone':
      tracker.pids.delete(event.pid);
      break;
    case 'deadline':
      break;
  }
  return judge(tracker, event.nowMs);
}

/** When stepProcess wants a `deadline` event. */
export function nextProcessDeadline({ pending }: ProcessTracker): number {
  return pending?.atMs ?? Number.POSITIVE_INFINITY;
}

/** Whether telling the processes of this tracker apart needs their command lines. */
export function needsArguments({ fullCommand, parameters }: TrackedProcess): boolean {
  return fullCommand || parameters !== 'ignored';
}

/**
 * Without parameters the name of the process (comm) is compared; with them, or with full_command, argv[0] as it was
 * given to exec, and then the parameters: all of them, the first of them (`partial`), or as a prefix of the command
 * line, in which the last one may go on (`initial`).
 */
export function matches(process: TrackedProcess, { name, arguments: [program, ...given] }: ProcessIdentity): boolean {
  const [command = '', ...wanted] = process.command;
  if (!needsArguments(process)) return name === command.slice(0, nameBytesMax);
  if (program !== command) return false;
  switch (process.parameters) {
    case 'ignored':
      return true;
    case 'exact':
      return given.length === wanted.length && wanted.every((word, index) => given[index] === word);
    case 'partial':
      return wanted.every((word, index) => given[index] === word);
    case 'initial':
      return wanted.every((word, index) =>
        index === wanted.length - 1 ? given[index]?.startsWith(word) === true : given[index] === word,
      );
  }
}

function judge(tracker: ProcessTracker, nowMs: number): readonly ProcessEffect[] {
  const { quorumMin, quorumMax, forkDelayMs, terminateDelayMs } = tracker.process;
  const up = tracker.pids.size >= quorumMin && tracker.pids.size <= quorumMax;
  // At start there is nothing to be undone by waiting.
  if (tracker.report.kind === 'unknown') return settle(tracker, up);
  if ((tracker.report.kind === 'up') === up) {
    tracker.pending = undefined;
    return [];
  }
  const delayMs = isByFork(tracker, up) ? forkDelayMs : terminateDelayMs;
  if (tracker.pending?.up !== up) tracker.pending = { up, atMs: nowMs + delayMs };
  return nowMs >= tracker.pending.atMs ? settle(tracker, up) : [];
}

/** A process more made it so: the quorum was reached, or quorum_max passed. */
function isByFork({ pids, process }: ProcessTracker, up: boolean): boolean {
  return up ? pids.size >= process.quorumMin && process.quorumMin > 0 : pids.size > process.quorumMax;
}

function settle(tracker: ProcessTracker, up: boolean): readonly ProcessEffect[] {
  tracker.pending = undefined;
  tracker.report = { kind: up ? 'up' : 'down' };
  const message = `Quorum ${up ? 'gained' : 'lost'} for tracked process ${tracker.process.name}`;
  return [
    { kind: 'log', level: 'info', message },
    { kind: 'report', report: tracker.report },
  ];
}
