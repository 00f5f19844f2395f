// The ring's thread in a cluster daemon: the ring, and beside it the daemon's guardian, because it is this thread whose
// life matters. It renews the guardian's lease with every proof that the membership is quorate, and pledges what the main
// thread says is held.
import { writeSync } from 'node:fs';
import { BroadcastChannel } from 'node:worker_threads';
import { emptyPledge, type FarewellDatagram, Guard, type HeldAddress } from '../../guardian/index.ts';
import { type LogLevel, loggerOf } from '../../kit/index.ts';
import { workerRoleData } from '../../linux/index.ts';
import { leaseMsOf, runRingWorker, type TotemTiming } from '../../membership/index.ts';
import type { WatchdogSettings } from './configuration.ts';

/** From the main thread: everything that is held now. */
export type Holdings = { readonly addresses: readonly HeldAddress[] };

/** Beside what the ring needs (its own start data): what the guardian is to know. */
export type GuardedStart = {
  readonly watchdog: WatchdogSettings | undefined;
  readonly lease: SharedArrayBuffer;
  readonly settings: {
    readonly clusterName: string;
    readonly nodeId: number;
    readonly ring: { readonly timing: TotemTiming };
  };
};

/** The ring's thread as the one that also has the guardian. */
export function guardedRing(watchdog: WatchdogSettings | undefined) {
  return { role: 'guarded-ring', roleData: { watchdog } satisfies Partial<GuardedStart> };
}

/** The channel between the two threads of one daemon. */
export function holdingsChannel(nodeId: number): string {
  return `haven-holdings-${process.pid}-${nodeId}`;
}

const limits = { lookMs: 100, calmMs: 400, hungMs: 1000, starvedMs: 3000 };
/** The ring's turns are the beats; between two of them passes no more than this. */
const turnMsMax = 100;
/** What is not to be told with every turn is looked at this often. */
const upkeepMs = 250;
/** The main thread is given longer than any decision takes: it has no real-time priority. */
const mainHungMs = 10_000;

export async function runGuardedRing(): Promise<void> {
  const { lease, settings, watchdog } = workerRoleData() as GuardedStart;
  const proof = new Float64Array(lease);
  const guard = new Guard({ ...limits, ...(watchdog === undefined ? {} : { watchdog }) }, loggerOf(say));
  const leaseMs = leaseMsOf(settings.ring.timing);
  const main = new MainThreadWatch();
  await guard.start({
    everyMs: upkeepMs,
    also: () => {
      if (main.isHung(proof[1] ?? 0)) guard.stopBeating(`the main thread has not run for ${mainHungMs / 1000} s`);
    },
  });
  let datagrams: readonly FarewellDatagram[] = [];
  let addresses: readonly HeldAddress[] = [];
  const pledge = () => guard.pledge({ ...emptyPledge, addresses, datagrams });
  const channel = new BroadcastChannel(holdingsChannel(settings.nodeId));
  channel.onmessage = (event) => {
    addresses = (event as { readonly data: Holdings }).data.addresses;
    pledge();
  };
  await runRingWorker({
    turnMsMax,
    onTurn: () => {
      const [provenAtMs = 0] = proof;
      if (provenAtMs > 0) guard.lease(provenAtMs, provenAtMs + leaseMs);
      guard.turn();
    },
    onFarewells: (farewells) => {
      datagrams = farewells.map(({ to, payload }) => ({
        address: to.address,
        port: to.port,
        payload: Buffer.from(payload).toString('hex'),
      }));
      pledge();
    },
    onStopped: async () => {
      channel.close();
      await guard.release();
    },
  });
}

/** Counted in our own turns: a machine that stood still as a whole proves nothing against the other thread. */
class MainThreadWatch {
  #beats = 0;
  #turns = 0;

  isHung(beats: number): boolean {
    this.#turns = beats === this.#beats ? this.#turns + 1 : 0;
    this.#beats = beats;
    return this.#turns * upkeepMs === mainHungMs;
  }
}

/** A descriptor; `process.stderr` has none in a worker. */
const standardError = 2;

/** A worker's own stderr goes by the main thread, which may be what there is to complain of. */
function say(level: LogLevel, message: string): void {
  writeSync(standardError, `haven: ${level}: ${message}\n`);
}
