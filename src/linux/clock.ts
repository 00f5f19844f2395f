// The clocks that wall-clock jumps do not touch.
import { readFileSync } from 'node:fs';

/**
 * CLOCK_MONOTONIC in milliseconds with sub-microsecond fraction: the same line for every thread and process of this
 * boot; stands still while the machine is suspended (man 2 clock_gettime).
 */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

/** Milliseconds since boot, time spent suspended included (CLOCK_BOOTTIME, to the kernel's 10 ms). */
export function bootMs(): number {
  return Math.round(Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]) * 1000);
}

/** Identifies this boot of the machine: differs after every restart (/proc/sys/kernel/random/boot_id). */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
}
