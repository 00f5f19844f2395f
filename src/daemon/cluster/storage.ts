// The node's document on its disk, through errors of the disk (controller/store/keeper.ts says what comes of them).
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  DiskError,
  type JournalRecord,
  leavesOver,
  type NodeState,
  openDisk,
  type Snapshot,
  Store,
  StoreKeeper,
  snapshotOf,
} from '../../controller/index.ts';
import { formatDuration, type Logger } from '../../kit/index.ts';
import { monotonicMs } from '../../linux/index.ts';
import type { OpenedStore } from './open-node.ts';

export type StorageOptions = {
  readonly state: () => NodeState;
  readonly quorum: () => { readonly votes: number; readonly votesNeeded: number };
  readonly persisted: (index: number) => void;
  readonly leave: () => void;
  readonly log: (level: 'error' | 'notice', text: string) => void;
};

const retryMs = 1000;
/** A store that is new has to have room for a document of a small cluster at least. */
const documentBytesMin = 65_536;

export class Storage {
  readonly #keeper: StoreKeeper;
  readonly #options: StorageOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(store: Store, options: StorageOptions) {
    this.#keeper = new StoreKeeper(store);
    this.#options = options;
  }

  /** Why nothing can be stored; undefined when all is well. */
  get trouble(): string | undefined {
    return this.#keeper.trouble?.error.message;
  }

  persist(record: JournalRecord): void {
    const latest = () => snapshotOf(this.#options.state().replica);
    this.#settle(this.#keeper.append(record, latest, monotonicMs()), record.index);
  }

  adopt(snapshot: Snapshot): void {
    this.#settle(this.#keeper.replace(snapshot, monotonicMs()), snapshot.index);
  }

  keepAside(snapshot: Snapshot): void {
    const name = `diverged-${snapshot.term}-${snapshot.index}.xml`;
    if (!this.#keeper.keepAside(name, snapshot, monotonicMs())) this.#await();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #settle(stored: boolean, index: number): void {
    if (stored) this.#options.persisted(index);
    else this.#await();
  }

  #await(): void {
    if (this.#timer !== undefined) return;
    const text = `${this.trouble}. Changes of the configuration wait until this node can store them`;
    this.#options.log('error', text);
    this.#arm();
  }

  #arm(): void {
    const waitMs = Math.max(0, (this.#keeper.retryAtMs ?? 0) - monotonicMs());
    this.#timer = setTimeout(() => this.#retry(), waitMs);
  }

  #retry(): void {
    this.#timer = undefined;
    const { state, quorum, log, persisted, leave } = this.#options;
    const { replica, leaving } = state();
    const snapshot = snapshotOf(replica);
    const sinceMs = this.#keeper.trouble?.sinceMs ?? monotonicMs();
    if (this.#keeper.retry(snapshot, monotonicMs())) {
      log('notice', `the document is stored again, after ${formatDuration(monotonicMs() - sinceMs)}`);
      return persisted(snapshot.index);
    }
    this.#arm();
    const { trouble } = this.#keeper;
    const { cib, self } = replica;
    if (trouble === undefined || leaving) return;
    if (!leavesOver(trouble, { cib, self, ...quorum(), nowMs: monotonicMs() })) return;
    log('error', `${trouble.error.message}. This node leaves, so that the others need not wait for it`);
    leave();
  }
}

/**
 * Opens the store once its disk takes a document as large as the one that it has: a node that cannot store one would only
 * hold the others up. Says why it waits.
 */
export async function openStorage(stateDirectory: string, logger: Logger): Promise<OpenedStore> {
  for (let said = ''; ; await pause(retryMs)) {
    try {
      const opened = Store.open(openDisk(join(stateDirectory, 'cib')));
      const { snapshot } = opened.recovered;
      opened.store.prove(Math.max(documentBytesMin, 2 * Buffer.byteLength(snapshot?.document ?? '')));
      if (said !== '') logger.notice('the disk takes the document again');
      return opened;
    } catch (thrown) {
      if (!(thrown instanceof DiskError)) throw thrown;
      if (thrown.message !== said) logger.error(`${thrown.message}. This node joins the cluster when it can`);
      said = thrown.message;
    }
  }
}
