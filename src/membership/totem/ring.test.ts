import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Random } from '../../kit/index.ts';
import type { OutboundMessage, TotemEffect, TotemEvent } from './event.ts';
import { assertInvariants } from './invariants.ts';
import { createRing, nextDeadline, type Ring } from './state.ts';
import { completeSync, step } from './step.ts';
import { havenTiming } from './timing.ts';

const vectorsFolder = '../shared/spec/totem-vectors';

type Delivered = { readonly from: number; readonly text: string; readonly guarantee: string };

/** Members on a perfect network, one step at a time; each datagram arrives 0.1 ms later. */
class Members {
  nowMs = 0;
  readonly rings = new Map<number, Ring>();
  readonly delivered = new Map<number, Delivered[]>();
  readonly configurations = new Map<number, string[]>();
  readonly sent: Uint8Array[] = [];
  readonly notices = new Map<number, Uint8Array>();
  #flying: { atMs: number; to: number; bytes: Uint8Array }[] = [];

  constructor(nodeIds: readonly number[]) {
    for (const nodeId of nodeIds) this.start(nodeId);
  }

  start(nodeId: number): void {
    const config = {
      nodeId,
      timing: havenTiming,
      netMtu: 1410,
      ringSeqReserve: 0,
      cancelTokenHoldOnRetransmit: 'no',
      tokenKeeper: 'in-turn',
    } as const;
    this.rings.set(nodeId, createRing(config));
    this.delivered.set(nodeId, []);
    this.configurations.set(nodeId, []);
    this.feed(nodeId, { kind: 'start', storedRingSeq: 0, nowMs: this.nowMs });
  }

  feed(nodeId: number, event: TotemEvent): void {
    const ring = this.rings.get(nodeId);
    if (ring === undefined) return;
    for (const effect of step(ring, event)) this.#carryOut(ring, effect);
    assertInvariants(ring);
  }

  say(nodeId: number, body: Uint8Array, guarantee: OutboundMessage['guarantee'] = 'agreed'): void {
    const messages = [{ group: 'a', body, guarantee, lane: 'ordinary' }] as const;
    this.feed(nodeId, { kind: 'multicast', messages, nowMs: this.nowMs });
  }

  run(forMs: number): void {
    const untilMs = this.nowMs + forMs;
    for (;;) {
      const arrival = this.#flying[0]?.atMs ?? Infinity;
      const due = Math.min(...[...this.rings.values()].map(nextDeadline));
      const atMs = Math.max(this.nowMs, Math.min(arrival, due));
      if (atMs > untilMs) break;
      this.nowMs = atMs;
      const next = arrival <= due ? this.#flying.shift() : undefined;
      if (next !== undefined) this.feed(next.to, { kind: 'datagram', bytes: next.bytes, nowMs: atMs });
      else for (const nodeId of this.rings.keys()) this.feed(nodeId, { kind: 'deadline', nowMs: atMs });
    }
    this.nowMs = untilMs;
  }

  #carryOut(ring: Ring, effect: TotemEffect): void {
    const { nodeId } = ring.config;
    const fly = (to: number, bytes: Uint8Array) => this.#flying.push({ atMs: this.nowMs + 0.1, to, bytes });
    if (effect.kind === 'send') fly(effect.nodeId, effect.bytes);
    if (effect.kind === 'multicast') for (const to of this.rings.keys()) if (to !== nodeId) fly(to, effect.bytes);
    if (effect.kind === 'send' || effect.kind === 'multicast') this.sent.push(effect.bytes);
    if (effect.kind === 'persist') this.feed(nodeId, { kind: 'persisted', ringSeq: effect.ringSeq, nowMs: this.nowMs });
    if (effect.kind === 'crash-notice') this.notices.set(nodeId, effect.bytes);
    if (effect.kind === 'deliver') {
      const text = effect.body.length > 99 ? `${effect.body.length} bytes` : new TextDecoder().decode(effect.body);
      this.delivered.get(nodeId)?.push({ from: effect.from, text, guarantee: effect.guarantee });
    }
    if (effect.kind !== 'configuration') return;
    this.configurations.get(nodeId)?.push(`${effect.type} ${effect.members.join(' ')}`);
    if (effect.type === 'regular') completeSync(ring);
  }
}

const text = (words: string) => new TextEncoder().encode(words);

