// The VRRP daemon's main thread: it holds no address and misses no deadline, so it may log, run scripts and read files.
import type { Worker } from 'node:worker_threads';
import { CommandFailure, type Logger } from '../../kit/index.ts';
import { startWorker } from '../../linux/index.ts';
import type { Notification, VrrpConfiguration } from '../../vrrp/index.ts';
import type { FromWorker, ToWorker, TrackerNews, WorkerStart } from './message.ts';
import type { Snapshot } from './snapshot.ts';

export type SupervisorListener = {
  readonly logger: Logger;
  readonly onNotify: (notification: Notification) => void;
  readonly restartWords: readonly string[] | undefined;
  readonly onHeld: (instances: readonly string[]) => void;
};

export class VrrpSupervisor {
  readonly #worker: Worker;
  readonly #listener: SupervisorListener;
  readonly #snapshots = new Map<number, (snapshot: Snapshot) => void>();
  #snapshotId = 0;
  /** Settles when the worker has handed everything over, or fails with what stopped it. */
  readonly ended: Promise<void>;

  constructor(configuration: VrrpConfiguration, reports: readonly TrackerNews[], listener: SupervisorListener) {
    this.#listener = listener;
    const start: WorkerStart = { configuration, reports, restartWords: listener.restartWords };
    this.#worker = startWorker('vrrp', start);
    this.ended = new Promise((resolve, reject) => {
      this.#worker.on('message', (message: FromWorker) => {
        if (message.kind === 'stopped') resolve(this.#worker.terminate().then(() => undefined));
        else if (message.kind === 'failed') reject(new CommandFailure(message.failure));
        else this.#hear(message);
      });
      this.#worker.on('error', reject);
      this.#worker.on('exit', (code) => reject(new Error(`the VRRP thread ended by itself (code ${code})`)));
    });
  }

  tracker(news: TrackerNews): void {
    this.#send({ kind: 'tracker', ...news });
  }

  reconfigure(configuration: VrrpConfiguration): void {
    this.#send({ kind: 'reconfigure', configuration });
  }

  clearStatistics(): void {
    this.#send({ kind: 'clear-statistics' });
  }

  stop(): void {
    this.#send({ kind: 'stop' });
  }

  snapshot(): Promise<Snapshot> {
    const id = ++this.#snapshotId;
    this.#send({ kind: 'snapshot', id });
    return new Promise((resolve) => this.#snapshots.set(id, resolve));
  }

  #send(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #hear(message: Exclude<FromWorker, { kind: 'stopped' | 'failed' }>): void {
    switch (message.kind) {
      case 'log':
        this.#listener.logger[message.level](message.message);
        return;
      case 'notify':
        this.#listener.onNotify(message.notification);
        return;
      case 'held':
        this.#listener.onHeld(message.instances);
        return;
      case 'snapshot':
        this.#snapshots.get(message.id)?.(message.snapshot);
        this.#snapshots.delete(message.id);
        return;
    }
  }
}
