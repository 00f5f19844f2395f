// The messages of one ring by number: a window of 16384 slots that moves up as everyone has received them.
import { assert } from '../../kit/index.ts';
import type { McastMessage } from './message.ts';
import { nextSeq, seqBefore } from './sequence.ts';

/** Messages of one ring kept at most. */
export const storeSlots = 16384;

export type StoredMessage = {
  /** As it was received: repeated unchanged for those who missed it. */
  readonly bytes: Uint8Array;
  readonly message: McastMessage;
  /**
   * Some member of the old ring may have delivered it behind a gap, so whoever holds it must deliver it too (Totem's
   * obligation set, kept by the message).
   */
  obliged: boolean;
};

export class MessageStore {
  /** Made when they are first needed: most recovery stores never are. */
  #slots: (StoredMessage | undefined)[] = [];
  #misses = new Uint16Array(0);
  /** The lowest number not yet released. */
  #head = 1;
  #highest = 0;
  /** Clearing 16384 slots costs more than the rest of a membership change: an unused store is left as it is. */
  #used = false;

  get head(): number {
    return this.#head;
  }

  /** The highest number ever stored since the store was cleared. */
  get highest(): number {
    return this.#highest;
  }

  inWindow(seq: number): boolean {
    return (seq - this.#head) >>> 0 < storeSlots;
  }

  get(seq: number): StoredMessage | undefined {
    return this.inWindow(seq) ? this.#slots[seq % storeSlots] : undefined;
  }

  /** False when it is there already or outside the window. */
  put(seq: number, stored: StoredMessage): boolean {
    if (!this.inWindow(seq) || this.#slots[seq % storeSlots] !== undefined) return false;
    this.#use();
    this.#slots[seq % storeSlots] = stored;
    if (seqBefore(this.#highest, seq)) this.#highest = seq;
    return true;
  }

  /** Counts a token visit that found `seq` missing; answers how many there were. */
  miss(seq: number): number {
    assert(this.inWindow(seq), 'a miss is counted within the window');
    this.#use();
    const slot = seq % storeSlots;
    const misses = Math.min((this.#misses[slot] ?? 0) + 1, 0xffff);
    this.#misses[slot] = misses;
    return misses;
  }

  /** Forgets everything up to and with `seq`. */
  release(seq: number): void {
    if (!seqBefore(seq, this.#head)) this.#use();
    while (!seqBefore(seq, this.#head)) {
      const slot = this.#head % storeSlots;
      this.#slots[slot] = undefined;
      this.#misses[slot] = 0;
      this.#head = nextSeq(this.#head);
    }
  }

  clear(): void {
    if (!this.#used) return;
    this.#used = false;
    this.#slots.fill(undefined);
    this.#misses.fill(0);
    this.#head = 1;
    this.#highest = 0;
  }

  #use(): void {
    this.#used = true;
    if (this.#misses.length > 0) return;
    this.#slots = new Array<StoredMessage | undefined>(storeSlots).fill(undefined);
    this.#misses = new Uint16Array(storeSlots);
  }
}
