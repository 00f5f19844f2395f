import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { QuorumConfig } from '../quorum/model.ts';
import { initialStack, quorumView, type StackEffect, type StackEvent, type StackState, step } from './stack.ts';

const baseQuorum: Omit<QuorumConfig, 'nodeId'> = {
  votes: 1,
  expectedVotes: 3,
  twoNode: false,
  waitForAll: false,
  lastManStandingWindowMs: undefined,
  autoTieBreaker: undefined,
  allowDownscale: false,
  expectedVotesTracking: false,
  device: undefined,
};

/** Nodes whose ring is perfect: one queue of messages a configuration, delivered to all its members in order. */
class Order {
  readonly stacks = new Map<number, StackState>();
  readonly heard = new Map<number, StackEffect[]>();
  #rings: { members: readonly number[]; queue: { from: number; group: string; body: Uint8Array }[] }[] = [];
  #waiting = new Map<number, { group: string; body: Uint8Array }[]>();
  #synced = new Set<number>();
  #seq = 0;

  constructor(nodeIds: readonly number[], quorum: Partial<QuorumConfig> = {}) {
    for (const nodeId of nodeIds) {
      const config = { nodeId, quorum: { ...baseQuorum, ...quorum, nodeId }, storedVotes: 0, configVersion: undefined };
      this.stacks.set(nodeId, initialStack(config));
      this.heard.set(nodeId, []);
      this.#waiting.set(nodeId, []);
      this.tell(nodeId, { kind: 'start', nowMs: 0 });
    }
  }

  tell(nodeId: number, event: StackEvent): void {
    const state = this.stacks.get(nodeId);
    assert.ok(state !== undefined);
    const done = step(state, event);
    this.stacks.set(nodeId, done.state);
    this.heard.get(nodeId)?.push(...done.effects);
    for (const effect of done.effects) {
      if (effect.kind === 'multicast') this.#queue(nodeId, effect);
      if (effect.kind !== 'sync-complete') continue;
      this.#synced.add(nodeId);
      for (const message of this.#waiting.get(nodeId)?.splice(0) ?? []) this.#queue(nodeId, message);
    }
  }

  /** While the services synchronise, only their own messages flow: those of `a` that come from a client wait. */
  #queue(from: number, message: { group: string; body: Uint8Array }): void {
    const ring = this.#rings.find(({ members }) => members.includes(from));
    if (ring === undefined) this.#waiting.get(from)?.push(message);
    else ring.queue.push({ from, ...message });
  }

