// What every messaging engine promises, whichever carries the messages. Each implementation runs this suite.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EngineEvent, MessagingEngine } from '../engine.ts';

/** Three engines that were just started, and the way to wait for them. */
export type ContractCluster = {
  readonly engines: readonly MessagingEngine[];
  /** Until the condition holds; fails after a generous bound. */
  readonly until: (what: string, condition: () => boolean) => Promise<void>;
  /** Ends one without a word. */
  readonly crash: (engine: MessagingEngine) => Promise<void>;
  readonly close: () => Promise<void>;
};

const group = 'contract';

type Witness = {
  readonly engine: MessagingEngine;
  readonly events: EngineEvent[];
  readonly heard: string[];
  members: readonly number[];
  groupMembers: readonly number[];
};

/** How a law is shown. */
type Law = (cluster: ContractCluster, witnesses: readonly Witness[]) => Promise<void>;

const laws: Readonly<Record<string, Law>> = {
  'all are in one quorate configuration and one group': allInOne,
  'everybody hears what everybody says, senders too, in one order, from the first byte to the last': oneOrder,
  'a message of the largest size arrives whole, a larger one is refused': largestMessage,
  'a full engine says so, says when it is not, and loses nothing': backPressure,
  'a group is heard by those who are in it': closedGroups,
  'who crashes is missed by the rest, who go on; who is alone is not quorate': crashes,
  'who leaves has said all it was to say, and is gone at once': leaves,
};

export function engineContract(name: string, start: () => Promise<ContractCluster>): void {
  for (const [text, show] of Object.entries(laws)) {
    test(`${name}: ${text}`, async () => {
      const cluster = await start();
      try {
        const witnesses = cluster.engines.map(witnessOf);
        await allInGroup(cluster, witnesses);
        await show(cluster, witnesses);
      } finally {
        await cluster.close();
      }
    });
  }
}

async function allInOne(_cluster: ContractCluster, witnesses: readonly Witness[]): Promise<void> {
  for (const { engine, members, groupMembers } of witnesses) {
    assert.deepEqual(members, [1, 2, 3]);
    assert.deepEqual(groupMembers, [1, 2, 3]);
    assert.deepEqual(engine.quorum(), { quorate: true, votes: 3, expectedVotes: 3, votesNeeded: 2 });
  }
}

async function oneOrder(cluster: ContractCluster, witnesses: readonly Witness[]): Promise<void> {
  const each = 100;
  for (let count = 0; count < each; count++) {
    for (const { engine } of witnesses) say(engine, `${engine.nodeId}:${count}`, count % 10 === 0 ? 20_000 : 0);
  }
  await cluster.until('everything is heard', () => witnesses.every(({ heard }) => heard.length === 3 * each));
  const [first, ...others] = witnesses;
  assert.equal(new Set(first?.heard).size, 3 * each);
  for (const { heard } of others) assert.deepEqual(heard, first?.heard);
  for (const { engine, heard } of witnesses) {
    const own = heard.filter((text) => text.startsWith(`${engine.nodeId}:`));
    assert.deepEqual(
      own,
      Array.from({ length: each }, (_, count) => `${engine.nodeId}:${count}`),
      'a sender keeps its order',
    );
  }
}

async function largestMessage(cluster: ContractCluster, [one, two]: readonly Witness[]): Promise<void> {
  assert.ok(one !== undefined && two !== undefined);
  const { messageBytesMax } = one.engine;
  assert.equal(one.engine.multicast(group, new Uint8Array(messageBytesMax + 1), 'agreed'), 'too-large');
  const body = Uint8Array.from({ length: messageBytesMax }, (_, at) => (at * 7 + (at >>> 8)) & 0xff);
  assert.equal(one.engine.multicast(group, body, 'safe'), undefined);
  let arrived: Uint8Array | undefined;
  two.engine.subscribe((event) => {
    if (event.kind === 'deliver') arrived = event.body.slice();
  });
  await cluster.until('the large message arrives', () => arrived !== undefined);
  assert.ok(arrived !== undefined && Buffer.from(arrived).equals(body));
}

async function backPressure(cluster: ContractCluster, witnesses: readonly Witness[]): Promise<void> {
  const [one] = witnesses;
  assert.ok(one !== undefined);
  const body = new Uint8Array(64 * 1024);
  let taken = 0;
  while (one.engine.multicast(group, body, 'agreed') === undefined) {
    taken++;
    assert.ok(taken < 10_000, 'a queue is bounded');
  }
  assert.equal(one.engine.multicast(group, body, 'agreed'), 'full');
  await cluster.until('there is room again', () => one.events.some(({ kind }) => kind === 'writable'));
  assert.equal(one.engine.multicast(group, body, 'agreed'), undefined);
  await cluster.until('all of it is heard', () => witnesses.every(({ heard }) => heard.length === taken + 1));
}

