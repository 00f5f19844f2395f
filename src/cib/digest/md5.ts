// MD5 (RFC 1321): the digests that tools and histories record are MD5. Only for comparing, never for secrecy; written out
// here because the document's room also runs in a browser, whose crypto has no MD5.

const shifts = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
const sines = Int32Array.from({ length: 64 }, (_, index) => Math.floor(Math.abs(Math.sin(index + 1)) * 2 ** 32) | 0);

/** 32 lower-case hexadecimal digits of the text's UTF-8 bytes. */
export function md5(text: string): string {
  const words = paddedWords(new TextEncoder().encode(text));
  const state = Int32Array.of(0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476);
  for (let block = 0; block < words.length; block += 16) addBlock(state, words, block);
  return [...new Uint8Array(littleEndian(state).buffer)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The message, a one bit, zeros, and its length in bits, as 16-word blocks (RFC 1321 §3.1, §3.2). */
function paddedWords(bytes: Uint8Array): Int32Array {
  const words = new Int32Array((((bytes.length + 8) >> 6) + 1) * 16);
  for (let index = 0; index < bytes.length; index++) {
    words[index >> 2] = (words[index >> 2] ?? 0) | ((bytes[index] ?? 0) << ((index % 4) * 8));
  }
  words[bytes.length >> 2] = (words[bytes.length >> 2] ?? 0) | (0x80 << ((bytes.length % 4) * 8));
  words[words.length - 2] = bytes.length << 3;
  words[words.length - 1] = Math.floor(bytes.length / 2 ** 29);
  return words;
}

function addBlock(state: Int32Array, words: Int32Array, block: number): void {
  let [a = 0, b = 0, c = 0, d = 0] = state;
  for (let step = 0; step < 64; step++) {
    const word = words[block + wordOf(step)] ?? 0;
    const sum = (a + mix(step, b, c, d) + (sines[step] ?? 0) + word) | 0;
    const shift = shifts[(step >> 4) * 4 + (step % 4)] ?? 0;
    a = d;
    d = c;
    c = b;
    b = (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0;
  }
  state[0] = (state[0] ?? 0) + a;
  state[1] = (state[1] ?? 0) + b;
  state[2] = (state[2] ?? 0) + c;
  state[3] = (state[3] ?? 0) + d;
}

/** The round's function of the state (RFC 1321 §3.4). */
function mix(step: number, b: number, c: number, d: number): number {
  if (step < 16) return (b & c) | (~b & d);
  if (step < 32) return (d & b) | (~d & c);
  if (step < 48) return b ^ c ^ d;
  return c ^ (b | ~d);
}

function wordOf(step: number): number {
  if (step < 16) return step;
  if (step < 32) return (5 * step + 1) % 16;
  if (step < 48) return (3 * step + 5) % 16;
  return (7 * step) % 16;
}

function littleEndian(state: Int32Array): DataView {
  const view = new DataView(new ArrayBuffer(16));
  for (const [index, word] of state.entries()) view.setInt32(index * 4, word, true);
  return view;
}
