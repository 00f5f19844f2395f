// MD5 (RFC 1321): the digests that tools and histories record are MD5. Only for comparing, never for secrecy; written out
// here because the document's room also runs in a browser, whose crypto has no MD5.

const shifts = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
/** Per step: how far to rotate, which word of the block to take, and the constant to add (RFC 1321 §3.4). */
const rotations = Uint8Array.from({ length: 64 }, (_, step) => shifts[(step >> 4) * 4 + (step % 4)] ?? 0);
const wordOrder = Uint8Array.from({ length: 64 }, (_, step) => wordOf(step));
const sines = Int32Array.from({ length: 64 }, (_, step) => Math.floor(Math.abs(Math.sin(step + 1)) * 2 ** 32) | 0);

/** 32 lower-case hexadecimal digits of the text's UTF-8 bytes. */
export function md5(text: string): string {
  const message = padded(new TextEncoder().encode(text));
  const state = new DataView(new ArrayBuffer(16));
  [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476].forEach((word, index) => {
    state.setUint32(index * 4, word, true);
  });
  const block = new Int32Array(16);
  for (let start = 0; start < message.byteLength; start += 64) {
    for (let word = 0; word < 16; word++) block[word] = message.getInt32(start + word * 4, true);
    addBlock(state, block);
  }
  return [...new Uint8Array(state.buffer)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The message, a one bit, zeros, and its length in bits, to a multiple of 64 bytes (RFC 1321 §3.1, §3.2). */
function padded(bytes: Uint8Array): DataView {
  const message = new Uint8Array((((bytes.length + 8) >> 6) + 1) * 64);
  message.set(bytes);
  message[bytes.length] = 0x80;
  const view = new DataView(message.buffer);
  view.setInt32(message.length - 8, bytes.length << 3, true);
  view.setInt32(message.length - 4, Math.floor(bytes.length / 2 ** 29), true);
  return view;
}

function addBlock(state: DataView, block: Int32Array): void {
  let a = state.getInt32(0, true);
  let b = state.getInt32(4, true);
  let c = state.getInt32(8, true);
  let d = state.getInt32(12, true);
  const before = [a, b, c, d] as const;
  for (let step = 0; step < 64; step++) {
    let mixed: number;
    if (step < 16) mixed = (b & c) | (~b & d);
    else if (step < 32) mixed = (d & b) | (~d & c);
    else if (step < 48) mixed = b ^ c ^ d;
    else mixed = c ^ (b | ~d);
    // The indexes are in range; `as` instead of a check, because this is the loop that counts.
    const sum = (a + mixed + (sines[step] as number) + (block[wordOrder[step] as number] as number)) | 0;
    const shift = rotations[step] as number;
    a = d;
    d = c;
    c = b;
    b = (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0;
  }
  state.setInt32(0, before[0] + a, true);
  state.setInt32(4, before[1] + b, true);
  state.setInt32(8, before[2] + c, true);
  state.setInt32(12, before[3] + d, true);
}

function wordOf(step: number): number {
  if (step < 16) return step;
  if (step < 32) return (5 * step + 1) % 16;
  if (step < 48) return (3 * step + 5) % 16;
  return (7 * step) % 16;
}
