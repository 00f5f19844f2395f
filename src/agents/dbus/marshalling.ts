// Values of D-Bus as bytes (D-Bus Specification, "Type System" and "Marshaling"). Only the types that systemd's manager
// uses are spoken; any other is a refusal, never a guess.

export type Variant = { readonly signature: string; readonly value: Value };
export type Value = string | number | boolean | Variant | readonly Value[];

/** Bytes that are no D-Bus message, or hold a type that is not spoken here. */
export class MalformedMessage extends Error {}

const alignments: Readonly<Record<string, number>> = { y: 1, g: 1, v: 1, b: 4, u: 4, s: 4, o: 4, a: 4, '(': 8, '{': 8 };

/** Splits a signature into complete types: `ua(yv)s` gives `u`, `a(yv)`, `s`. */
export function typesOf(signature: string): string[] {
  const types: string[] = [];
  for (let at = 0; at < signature.length; ) {
    const end = endOfType(signature, at);
    types.push(signature.slice(at, end));
    at = end;
  }
  return types;
}

function endOfType(signature: string, at: number): number {
  const code = signature[at] ?? '';
  if (!(code in alignments)) throw new MalformedMessage(`the D-Bus type '${signature.slice(at)}' is not spoken here`);
  if (code === 'a') return endOfType(signature, at + 1);
  if (code !== '(' && code !== '{') return at + 1;
  const closing = code === '(' ? ')' : '}';
  let end = at + 1;
  // An empty struct is none, and an array of them would have no end.
  if (signature[end] === closing) throw new MalformedMessage('a D-Bus struct holds at least one value');
  while (signature[end] !== closing) end = endOfType(signature, end);
  return end + 1;
}

/** Writes little-endian; alignment counts from the first byte written. */
export class Writer {
  readonly #bytes: number[] = [];

  get length(): number {
    return this.#bytes.length;
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  align(to: number): void {
    while (this.#bytes.length % to !== 0) this.#bytes.push(0);
  }

  all(signature: string, values: readonly Value[]): void {
    const types = typesOf(signature);
    if (types.length !== values.length) throw new MalformedMessage(`'${signature}' wants ${types.length} values`);
    for (const [index, type] of types.entries()) this.#one(type, values[index] as Value);
  }

  #one(type: string, value: Value): void {
    const code = type.charAt(0);
    this.align(alignments[code] ?? 1);
    if (code === 'y') this.#bytes.push(Number(value));
    else if (code === 'b' || code === 'u') this.#uint32(Number(value));
    else if (code === 's' || code === 'o' || code === 'g') this.#text(code, String(value));
    else if (code === 'v') this.#variant(value);
    else if (!Array.isArray(value)) throw new MalformedMessage(`'${type}' wants a list of values`);
    else if (code === 'a') this.#array(type.slice(1), value);
    else this.all(type.slice(1, -1), value);
  }

  #uint32(value: number): void {
    for (let shift = 0; shift < 32; shift += 8) this.#bytes.push((value >>> shift) & 0xff);
  }

  #text(code: string, text: string): void {
    const encoded = new TextEncoder().encode(text);
    if (code === 'g') this.#bytes.push(encoded.length);
    else this.#uint32(encoded.length);
    this.#bytes.push(...encoded, 0);
  }

  #variant(value: Value): void {
    if (typeof value !== 'object' || !('signature' in value)) throw new MalformedMessage('a variant names its type');
    this.#text('g', value.signature);
    this.#one(value.signature, value.value);
  }

  /** The length counts neither itself nor the padding before the first element. */
  #array(type: string, values: readonly Value[]): void {
    const lengthAt = this.#bytes.length;
    this.#uint32(0);
    this.align(alignments[type.charAt(0)] ?? 1);
    const start = this.#bytes.length;
    for (const value of values) this.#one(type, value);
    const length = this.#bytes.length - start;
    for (let index = 0; index < 4; index++) this.#bytes[lengthAt + index] = (length >>> (8 * index)) & 0xff;
  }
}

export class Reader {
  readonly #view: DataView;
  readonly #littleEndian: boolean;
  #at: number;

  constructor(bytes: Uint8Array, littleEndian: boolean, at = 0) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#littleEndian = littleEndian;
    this.#at = at;
  }

  align(to: number): void {
    this.#at += (to - (this.#at % to)) % to;
  }

  /** Throws `MalformedMessage`. */
  all(signature: string): Value[] {
    return typesOf(signature).map((type) => this.#one(type));
  }

  #one(type: string): Value {
    const code = type.charAt(0);
    this.align(alignments[code] ?? 1);
    switch (code) {
      case 'y':
        return this.#view.getUint8(this.#take(1));
      case 'b':
        return this.#uint32() === 1;
      case 'u':
        return this.#uint32();
      case 's':
      case 'o':
        return this.#text(this.#uint32());
      case 'g':
        return this.#text(this.#view.getUint8(this.#take(1)));
      case 'v':
        return this.#variant();
      case 'a':
        return this.#array(type.slice(1));
      default:
        return this.all(type.slice(1, -1));
    }
  }

  #uint32(): number {
    return this.#view.getUint32(this.#take(4), this.#littleEndian);
  }

  #text(length: number): string {
    const start = this.#take(length + 1);
    return new TextDecoder().decode(new Uint8Array(this.#view.buffer, this.#view.byteOffset + start, length));
  }

  #variant(): Variant {
    const signature = this.#text(this.#view.getUint8(this.#take(1)));
    const [type] = typesOf(signature);
    if (type !== signature) throw new MalformedMessage(`a variant holds one value, not '${signature}'`);
    return { signature, value: this.#one(type) };
  }

  #array(type: string): Value[] {
    const length = this.#uint32();
    this.align(alignments[type.charAt(0)] ?? 1);
    const end = this.#at + length;
    const values: Value[] = [];
    while (this.#at < end) values.push(this.#one(type));
    return values;
  }

  #take(length: number): number {
    const start = this.#at;
    this.#at += length;
    if (this.#at > this.#view.byteLength) throw new MalformedMessage('a D-Bus message ends too early');
    return start;
  }
}
