// Real-time scheduling of one thread. Only a thread that sleeps most of the time may ask for it: V8's own helper threads
// stay in the ordinary class, and a real-time main thread would starve them (measured: pauses grow).
import { ok } from '../../kit/index.ts';
import { type KernelResult, kernelError } from '../error.ts';
import { errno, schedGetscheduler, schedSetaffinity, schedSetscheduler, setpriority, setrlimit } from '../libc.ts';

export type SchedulingClass = 'other' | 'fifo' | 'round-robin' | 'batch' | 'idle' | 'deadline';

const classes: Readonly<Record<number, SchedulingClass>> = {
  0: 'other',
  1: 'fifo',
  2: 'round-robin',
  3: 'batch',
  5: 'idle',
  6: 'deadline',
};
const [SCHED_OTHER, SCHED_RR] = [0, 2];
const RLIMIT_RTTIME = 15;
/** CPU_SETSIZE */
const processorsMax = 1024;
/** To `setpriority`, 0 is the calling thread. */
const PRIO_PROCESS = 0;
/** Children start in the ordinary class: a notify script must not run in front of the heartbeat. */
const SCHED_RESET_ON_FORK = 0x4000_0000;

/**
 * Puts a thread, the calling one or `tid`, into SCHED_RR at `priority`, 1 to 99 (man 7 sched). Processes it starts do not
 * inherit it.
 */
export function setRealTime(priority: number, tid = 0): KernelResult<void> {
  const parameter = Buffer.alloc(4);
  parameter.writeInt32LE(priority);
  if (schedSetscheduler(tid, SCHED_RR | SCHED_RESET_ON_FORK, parameter) === 0) return ok(undefined);
  return kernelError('sched_setscheduler', errno(), `give this thread real-time priority ${priority}`);
}

/**
 * Puts the calling thread before ordinary ones in their own class, or behind them: `niceness` -20 to 19 (man 7 sched).
 * Threads and processes that it starts begin as ordinary ones, or behind them, too.
 */
export function setNiceness(niceness: number): KernelResult<void> {
  const attempted = `give this thread niceness ${niceness}`;
  if (schedSetscheduler(0, SCHED_OTHER | SCHED_RESET_ON_FORK, Buffer.alloc(4)) !== 0)
    return kernelError('sched_setscheduler', errno(), attempted);
  if (setpriority(PRIO_PROCESS, 0, niceness) !== 0) return kernelError('setpriority', errno(), attempted);
  return ok(undefined);
}

/**
 * Has the kernel send SIGXCPU when a real-time thread of this process has computed for `limitUs` microseconds without a
 * blocking call, and again a second of computing later (RLIMIT_RTTIME, man 2 setrlimit).
 */
export function limitRealTime(limitUs: number): KernelResult<void> {
  const limits = Buffer.alloc(16, 0xff); // The hard limit: RLIM_INFINITY.
  limits.writeBigUInt64LE(BigInt(limitUs));
  if (setrlimit(RLIMIT_RTTIME, limits) === 0) return ok(undefined);
  return kernelError('setrlimit', errno(), `limit real-time threads to ${limitUs} us`);
}

/**
 * Keeps a thread, the calling one or `tid`, on these processors, numbered from 0 (man 2 sched_setaffinity); what it starts
 * inherits that.
 */
export function setProcessors(processors: readonly number[], tid = 0): KernelResult<void> {
  const mask = Buffer.alloc(processorsMax / 8);
  for (const processor of processors) mask[processor >> 3] = (mask[processor >> 3] ?? 0) | (1 << (processor & 7));
  if (schedSetaffinity(tid, mask.length, mask) === 0) return ok(undefined);
  return kernelError('sched_setaffinity', errno(), `keep this thread on processors ${processors.join(', ')}`);
}

/** The class in which the calling thread runs. */
export function schedulingClass(): SchedulingClass {
  return classes[schedGetscheduler(0) & ~SCHED_RESET_ON_FORK] ?? 'other';
}