  ring(...rings: readonly (readonly number[])[]): void {
    const before = this.#rings;
    this.#rings = rings.map((members) => ({ members, queue: [] }));
    this.#seq += 4;
    for (const members of rings) {
      const ringId = { representative: Math.min(...members), seq: this.#seq };
      for (const nodeId of members) {
        const old = before.find((ring) => ring.members.includes(nodeId))?.members ?? [];
        const kept = members.filter((member) => old.includes(member));
        const joined = members.filter((member) => !old.includes(member));
        const left = old.filter((member) => !members.includes(member));
        const common = { kind: 'configuration', nowMs: 0, ringId } as const;
        this.tell(nodeId, { ...common, type: 'transitional', members: kept, joined: [], left });
        this.tell(nodeId, { ...common, type: 'regular', members, joined, left });
        for (const message of this.#waiting.get(nodeId)?.splice(0) ?? []) this.#queue(nodeId, message);
      }
    }
    this.settle();
  }

  settle(): void {
    for (const ring of this.#rings) {
      for (let message = ring.queue.shift(); message !== undefined; message = ring.queue.shift()) {
        for (const nodeId of ring.members) this.tell(nodeId, { ...message, kind: 'deliver', nowMs: 0 });
      }
    }
  }

  quorate(nodeId: number): boolean {
    const state = this.stacks.get(nodeId);
    return state !== undefined && quorumView(state).quorate;
  }

  heardOf(nodeId: number, kind: StackEffect['kind']): StackEffect[] {
    return (this.heard.get(nodeId) ?? []).filter((effect) => effect.kind === kind);
  }
}

test('services come up to date after each configuration, and every member completes', () => {
  const order = new Order([1, 2, 3]);
  order.ring([1], [2], [3]);
  order.ring([1, 2], [3]);
  order.ring([1, 2, 3]);
  for (const nodeId of [1, 2]) assert.equal(order.heardOf(nodeId, 'sync-complete').length, 3);
});

test('a majority is quorate, a minority is not, and expectations do not shrink by themselves', () => {
  const order = new Order([1, 2, 3]);
  order.ring([1], [2], [3]);
  assert.deepEqual(
    [1, 2, 3].map((nodeId) => order.quorate(nodeId)),
    [false, false, false],
  );
  order.ring([1, 2], [3]);
  assert.deepEqual(
    [1, 2, 3].map((nodeId) => order.quorate(nodeId)),
    [true, true, false],
  );
  order.ring([1, 2, 3]);
  order.ring([1], [2, 3]);
  assert.deepEqual(
    [1, 2, 3].map((nodeId) => order.quorate(nodeId)),
    [false, true, true],
  );
  order.ring([1], [2], [3]);
  assert.deepEqual(
    [1, 2, 3].map((nodeId) => order.quorate(nodeId)),
    [false, false, false],
  );
});

test('two nodes: neither starts alone, each goes on alone', () => {
  const order = new Order([1, 2], { expectedVotes: 2, twoNode: true, waitForAll: true });
  order.ring([1], [2]);
  assert.deepEqual([order.quorate(1), order.quorate(2)], [false, false]);
  order.ring([1, 2]);
  assert.deepEqual([order.quorate(1), order.quorate(2)], [true, true]);
  order.ring([1], [2]);
  assert.deepEqual([order.quorate(1), order.quorate(2)], [true, true]);
});

test('a tie goes to the half with the lowest node, and to no other', () => {
  const order = new Order([1, 2, 3, 4], { expectedVotes: 4, autoTieBreaker: { kind: 'lowest' }, waitForAll: true });
  order.ring([1, 2, 3, 4]);
  order.ring([1, 2], [3, 4]);
  assert.deepEqual([order.quorate(1), order.quorate(3)], [true, false]);
});

test('the last man stands: expectations shrink after each window while quorate', () => {
  const order = new Order([1, 2, 3, 4, 5], { expectedVotes: 5, lastManStandingWindowMs: 1000 });
  order.ring([1, 2, 3, 4, 5]);
  order.ring([1, 2, 3], [4, 5]);
  for (const nodeId of [1, 2, 3]) order.tell(nodeId, { kind: 'tick', nowMs: 1000 });
  order.ring([1, 2], [3], [4, 5]);
  assert.deepEqual(
    [1, 3, 4].map((nodeId) => order.quorate(nodeId)),
    [true, false, false],
  );
});

test('expected votes are lowered only to what the cluster can bear', () => {
  const order = new Order([1, 2, 3]);
  order.ring([1, 2, 3]);
  order.tell(1, { kind: 'reconfigure', nowMs: 0, change: { kind: 'expected-votes', votes: 2 } });
  assert.equal(order.heardOf(1, 'refused').length, 1);
  order.tell(1, { kind: 'reconfigure', nowMs: 0, change: { kind: 'expected-votes', votes: 5 } });
  order.settle();
  for (const nodeId of [1, 2, 3]) {
    const state = order.stacks.get(nodeId);
    assert.equal(state === undefined ? 0 : quorumView(state).votesNeeded, 3);
  }
});

test('a group is the same on all its members, and its messages reach them in one order', () => {
  const order = new Order([1, 2, 3]);
  order.ring([1, 2, 3]);
  for (const nodeId of [1, 2])
    order.tell(nodeId, { kind: 'join', nowMs: 0, process: { processId: nodeId, group: 'g' } });
  order.settle();
  for (const nodeId of [2, 1]) {
    const process = { processId: nodeId, group: 'g' };
    order.tell(nodeId, { kind: 'multicast', nowMs: 0, process, body: Uint8Array.of(nodeId), guarantee: 'agreed' });
  }
  order.settle();
  const bodies = (nodeId: number) =>
    order.heardOf(nodeId, 'deliver').map((effect) => (effect.kind === 'deliver' ? effect.body[0] : undefined));
  assert.deepEqual(bodies(1), [2, 1]);
  assert.deepEqual(bodies(2), [2, 1]);
  assert.deepEqual(bodies(3), []);
  const process = { processId: 3, group: 'g' };
  order.tell(3, { kind: 'multicast', nowMs: 0, process, body: Uint8Array.of(9), guarantee: 'agreed' });
  assert.equal(order.heardOf(3, 'refused').length, 1);
});

test("a lost node's processes leave its groups, and come back with it", () => {
  const order = new Order([1, 2]);
  order.ring([1, 2]);
  for (const nodeId of [1, 2])
    order.tell(nodeId, { kind: 'join', nowMs: 0, process: { processId: 10 + nodeId, group: 'g' } });
  order.settle();
  order.ring([1], [2]);
  order.ring([1, 2]);
  const changes = order.heardOf(1, 'group-changed').map((effect) => {
    if (effect.kind !== 'group-changed') return '';
    const list = (processes: readonly { nodeId: number; reason: number }[]) =>
      processes.map(({ nodeId, reason }) => `${nodeId}/${reason}`).join(',');
    return `${list(effect.members)} +${list(effect.joined)} -${list(effect.left)}`;
  });
  assert.deepEqual(changes, ['1/0 +1/1 -', '1/0,2/0 +2/1 -', '1/0 + -2/3', '1/0,2/0 +2/4 -']);
});

test('an order to kill reaches the node it names and no other', () => {
  const order = new Order([1, 2, 3]);
  order.ring([1, 2, 3]);
  order.tell(1, { kind: 'kill-node', nowMs: 0, nodeId: 3, reason: 'test' });
  order.settle();
  assert.deepEqual(order.heardOf(3, 'killed'), [{ kind: 'killed', by: 1, reason: 'test' }]);
  assert.equal(order.heardOf(2, 'killed').length, 0);
});

test('when the node list grows or shrinks, the votes follow at once; who has quorum keeps it', () => {
  const expect = (expectedVotes: number) => {
    const pair = expectedVotes === 2;
    return { kind: 'node-list', nowMs: 0, expectation: { expectedVotes, twoNode: pair, waitForAll: pair } } as const;
  };
  const order = new Order([1, 2], { expectedVotes: 2, twoNode: true, waitForAll: true });
  const votes = (nodeId: number) => {
    const state = order.stacks.get(nodeId);
    assert.ok(state !== undefined);
    const { quorate, expectedVotes, votesNeeded } = quorumView(state);
    return [quorate, expectedVotes, votesNeeded];
  };
  order.ring([1, 2]);
  assert.deepEqual(votes(1), [true, 2, 1]);
  for (const nodeId of [1, 2]) order.tell(nodeId, expect(4));
  assert.deepEqual(votes(1), [false, 4, 3]);
  for (const nodeId of [1, 2]) order.tell(nodeId, expect(3));
  assert.deepEqual(
    [votes(1), votes(2)],
    [
      [true, 3, 2],
      [true, 3, 2],
    ],
  );
  for (const nodeId of [1, 2]) order.tell(nodeId, expect(2));
  assert.deepEqual(votes(1), [true, 2, 1]);
  order.ring([1], [2]);
  assert.deepEqual(votes(1), [true, 2, 1]);
});

test('a reload of the quorum section is in force on all members, and a member with more votes is counted so by the others', () => {
  const order = new Order([1, 2, 3]);
  order.ring([1, 2, 3]);
  const configured = (nodeId: number, votes: number) =>
    ({
      kind: 'configured',
      nowMs: 0,
      quorum: { ...baseQuorum, nodeId, votes, expectedVotes: 5, allowDownscale: true },
      configVersion: 2,
    }) as const;
  for (const nodeId of [1, 2, 3]) order.tell(nodeId, configured(nodeId, nodeId === 3 ? 3 : 1));
  order.settle();
  for (const state of order.stacks.values()) {
    assert.deepEqual(quorumView(state), { quorate: true, votes: 5, expectedVotes: 5, votesNeeded: 3 });
    assert.equal(state.quorum?.config.allowDownscale, true);
    assert.equal(state.config.configVersion, 2);
  }
  order.ring([1, 2], [3]);
  assert.deepEqual(
    [...order.stacks.values()].map((state) => quorumView(state).quorate),
    [false, false, true],
  );
});
