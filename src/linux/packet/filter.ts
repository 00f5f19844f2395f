// Classic BPF programs (Linux Documentation/networking/filter.rst) for packet sockets: the kernel drops what does not
// match before it is copied.

/** The field of 1, 2 or 4 bytes at `offset` of the frame must have the value `equals`. */
export type FieldMatch = { readonly offset: number; readonly bytes: 1 | 2 | 4; readonly equals: number };

/** An assembled program: instructions of 8 bytes (code, jump-true, jump-false, operand). */
export type PacketFilter = Buffer;

const loads = { 1: 0x30, 2: 0x28, 4: 0x20 } as const; // ld[bh] [k]
const [JEQ, RET] = [0x15, 0x06];
const wholeFrame = 0x0004_0000;
/** Jump offsets are one byte. */
const matchesMax = 100;

/** The program that passes a frame when every field matches. */
export function matchFields(matches: readonly FieldMatch[]): PacketFilter {
  if (matches.length > matchesMax) throw new RangeError(`a filter has at most ${matchesMax} fields`);
  const body = matches.flatMap(({ offset, bytes, equals }, index) => {
    const toDrop = 2 * (matches.length - index - 1) + 1;
    return [instruction(loads[bytes], offset), instruction(JEQ, equals, toDrop)];
  });
  return Buffer.concat([...body, instruction(RET, wholeFrame), instruction(RET, 0)]);
}

function instruction(code: number, operand: number, jumpFalse = 0): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(jumpFalse, 3);
  bytes.writeUInt32LE(operand >>> 0, 4);
  return bytes;
}
