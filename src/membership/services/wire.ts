// The upper layer's message header and the composite types in it: what Corosync 3.1's services put into ordered messages.
// Little-endian, as every machine that Haven runs on; every type is aligned to eight bytes unless its table says otherwise.

/** id i32 @0, pad, size i32 @8, pad. */
export const headerBytes = 16;

/** length u32 @0, value 128 bytes @8. */
export const groupNameBytes = 136;
export const groupNameBytesMax = 128;

/** length u16 @0, value 256 bytes @8. */
export const nameBytes = 264;
export const nameValueBytesMax = 256;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Writes fixed-layout messages. */
export class MessageWriter {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(id: number, size: number) {
    this.bytes = new Uint8Array(size);
    this.#view = new DataView(this.bytes.buffer);
    this.#view.setInt32(0, id, true);
    this.#view.setInt32(8, size, true);
  }

  u8(at: number, value: number): this {
    this.#view.setUint8(at, value);
    return this;
  }

  i32(at: number, value: number): this {
    this.#view.setInt32(at, value, true);
    return this;
  }

  u32(at: number, value: number): this {
    this.#view.setUint32(at, value, true);
    return this;
  }

  u64(at: number, value: number): this {
    this.#view.setBigUint64(at, BigInt(value), true);
    return this;
  }

  put(at: number, bytes: Uint8Array): this {
    this.bytes.set(bytes, at);
    return this;
  }

  groupName(at: number, name: string): this {
    const value = encoder.encode(name).subarray(0, groupNameBytesMax);
    return this.u32(at, value.length).put(at + 8, value);
  }

  name(at: number, name: string): this {
    const value = encoder.encode(name).subarray(0, nameValueBytesMax);
    this.#view.setUint16(at, value.length, true);
    return this.put(at + 8, value);
  }
}

/** Reads fixed-layout messages; a read past the end gives 0, as a receiver that checks sizes first never sees. */
export class MessageReader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The header's id: service << 16 | function in group `a`. */
  get id(): number {
    return this.i32(0);
  }

  has(bytes: number): boolean {
    return this.bytes.length >= bytes;
  }

  u8(at: number): number {
    return this.has(at + 1) ? this.#view.getUint8(at) : 0;
  }

  u16(at: number): number {
    return this.has(at + 2) ? this.#view.getUint16(at, true) : 0;
  }

  i32(at: number): number {
    return this.has(at + 4) ? this.#view.getInt32(at, true) : 0;
  }

  u32(at: number): number {
    return this.has(at + 4) ? this.#view.getUint32(at, true) : 0;
  }

  u64(at: number): number {
    return this.has(at + 8) ? Number(this.#view.getBigUint64(at, true)) : 0;
  }

  groupName(at: number): string {
    const length = Math.min(this.u32(at), groupNameBytesMax);
    return decoder.decode(this.bytes.subarray(at + 8, at + 8 + length));
  }

  /** Some senders count a terminating NUL. */
  name(at: number): string {
    const length = Math.min(this.u16(at), nameValueBytesMax);
    return decoder.decode(this.bytes.subarray(at + 8, at + 8 + length)).replace(/\0+$/, '');
  }
}
