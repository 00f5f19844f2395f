// What the tests ask of a member of a group in a lab host, and what it tells: JSON, a line each. Two programs speak it: one
// around Haven's engine, one around Corosync's libcpg.

export type MemberCommand =
  /** Multicasts `count` messages of `bytes` each, numbered on from `first`. */
  | { readonly kind: 'say'; readonly first: number; readonly count: number; readonly bytes: number }
  | { readonly kind: 'status' }
  /** Leaves in order, and ends. */
  | { readonly kind: 'leave' };

export type MemberNews =
  | { readonly kind: 'joined' }
  | { readonly kind: 'heard'; readonly texts: readonly string[] }
  /** Node ids in the group. */
  | { readonly kind: 'group'; readonly members: readonly number[] }
  | { readonly kind: 'ring'; readonly ringId: string; readonly members: readonly number[] }
  | { readonly kind: 'quorum'; readonly quorate: boolean }
  | { readonly kind: 'status'; readonly status: unknown }
  | { readonly kind: 'log'; readonly text: string }
  | { readonly kind: 'closed'; readonly reason: string };

export const groupName = 'haven-interop';

const headBytes = 12;

/** A message that shows when it was not put together as it was said. */
export function composeMessage(nodeId: number, number: number, size: number): Buffer {
  const body = Buffer.alloc(Math.max(headBytes, size));
  body.writeUInt32LE(nodeId, 0);
  body.writeUInt32LE(number, 4);
  body.writeUInt32LE(body.length, 8);
  for (let at = headBytes; at < body.length; at++) body[at] = (number * 31 + nodeId * 7 + at * 13 + (at >>> 8)) & 0xff;
  return body;
}

/** `NODE:NUMBER`, or what is wrong with it. */
export function readMessage(body: Uint8Array): string {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (bytes.length < headBytes) return `short:${bytes.length}`;
  const [nodeId, number] = [bytes.readUInt32LE(0), bytes.readUInt32LE(4)];
  return bytes.equals(composeMessage(nodeId, number, bytes.length))
    ? `${nodeId}:${number}`
    : `damaged:${nodeId}:${number}`;
}

export function tell(news: MemberNews): void {
  process.stdout.write(`${JSON.stringify(news)}\n`);
}

/** Calls `obey` for each line of standard input. */
export function hearCommands(obey: (command: MemberCommand) => void): void {
  let rest = '';
  process.stdin.setEncoding('utf8');
  process.stdin.on('data', (text: string) => {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) obey(JSON.parse(line) as MemberCommand);
  });
}
