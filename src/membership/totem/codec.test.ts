import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Random } from '../../kit/index.ts';
import { decodeMessage, encodeMessage } from './codec.ts';
import type { TotemMessage } from './message.ts';
import { decodePacket, encodePacket } from './packet.ts';

const vectorsFolder = '../shared/spec/totem-vectors';
const needsVectors = existsSync(vectorsFolder) ? {} : { skip: `needs ${vectorsFolder}` };

const plain = { byteOrder: 'little', encapsulated: 0, nodeId: 7, targetNodeId: 0 } as const;
const ring = { representative: 3, seq: 0x1_0000_0026 };
const samples: readonly TotemMessage[] = [
  {
    kind: 'token',
    header: plain,
    seq: 9,
    tokenSeq: 4,
    aru: 0xffffffff,
    aruNodeId: 3,
    ringId: ring,
    backlog: 2,
    flowCount: 1,
    retransFlag: 1,
    requests: [{ ringId: ring, seq: 8 }],
  },
  {
    kind: 'mcast',
    header: { ...plain, encapsulated: 2 },
    systemFrom: 7,
    seq: 12,
    thisSeqno: -1,
    ringId: ring,
    unusedNodeId: 0,
    guarantee: 1,
    payload: Uint8Array.of(1, 2, 3),
  },
  { kind: 'merge-detect', header: plain, systemFrom: 7, ringId: ring },
  { kind: 'join', header: plain, systemFrom: 7, ringSeq: 38, procList: [7, 3, 9], failedList: [9] },
  {
    kind: 'commit-token',
    header: plain,
    tokenSeq: 2,
    ringId: ring,
    retransFlag: 0,
    memberIndex: 1,
    members: [3, 7],
    entries: [
      { ringId: { representative: 3, seq: 34 }, aru: 5, highDelivered: 5, receivedFlag: 1 },
      { ringId: { representative: 0, seq: 0 }, aru: 0, highDelivered: 0, receivedFlag: 0 },
    ],
  },
  { kind: 'hold-cancel', header: plain, ringId: ring },
];

for (const sample of samples) {
  test(`a ${sample.kind} is read back as it was written`, () => {
    assert.deepEqual(decodeMessage(encodeMessage(sample)), sample);
  });

  test(`a ${sample.kind} cut short at any byte is refused`, () => {
    const bytes = encodeMessage(sample);
    const fixedBytes = sample.kind === 'mcast' ? 45 : bytes.length;
    for (let length = 0; length < fixedBytes; length++) {
      assert.equal(decodeMessage(bytes.subarray(0, length)).kind, 'malformed', `${length} bytes`);
    }
  });
}

test('a big-endian datagram reads the same as a little-endian one', () => {
  const join = encodeMessage({
    kind: 'join',
    header: plain,
    systemFrom: 7,
    ringSeq: 38,
    procList: [7],
    failedList: [],
  });
  const words = [
    [0, 2],
    [5, 4],
    [9, 4],
    [13, 4],
    [17, 4],
    [21, 4],
    [25, 8],
    [33, 4],
  ] as const;
  const swapped = Uint8Array.from(join);
  for (const [at, size] of words) swapped.subarray(at, at + size).reverse();
  const read = decodeMessage(swapped);
  assert.deepEqual(read, {
    kind: 'join',
    header: { ...plain, byteOrder: 'big' },
    systemFrom: 7,
    ringSeq: 38,
    procList: [7],
    failedList: [],
  });
});

test('every captured Corosync datagram decodes and is written back byte for byte', needsVectors, () => {
  const vectors = readVectors();
  const kinds = new Set<string>();
  for (const bytes of vectors) {
    const message = decodeMessage(bytes);
    assert.notEqual(message.kind, 'malformed');
    if (message.kind === 'malformed') continue;
    kinds.add(message.kind);
    assert.deepEqual(encodeMessage(message), bytes);
    if (message.kind === 'mcast') assertPacketRoundTrip(message.payload, message.header.encapsulated);
  }
  assert.ok(vectors.length > 1000, `only ${vectors.length} vectors`);
  assert.equal(kinds.size, 6, 'all six kinds of message occur');
});

function assertPacketRoundTrip(payload: Uint8Array, encapsulated: number): void {
  if (encapsulated === 1) {
    const inner = decodeMessage(payload);
    assert.equal(inner.kind, 'mcast');
    if (inner.kind === 'mcast') assertPacketRoundTrip(inner.payload, inner.header.encapsulated);
    return;
  }
  const packet = decodePacket(payload, 'little');
  assert.ok(packet !== undefined);
  assert.deepEqual(encodePacket(packet), payload);
}

test('mutated datagrams never throw and never make a message larger than they are', () => {
  const seeds = [...samples.map(encodeMessage), ...(needsVectors.skip === undefined ? readVectors() : [])];
  const random = new Random('codec-mutations');
  const rounds = Number(process.env.HAVEN_MUTATIONS ?? 60_000);
  for (let round = 0; round < rounds; round++) {
    const mutated = mutate(random.pick(seeds) ?? new Uint8Array(), random);
    const message = decodeMessage(mutated);
    if (message.kind === 'malformed') continue;
    assert.ok(encodeMessage(message).length <= mutated.length);
    if (message.kind === 'mcast') decodePacket(message.payload, message.header.byteOrder);
  }
});

function readVectors(): Uint8Array[] {
  return readdirSync(vectorsFolder)
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readFileSync(`${vectorsFolder}/${name}`, 'utf8').trim().split('\n'))
    .map((line) => Uint8Array.from(Buffer.from((JSON.parse(line) as { hex: string }).hex, 'hex')));
}

function mutate(original: Uint8Array, random: Random): Uint8Array {
  const bytes = Uint8Array.from(original);
  for (let flips = random.between(1, 8); flips > 0; flips--) {
    const at = random.below(bytes.length);
    bytes[at] = random.chance(0.3) ? (random.pick([0, 1, 0x7f, 0x80, 0xff]) ?? 0) : random.below(256);
  }
  return random.chance(0.3) ? bytes.subarray(0, random.below(bytes.length + 1)) : bytes;
}
