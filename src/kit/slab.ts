// Small byte arrays cut one after another from large ones. Memory of its own costs an array far more than its bytes do: an
// allocation outside the heap, its release, and an entry that the collector looks at in every round. For arrays that are
// made by the thousand a second and die in the order in which they were made; one that lives on keeps its slab.

const slabBytes = 64 * 1024;
/** A larger array is given memory of its own. */
const partBytesMax = slabBytes / 8;

export class Slab {
  #bytes = new Uint8Array(0);
  #at = 0;

  /** An array of zeros that nobody else has a view of. */
  take(size: number): Uint8Array<ArrayBuffer> {
    if (size > partBytesMax) return new Uint8Array(size);
    if (this.#at + size > this.#bytes.length) {
      this.#bytes = new Uint8Array(slabBytes);
      this.#at = 0;
    }
    const from = this.#at;
    this.#at += size;
    return this.#bytes.subarray(from, this.#at);
  }

  copy(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    const copied = this.take(bytes.length);
    copied.set(bytes);
    return copied;
  }
}
