// The clocks that wall-clock jumps do not touch.
import { readFileSync } from 'node:fs';
import { clockGettime } from './libc.ts';
import { readProcess } from './process/listing.ts';

const CLOCK_BOOTTIME = 7;
/** struct timespec: seconds and nanoseconds, 64 bits each. */
const timespec = Buffer.alloc(16);

/**
 * CLOCK_MONOTONIC in milliseconds with sub-microsecond fraction: the same line for every thread and process of this
 * boot; stands still while the machine is suspended (man 2 clock_gettime).
 */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

/** Milliseconds since boot, time spent suspended included (CLOCK_BOOTTIME). */
export function bootMs(): number {
  clockGettime(CLOCK_BOOTTIME, timespec);
  return Number(timespec.readBigInt64LE(0)) * 1000 + Number(timespec.readBigInt64LE(8)) / 1e6;
}

/** Identifies this boot of the machine: differs after every restart (/proc/sys/kernel/random/boot_id). */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
}

/** Identifies one run of this system, a container included, whose first process begins anew under the same kernel. */
export function systemStart(): string {
  return `${bootId()}/${readProcess(1)?.startTicks ?? ''}`;
}
