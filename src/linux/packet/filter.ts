// Classic BPF programs (Linux Documentation/networking/filter.rst) for packet sockets: the kernel drops what does not
// match before it is copied.

/** The field of 1, 2 or 4 bytes at `offset` of the frame must have the value `equals`. */
export type FieldMatch = { readonly offset: number; readonly bytes: 1 | 2 | 4; readonly equals: number };

/** The field has one of these values; `choicesMax` of them at most. */
export type FieldChoice = { readonly offset: number; readonly bytes: 1 | 2 | 4; readonly oneOf: readonly number[] };

export const choicesMax = 2000;

/** An assembled program: instructions of 8 bytes (code, jump-true, jump-false, operand). */
export type PacketFilter = Buffer;

const loads = { 1: 0x30, 2: 0x28, 4: 0x20 } as const; // ld[bh] [k]
const [JEQ, RET] = [0x15, 0x06];
const wholeFrame = 0x0004_0000;
/** BPF_MAXINSNS */
const instructionsMax = 4096;

/** The program that passes a frame when every field matches and, where `choice` is given, its field is one of the values. */
export function matchFields(matches: readonly FieldMatch[], choice?: FieldChoice): PacketFilter {
  const program = [
    ...matches.flatMap(({ offset, bytes, equals }) => [
      instruction(loads[bytes], offset),
      instruction(JEQ, equals, { jumpTrue: 1 }),
      instruction(RET, 0),
    ]),
    ...(choice === undefined ? [instruction(RET, wholeFrame)] : passOneOf(choice)),
  ];
  if (program.length > instructionsMax) throw new RangeError(`a filter has at most ${instructionsMax} instructions`);
  return Buffer.concat(program);
}

function passOneOf({ offset, bytes, oneOf }: FieldChoice): Buffer[] {
  const tries = oneOf.flatMap((value) => [instruction(JEQ, value, { jumpFalse: 1 }), instruction(RET, wholeFrame)]);
  return [instruction(loads[bytes], offset), ...tries, instruction(RET, 0)];
}

function instruction(code: number, operand: number, jumps: { jumpTrue?: number; jumpFalse?: number } = {}): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(jumps.jumpTrue ?? 0, 2);
  bytes.writeUInt8(jumps.jumpFalse ?? 0, 3);
  bytes.writeUInt32LE(operand >>> 0, 4);
  return bytes;
}