test('a lonely node forms its own ring at once', () => {
  const members = new Members([1]);
  members.run(5);
  assert.deepEqual(members.configurations.get(1), ['transitional ', 'regular 1']);
});

test('a token that is late is told of before it counts as lost', () => {
  const members = new Members([1]);
  members.run(5);
  const ring = members.rings.get(1);
  assert.ok(ring !== undefined);
  const texts: string[] = [];
  while (ring.phase === 'operational')
    for (const effect of step(ring, { kind: 'deadline', nowMs: nextDeadline(ring) }))
      if (effect.kind === 'log' && effect.level === 'notice') texts.push(effect.text);
  assert.match(texts[0] ?? '', /^Token has not been received in 240 ms$/);
  assert.match(texts[1] ?? '', /^A processor failed/);
});

test('nodes that start together end in one ring, and all deliver in one order', () => {
  const members = new Members([1, 2, 3]);
  members.run(1000);
  for (const nodeId of [1, 2, 3]) assert.equal(members.configurations.get(nodeId)?.at(-1), 'regular 1 2 3');
  for (let count = 0; count < 50; count++) {
    for (const nodeId of [3, 1, 2])
      members.say(nodeId, text(`${nodeId}.${count}`), count % 7 === 0 ? 'safe' : 'agreed');
    members.run(0.3);
  }
  members.run(100);
  const order = members.delivered.get(1);
  assert.equal(order?.length, 150);
  assert.deepEqual(members.delivered.get(2), order);
  assert.deepEqual(members.delivered.get(3), order);
});

test('a message of 1 MiB goes through whole, one byte more is refused', () => {
  const members = new Members([1, 2]);
  members.run(1000);
  members.say(1, new Uint8Array(1024 * 1024));
  members.say(1, text('after it'));
  members.run(500);
  assert.deepEqual(
    members.delivered.get(2)?.map((message) => message.text),
    ['1048576 bytes', 'after it'],
  );
  const ring = members.rings.get(1);
  assert.ok(ring !== undefined);
  const tooLarge = {
    group: 'a',
    body: new Uint8Array(1024 * 1024 + 1),
    guarantee: 'agreed',
    lane: 'ordinary',
  } as const;
  const effects = step(ring, { kind: 'multicast', messages: [tooLarge], nowMs: members.nowMs });
  assert.deepEqual(effects, [{ kind: 'refused', message: tooLarge, reason: 'too-large' }]);
});

test('a full queue refuses, and takes messages again once it has drained', () => {
  const members = new Members([1, 2]);
  members.run(1000);
  const ring = members.rings.get(1);
  assert.ok(ring !== undefined);
  const messages = Array.from({ length: 5 }, () => {
    return { group: 'a', body: new Uint8Array(1_000_000), guarantee: 'agreed', lane: 'ordinary' } as const;
  });
  const effects = step(ring, { kind: 'multicast', messages, nowMs: members.nowMs });
  assert.deepEqual(
    effects.filter((effect) => effect.kind === 'refused').map((effect) => effect.reason),
    ['full'],
  );
  // Nobody carries out what that step wanted sent; the token goes round all the same and takes the queue along.
  members.run(2000);
  assert.deepEqual(
    step(ring, { kind: 'multicast', messages: messages.slice(0, 1), nowMs: members.nowMs }).filter(
      (effect) => effect.kind === 'refused',
    ),
    [],
  );
});

test('a node that leaves is out within milliseconds', () => {
  const members = new Members([1, 2, 3]);
  members.run(1000);
  members.feed(2, { kind: 'leave', nowMs: members.nowMs });
  members.rings.delete(2);
  members.run(20);
  assert.equal(members.configurations.get(1)?.at(-1), 'regular 1 3');
  assert.equal(members.configurations.get(3)?.at(-1), 'regular 1 3');
});

test('the crash notice of a dead node, sent by its guardian, has the same effect as its leaving', () => {
  const members = new Members([1, 2, 3]);
  members.run(1000);
  const notice = members.notices.get(1);
  assert.ok(notice !== undefined);
  members.rings.delete(1);
  for (const nodeId of [2, 3]) members.feed(nodeId, { kind: 'datagram', bytes: notice, nowMs: members.nowMs });
  members.run(20);
  assert.equal(members.configurations.get(2)?.at(-1), 'regular 2 3');
});

