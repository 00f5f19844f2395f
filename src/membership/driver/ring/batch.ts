// Messages between the ring's thread and the others: many in one buffer that changes hands without a copy. A record is
//
//   u32 node id   u32 process id   u32 body bytes   u32 1 when safe   body, padded to 8
//
// in the machine's byte order: both threads run on it.

export type Batch = { readonly bytes: Uint8Array<ArrayBuffer>; readonly count: number };

export type BatchRecord = {
  readonly nodeId: number;
  readonly processId: number;
  readonly safe: number;
  readonly body: Uint8Array;
};

const headerBytes = 16;
const startBytes = 16 * 1024;

export class BatchWriter {
  #bytes = new Uint8Array(startBytes);
  #words = new Uint32Array(this.#bytes.buffer);
  #at = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get size(): number {
    return this.#at;
  }

  add({ nodeId, processId, safe, body }: BatchRecord): void {
    const end = this.#at + headerBytes + padded(body.length);
    if (end > this.#bytes.length) this.#grow(end);
    const word = this.#at >>> 2;
    this.#words[word] = nodeId;
    this.#words[word + 1] = processId;
    this.#words[word + 2] = body.length;
    this.#words[word + 3] = safe;
    this.#bytes.set(body, this.#at + headerBytes);
    this.#at = end;
    this.#count++;
  }

  /** The batch so far, whose buffer is the caller's to transfer. The writer begins anew. */
  take(): Batch {
    const batch = { bytes: this.#bytes.subarray(0, this.#at), count: this.#count };
    const next = Math.max(startBytes, Math.min(this.#bytes.length, 2 * padded(this.#at)));
    this.#bytes = new Uint8Array(next);
    this.#words = new Uint32Array(this.#bytes.buffer);
    this.#at = 0;
    this.#count = 0;
    return batch;
  }

  #grow(wanted: number): void {
    const grown = new Uint8Array(Math.max(2 * this.#bytes.length, padded(wanted)));
    grown.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = grown;
    this.#words = new Uint32Array(grown.buffer);
  }
}

/** Calls `each` for every record; bodies are views into the batch. */
export function readBatch({ bytes, count }: Batch, each: (record: BatchRecord) => void): void {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >>> 2);
  let at = 0;
  for (let index = 0; index < count; index++) {
    const word = at >>> 2;
    const size = words[word + 2] ?? 0;
    each({
      nodeId: words[word] ?? 0,
      processId: words[word + 1] ?? 0,
      safe: words[word + 3] ?? 0,
      body: bytes.subarray(at + headerBytes, at + headerBytes + size),
    });
    at += headerBytes + padded(size);
  }
}

function padded(size: number): number {
  return (size + 7) & ~7;
}