async function closedGroups(cluster: ContractCluster, [one, two, three]: readonly Witness[]): Promise<void> {
  assert.ok(one !== undefined && two !== undefined && three !== undefined);
  assert.equal(one.engine.multicast('elsewhere', new Uint8Array(1), 'agreed'), 'not-joined');
  await cluster.until('node 3 has left the group', progress(three.engine.leaveGroup(group)));
  await cluster.until('the others see it', () => [one, two].every(({ groupMembers }) => groupMembers.join() === '1,2'));
  assert.equal(three.engine.multicast(group, new Uint8Array(1), 'agreed'), 'not-joined');
  say(one.engine, 'after');
  await cluster.until('node 2 hears it', () => two.heard.includes('after'));
  assert.deepEqual(three.heard, []);
  assert.deepEqual(three.members, [1, 2, 3], 'it is still a member of the ring');
}

async function crashes(cluster: ContractCluster, [one, two, three]: readonly Witness[]): Promise<void> {
  assert.ok(one !== undefined && two !== undefined && three !== undefined);
  await cluster.crash(three.engine);
  await cluster.until('the others form without it', () => [one, two].every(({ members }) => members.join() === '1,2'));
  await cluster.until('its processes have left', () =>
    [one, two].every(({ groupMembers }) => groupMembers.join() === '1,2'),
  );
  assert.equal(one.engine.quorum().quorate, true);
  say(two.engine, 'still here');
  await cluster.until('messages flow', () => one.heard.includes('still here'));
  await cluster.crash(two.engine);
  await cluster.until('the last one knows that it is alone', () => !one.engine.quorum().quorate);
  assert.deepEqual(one.members, [1]);
}

async function leaves(cluster: ContractCluster, [one, two, three]: readonly Witness[]): Promise<void> {
  assert.ok(one !== undefined && two !== undefined && three !== undefined);
  for (let count = 0; count < 50; count++) say(three.engine, `last ${count}`);
  await cluster.until('it has left', progress(three.engine.leave()));
  assert.equal(three.events.at(-1)?.kind, 'closed');
  assert.equal(three.engine.multicast(group, new Uint8Array(1), 'agreed'), 'closed');
  await cluster.until('the others form without it', () => [one, two].every(({ members }) => members.join() === '1,2'));
  for (const { heard } of [one, two])
    assert.deepEqual(
      heard,
      Array.from({ length: 50 }, (_, count) => `last ${count}`),
    );
}

async function allInGroup(cluster: ContractCluster, witnesses: readonly Witness[]): Promise<void> {
  await cluster.until('one configuration', () => witnesses.every(({ members }) => members.length === 3));
  for (const { engine } of witnesses) await cluster.until('the group is joined', progress(engine.join(group)));
  await cluster.until('one group', () => witnesses.every(({ groupMembers }) => groupMembers.length === 3));
  await cluster.until('quorum', () => witnesses.every(({ engine }) => engine.quorum().quorate));
}

function witnessOf(engine: MessagingEngine): Witness {
  const witness: Witness = { engine, events: [], heard: [], members: [], groupMembers: [] };
  engine.subscribe((event) => {
    witness.events.push(event);
    if (event.kind === 'configuration') witness.members = event.members;
    else if (event.kind === 'group-changed') witness.groupMembers = event.members.map(({ nodeId }) => nodeId);
    else if (event.kind === 'deliver') witness.heard.push(textOf(event.body));
  });
  return witness;
}

/** Text, a zero, and filling that `textOf` checks. */
function say(engine: MessagingEngine, text: string, filling = 0): void {
  const head = Buffer.from(`${text}\0`);
  const body = Buffer.concat([head, Buffer.alloc(filling, head)]);
  assert.equal(engine.multicast(group, body, 'agreed'), undefined);
}

function textOf(body: Uint8Array): string {
  const bytes = Buffer.from(body);
  const end = bytes.indexOf(0);
  const head = bytes.subarray(0, end + 1);
  const intact = bytes.subarray(end + 1).equals(Buffer.alloc(bytes.length - head.length, head.length > 0 ? head : 0));
  return intact ? bytes.toString('utf8', 0, Math.max(0, end)) : 'damaged';
}

/** A condition that holds when the promise is kept. */
function progress(promise: Promise<unknown>): () => boolean {
  let kept = false;
  void promise.then(() => {
    kept = true;
  });
  return () => kept;
}