test('the members of an idle ring keep the token in turn, one of them in each rotation', () => {
  const members = new Members([1, 2, 3]);
  members.run(2000);
  const turns: number[] = [];
  const visits = new Map<number, { tokenSeq: number; atMs: number }>();
  while (members.nowMs < 12_000) {
    members.run(1);
    const [keeper, second] = [...members.rings.values()].filter(({ timers }) => timers.hold < Infinity);
    assert.equal(second, undefined, 'two members keep the token');
    if (keeper !== undefined && keeper.config.nodeId !== turns.at(-1)) turns.push(keeper.config.nodeId);
    for (const [nodeId, { lastTokenSeq: tokenSeq }] of members.rings) {
      const { nowMs: atMs } = members;
      const before = visits.get(nodeId) ?? { tokenSeq, atMs };
      assert.ok(atMs - before.atMs <= havenTiming.holdMs + 2, 'the token is kept once in a rotation');
      visits.set(nodeId, tokenSeq === before.tokenSeq ? before : { tokenSeq, atMs });
    }
  }
  assert.match(turns.join(''), /^.{0,2}(123){3}/);
  members.say(2, new Uint8Array(1));
  members.run(2);
  assert.equal(members.delivered.get(3)?.length, 1, 'who speaks does not wait for the keeper');
});

test('nothing is said of a new ring before its number is on disk', () => {
  const ring = createRing({
    nodeId: 1,
    timing: havenTiming,
    netMtu: 1410,
    ringSeqReserve: 0,
    cancelTokenHoldOnRetransmit: 'no',
    tokenKeeper: 'in-turn',
  });
  const kinds = (effects: readonly TotemEffect[]) =>
    effects.map((effect) => effect.kind).filter((kind) => kind !== 'log');
  assert.deepEqual(kinds(step(ring, { kind: 'start', storedRingSeq: 8, nowMs: 0 })), ['multicast', 'persist']);
  assert.deepEqual(kinds(step(ring, { kind: 'deadline', nowMs: 50 })), []);
  assert.deepEqual(
    kinds(step(ring, { kind: 'persisted', ringSeq: 9, nowMs: 60 })),
    [],
    'an earlier number is not enough',
  );
  assert.deepEqual(kinds(step(ring, { kind: 'persisted', ringSeq: 13, nowMs: 70 })), ['send']);
});

test('mutated datagrams neither stop a member nor make it grow', () => {
  const members = new Members([1, 2, 3]);
  members.run(500);
  for (let count = 0; count < 30; count++) {
    members.say(1 + (count % 3), new Uint8Array(count * 200), count % 2 === 0 ? 'safe' : 'agreed');
    members.run(3);
  }
  members.rings.delete(3);
  members.run(1000);
  const seeds = [...members.sent, ...captured()];
  const random = new Random('ring-mutations');
  const rounds = Number(process.env.HAVEN_MUTATIONS ?? 40_000);
  let measured = 0;
  for (let round = 0; round < rounds; round++) {
    const bytes = mutated(random.pick(seeds) ?? new Uint8Array(), random);
    members.feed(random.between(1, 2), { kind: 'datagram', bytes, nowMs: members.nowMs });
    if (round % 20 === 0) members.run(random.between(1, 30));
    if (round === Math.floor(rounds / 4)) measured = settledHeapBytes(members);
  }
  assert.ok(settledHeapBytes(members) - measured < 64 * 2 ** 20, 'memory grows with what strangers send');
});

/** What the harness itself records is not the members' memory. */
function settledHeapBytes(members: Members): number {
  members.sent.length = 0;
  for (const list of [...members.delivered.values(), ...members.configurations.values()]) list.length = 0;
  globalThis.gc?.();
  return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
}

function captured(): Uint8Array[] {
  if (!existsSync(vectorsFolder)) return [];
  return readdirSync(vectorsFolder)
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readFileSync(`${vectorsFolder}/${name}`, 'utf8').trim().split('\n'))
    .map((line) => Uint8Array.from(Buffer.from((JSON.parse(line) as { hex: string }).hex, 'hex')));
}

function mutated(original: Uint8Array, random: Random): Uint8Array {
  const bytes = Uint8Array.from(original);
  for (let flips = random.below(5); flips > 0 && bytes.length > 0; flips--) {
    bytes[random.below(bytes.length)] = random.chance(0.4)
      ? (random.pick([0, 1, 2, 3, 0x80, 0xff]) ?? 0)
      : random.below(256);
  }
  return random.chance(0.15) ? bytes.subarray(0, random.below(bytes.length + 1)) : bytes;
}
