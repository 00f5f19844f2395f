import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defined, Random } from '../../kit/index.ts';
import { renumberToken, tokenField } from './codec.ts';
import type { TotemEffect, TotemEvent } from './event.ts';
import { assertInvariants } from './invariants.ts';
import { passAtRest } from './rest.ts';
import { createRing, nextDeadline, type Ring } from './state.ts';
import { completeSync, step } from './step.ts';
import { havenTiming } from './timing.ts';

const nodeIds = [1, 2, 3];

/** Three members whose tokens come as they were sent, or a byte longer: then each of them is read. Both mean the same. */
class Members {
  nowMs = 0;
  readonly rings: Map<number, Ring>;
  readonly said: string[] = [];
  readonly #tokens: 'as sent' | 'longer';
  readonly #random: Random;
  readonly #loss: number;
  #flying: { atMs: number; to: number; bytes: Uint8Array }[] = [];

  constructor(tokens: 'as sent' | 'longer', seed: string, loss: number) {
    this.#tokens = tokens;
    this.#random = new Random(seed);
    this.#loss = loss;
    const common = { timing: havenTiming, netMtu: 1410, ringSeqReserve: 0 } as const;
    const ways = { cancelTokenHoldOnRetransmit: 'no', tokenKeeper: 'in-turn' } as const;
    this.rings = new Map(nodeIds.map((nodeId) => [nodeId, createRing({ nodeId, ...common, ...ways })]));
    for (const nodeId of nodeIds) this.feed(nodeId, { kind: 'start', storedRingSeq: 0, nowMs: 0 });
  }

  ring(nodeId: number): Ring {
    return defined(this.rings.get(nodeId), `${nodeId} is a member`);
  }

  feed(nodeId: number, event: TotemEvent): void {
    const ring = this.ring(nodeId);
    for (const effect of step(ring, event)) this.#carryOut(ring, effect);
    assertInvariants(ring);
  }

  run(forMs: number): void {
    const untilMs = this.nowMs + forMs;
    for (;;) {
      const arrival = this.#flying[0]?.atMs ?? Infinity;
      const due = Math.min(...[...this.rings.values()].map(nextDeadline));
      const next = Math.min(arrival, due);
      if (next > untilMs) break;
      this.nowMs = Math.max(this.nowMs, next);
      const datagram = arrival <= due ? this.#flying.shift() : undefined;
      if (datagram !== undefined)
        this.feed(datagram.to, { kind: 'datagram', nowMs: this.nowMs, bytes: datagram.bytes });
      else for (const id of nodeIds) this.feed(id, { kind: 'deadline', nowMs: this.nowMs });
    }
    this.nowMs = untilMs;
  }

  #carryOut(ring: Ring, effect: TotemEffect): void {
    const { nodeId } = ring.config;
    const bytes = 'bytes' in effect ? Buffer.from(effect.bytes).toString('hex') : '';
    this.said.push(`${this.nowMs} ${nodeId} ${effect.kind} ${bytes}`);
    if (effect.kind === 'send') this.#fly(effect.nodeId, effect.bytes);
    else if (effect.kind === 'multicast') for (const to of nodeIds) to !== nodeId && this.#fly(to, effect.bytes);
    else if (effect.kind === 'persist')
      this.feed(nodeId, { kind: 'persisted', nowMs: this.nowMs, ringSeq: effect.ringSeq });
    else if (effect.kind === 'configuration' && effect.type === 'regular') completeSync(ring);
  }

  #fly(to: number, sent: Uint8Array): void {
    if (this.#random.chance(this.#loss)) return;
    const isToken = sent[3] === 0;
    const bytes = isToken && this.#tokens === 'longer' ? Uint8Array.of(...sent, 0) : sent;
    this.#flying.push({ atMs: this.nowMs + 0.1, to, bytes });
  }
}

/** All but what is not data, and what was sent last: it is among what was said. */
function stateOf({ config: _config, out: _out, ...state }: Ring): unknown {
  return state;
}

for (const loss of [0, 0.02]) {
  test(`a token at rest is passed on as any visit would, where ${loss * 100} % of all datagrams are lost`, () => {
    for (let round = 0; round < 10; round++) {
      const seed = `rest ${round}`;
      const both = (['as sent', 'longer'] as const).map((tokens) => new Members(tokens, seed, loss));
      const plan = new Random(seed);
      for (let turn = 0; turn < 30; turn++) {
        const restMs = plan.between(1, plan.chance(0.2) ? 4000 : 60);
        const speaker = plan.between(1, nodeIds.length);
        const body = new Uint8Array(plan.between(1, 3000)).fill(turn);
        const guarantee = plan.chance(0.5) ? 'safe' : 'agreed';
        for (const members of both) {
          members.run(restMs);
          const messages = [{ group: 'a', body, guarantee, lane: 'ordinary' }] as const;
          members.feed(speaker, { kind: 'multicast', messages, nowMs: members.nowMs });
        }
      }
      for (const members of both) members.run(2000);
      const [short, long] = both;
      assert.deepEqual(short?.said, long?.said);
      for (const id of nodeIds)
        assert.deepEqual(stateOf(defined(short, '').ring(id)), stateOf(defined(long, '').ring(id)));
    }
  });
}

test('only the token that we sent is passed on so, with a later number, when nothing is left to do', () => {
  const members = new Members('as sent', 'resting', 0);
  members.run(1000);
  const ring = members.ring(2);
  const sent = defined(ring.lastToken, 'a ring that turns has sent a token');
  const later = renumberToken(sent, tokenField(sent, 'tokenSeq') + 2);
  for (let at = 0; at < later.length; at++) {
    if ((at >= 5 && at < 13) || (at >= 17 && at < 21)) continue;
    const other = later.slice();
    other[at] = (other[at] ?? 0) ^ 1;
    assert.equal(passAtRest(ring, other), false, `byte ${at}`);
  }
  assert.equal(passAtRest(ring, renumberToken(sent, ring.lastTokenSeq)), false, 'an old one');
  assert.equal(passAtRest(ring, later), true);
  assert.equal(passAtRest(ring, later), false, 'and again');
  const again = renumberToken(sent, tokenField(sent, 'tokenSeq') + 5);
  const messages = [{ group: 'a', body: Uint8Array.of(1), guarantee: 'agreed', lane: 'ordinary' }] as const;
  step(ring, { kind: 'multicast', messages, nowMs: members.nowMs });
  assert.equal(passAtRest(ring, again), false, 'there is something to say');
});
