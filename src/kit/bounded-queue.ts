// A first-in-first-out queue with a named maximum: what does not fit is refused, so that the caller decides what to drop.
import { assert } from './assert.ts';

export class BoundedQueue<T> {
  readonly itemsMax: number;
  #ring: (T | undefined)[] = [];
  #head = 0;
  #size = 0;

  constructor(itemsMax: number) {
    assert(Number.isInteger(itemsMax) && itemsMax > 0, `a queue holds at least one item, not ${itemsMax}`);
    this.itemsMax = itemsMax;
  }

  get size(): number {
    return this.#size;
  }

  /** False when the queue is full; nothing is kept then. */
  push(item: T): boolean {
    if (this.#size === this.itemsMax) return false;
    if (this.#size === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#size) % this.#ring.length] = item;
    this.#size++;
    return true;
  }

  shift(): T | undefined {
    if (this.#size === 0) return undefined;
    const item = this.#ring[this.#head];
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) % this.#ring.length;
    this.#size--;
    return item;
  }

  peek(): T | undefined {
    return this.#size === 0 ? undefined : this.#ring[this.#head];
  }

  clear(): void {
    this.#ring = [];
    this.#head = 0;
    this.#size = 0;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let index = 0; index < this.#size; index++) {
      yield this.#ring[(this.#head + index) % this.#ring.length] as T;
    }
  }

  #grow(): void {
    const items = [...this];
    const capacity = Math.min(this.itemsMax, Math.max(8, this.#ring.length * 2));
    this.#ring = items;
    this.#ring.length = capacity;
    this.#head = 0;
  }
}
