// Where this program's entry file is, and worker threads of it. The only file that knows both shapes of the build:
// one output file per source file (build/), and one bundle with chunks beside its entry (dist/).
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { Worker, type WorkerOptions, workerData } from 'node:worker_threads';

/** Set by the build (tools/build.mjs). */
declare const HAVEN_BUNDLED: boolean;

/**
 * What V8 does to save memory while nothing happens costs a thread that waits for its moment: whole collections of an idle
 * heap (a quarter of what an idle ring computed), and code to be compiled anew because it has not run for long (a
 * take-over's). While much happens, a heap is collected when it has grown by three tenths, not when it is a multiple of what
 * lives: each old buffer of a datagram holds memory outside of the heap, too (5 MiB less in twelve minutes of faults). Set
 * before the worker's heap is made.
 */
const workerFlags = ['--no-memory-reducer', '--no-flush-bytecode', '--heap-growing-percent=30'];

/**
 * The environment of this program's processes. glibc before 2.41 can lose the wake-up of one thread among several that wait
 * (bug 25847): seen here as a command that waited for ever for a file to be read, every thread of libuv's pool idle. One
 * thread alone is always woken, and has little to do: modules are read by it, and the ring's number is written.
 */
export const poolOfOne = { UV_THREADPOOL_SIZE: '1' } as const;

/** The absolute path of the program's entry, to be run with this `node` in `poolOfOne`, or in a worker thread. */
export function programPath(): string {
  return fileURLToPath(new URL(HAVEN_BUNDLED ? './haven.js' : '../../main.js', import.meta.url));
}

/**
 * Starts a worker thread of this program in `role` (src/daemon/workers.ts lists them). The worker finds `data`, a copy
 * by structured clone, with `workerRoleData()`; messages travel over the returned worker and its `parentPort`.
 */
export function startWorker(
  role: string,
  data: unknown,
  options: Pick<WorkerOptions, 'transferList' | 'resourceLimits'> = {},
): Worker {
  for (const flag of workerFlags) setFlagsFromString(flag);
  return new Worker(programPath(), { name: role, ...options, workerData: { role, data } });
}

/** In a worker thread that `startWorker` started: the data it was given. */
export function workerRoleData(): unknown {
  return (workerData as { readonly data?: unknown } | null)?.data;
}
