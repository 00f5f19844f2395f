// The worker threads of the program by role. A room that needs one starts it with `startWorker(role, data)` of src/linux.
import { workerData } from 'node:worker_threads';
import { assert } from '../kit/index.ts';

/** Each role loads its own room only, so that a worker's memory holds nothing else. */
const roles: Readonly<Record<string, () => Promise<void>>> = {
  'guarded-ring': async () => (await import('./cluster/ring-thread.ts')).runGuardedRing(),
  readiness: async () => (await import('../linux/readiness/worker.ts')).runReadinessWorker(),
  ring: async () => (await import('../membership/driver/ring/worker.ts')).runRingWorker(),
  vrrp: async () => (await import('./vrrp/worker.ts')).runVrrpWorker(),
};

export async function runWorker(): Promise<void> {
  const role = String((workerData as { readonly role?: unknown } | null)?.role);
  const run = roles[role];
  assert(run !== undefined, `no worker has the role ${role}`);
  await run();
}
