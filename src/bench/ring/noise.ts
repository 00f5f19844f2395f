// How busy the machine is with other things, so that a reader can tell what the figures are worth.
import { readFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';

const windowMs = 2000;

/** One line: processors that others keep busy, and how late this process wakes from a sleep of 1 ms. */
export async function noise(): Promise<string> {
  const before = busyMs();
  const startedMs = performance.now();
  const lateMs: number[] = [];
  while (performance.now() - startedMs < windowMs) {
    const asleepMs = performance.now();
    await pause(1);
    lateMs.push(performance.now() - asleepMs - 1);
  }
  lateMs.sort((left, right) => left - right);
  const busy = (busyMs() - before) / (performance.now() - startedMs);
  const late = (share: number) => (lateMs[Math.floor(share * lateMs.length)] ?? 0).toFixed(1);
  const cores = `${busy.toFixed(1)} of ${availableParallelism()} processors busy with other things`;
  return `${cores}, load ${(loadavg()[0] ?? 0).toFixed(1)}, a sleep of 1 ms late by ${late(0.5)} ms (median), ${late(0.99)} ms (p99)`;
}

/** Of all processors: what /proc/stat (proc(5)) does not count as idle or waiting for a disk. */
function busyMs(): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] =
    readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]?.split(/ +/).slice(1).map(Number) ?? [];
  return (user + nice + system + irq + softirq + steal) * 10;
}
