// Keeps the store of a running node through errors of its disk. What cannot be stored is not acknowledged: changes of the
// configuration wait, everything that runs goes on, and the whole document is tried again each second. When that lasts,
// the node leaves, so that the others need not wait for it; but not where they would lose their quorum by it: then a
// cluster that cannot be changed is worth more than one that stands still.
import type { XmlElement } from '../../cib/index.ts';
import { isMember, nodeNameOf, nodeStatesOf, transientAttributesOf } from '../document/query.ts';
import { DiskError } from './disk.ts';
import type { JournalRecord } from './record.ts';
import type { Snapshot } from './snapshot.ts';
import type { Store } from './store.ts';

const retryMs = 1000;
/** Disks that fill up together are not to empty their nodes together: each member waits longer than the one before. */
const patienceMs = 2000;

/** Why nothing is stored, and since when (monotonic ms). */
export type StoreTrouble = { readonly error: DiskError; readonly sinceMs: number };

type Aside = { readonly name: string; readonly snapshot: Snapshot };

/** Every call answers whether all is on disk; `trouble` says why not. */
export class StoreKeeper {
  readonly #store: Store;
  /** What is to be kept aside before anything takes its place. */
  readonly #aside: Aside[] = [];
  #trouble: StoreTrouble | undefined;
  #retryAtMs: number | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  get trouble(): StoreTrouble | undefined {
    return this.#trouble;
  }

  /** When `retry` is wanted. */
  get retryAtMs(): number | undefined {
    return this.#retryAtMs;
  }

  /** `latest`: the document with the record, for when the journal has become long. */
  append(record: JournalRecord, latest: () => Snapshot, nowMs: number): boolean {
    return this.#unlessTroubled(nowMs, () => {
      this.#store.append([record]);
      if (this.#store.wantsSnapshot) this.#store.replace(latest());
    });
  }

  replace(snapshot: Snapshot, nowMs: number): boolean {
    return this.#unlessTroubled(nowMs, () => this.#store.replace(snapshot));
  }

  keepAside(name: string, snapshot: Snapshot, nowMs: number): boolean {
    this.#aside.push({ name, snapshot });
    return this.#unlessTroubled(nowMs, () => this.#storeAside());
  }

  /** Everything once more, from the document as it is now. */
  retry(latest: Snapshot, nowMs: number): boolean {
    return this.#attempt(nowMs, () => {
      this.#storeAside();
      this.#store.replace(latest);
    });
  }

  #storeAside(): void {
    for (let next = this.#aside[0]; next !== undefined; next = this.#aside[0]) {
      this.#store.keepAside(next.name, next.snapshot);
      this.#aside.shift();
    }
  }

  #unlessTroubled(nowMs: number, act: () => void): boolean {
    return this.#trouble === undefined && this.#attempt(nowMs, act);
  }

  #attempt(nowMs: number, act: () => void): boolean {
    try {
      act();
    } catch (thrown) {
      if (!(thrown instanceof DiskError)) throw thrown;
      this.#trouble = { error: thrown, sinceMs: this.#trouble?.sinceMs ?? nowMs };
      this.#retryAtMs = nowMs + retryMs;
      return false;
    }
    this.#trouble = undefined;
    this.#retryAtMs = undefined;
    return true;
  }
}

export type Surroundings = {
  readonly cib: XmlElement;
  readonly self: { readonly id: string };
  readonly votes: number;
  readonly votesNeeded: number;
  readonly nowMs: number;
};

/** Whether a node in this trouble is to leave now; a vote each. */
export function leavesOver({ sinceMs }: StoreTrouble, { cib, self, votes, votesNeeded, nowMs }: Surroundings): boolean {
  const members = nodeStatesOf(cib).filter(isMember);
  const rank = members.filter(({ id }) => Number(id) < Number(self.id)).length;
  if (nowMs - sinceMs < patienceMs * (1 + rank)) return false;
  const going = members.filter(
    (state) => state.id !== self.id && (transientAttributesOf(cib, nodeNameOf(state)).get('shutdown') ?? '0') !== '0',
  );
  return votes - going.length - 1 >= votesNeeded;
}
