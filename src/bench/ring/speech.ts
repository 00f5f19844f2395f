// What the speaking programs are asked to do and what they answer: one JSON line each way.

export type Task =
  /** Multicasts as fast as it is taken, for so long; counts what comes back in order. */
  | { readonly kind: 'flood'; readonly bytes: number; readonly ms: number }
  /** One message at a time: from saying it to hearing it in the order. */
  | { readonly kind: 'self'; readonly bytes: number; readonly count: number }
  /** From saying it to hearing the ordered answer of node 2. */
  | { readonly kind: 'ping'; readonly bytes: number; readonly count: number }
  | { readonly kind: 'end' };

export type Answer =
  | { readonly kind: 'ready'; readonly members: number }
  | { readonly kind: 'flood'; readonly messages: number; readonly ms: number }
  | { readonly kind: 'latency'; readonly samplesMs: readonly number[] };

export const groupName = 'bench';
export const answererNodeId = 2;
export const pauseMs = 2;

/** First byte of a message. */
export const marks = { flood: 1, self: 2, ping: 3, pong: 4 } as const;
export const bodyBytesMin = 8;

/** `mark`, then `number`, then filling. */
export function compose(mark: number, number: number, size: number): Buffer {
  const body = Buffer.alloc(Math.max(bodyBytesMin, size));
  body.writeUInt8(mark, 0);
  body.writeUInt32LE(number, 4);
  return body;
}

export function markOf(body: Uint8Array): number {
  return body[0] ?? 0;
}

export function numberOf(body: Uint8Array): number {
  return new DataView(body.buffer, body.byteOffset).getUint32(4, true);
}

export function answer(line: Answer): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
