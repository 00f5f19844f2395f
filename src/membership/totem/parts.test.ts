import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../kit/index.ts';
import { Assembler, splitGroups } from './assembler.ts';
import { mcastHeaderBytes } from './codec.ts';
import { OutboundQueue } from './outbound.ts';
import { decodePacket } from './packet.ts';
import { seqBefore, seqDistance } from './sequence.ts';
import { MessageStore, storeSlots } from './store.ts';
import { corosyncTiming } from './timing.ts';

const netMtu = 1410;

function messageOf(size: number, fill: number) {
  return { group: 'a', body: new Uint8Array(size).fill(fill), guarantee: 'agreed', lane: 'ordinary' } as const;
}

/** Every packet that waits, as receivers get it. */
function packetsOf(queue: OutboundQueue) {
  const packets = [];
  for (let next = queue.nextPacket(); next !== undefined; next = queue.nextPacket()) {
    assert.ok(next.bytes.length <= mcastHeaderBytes + netMtu, 'no packet is larger than the mtu');
    const packet = decodePacket(next.bytes.subarray(mcastHeaderBytes), 'little');
    assert.ok(packet !== undefined);
    packets.push(packet);
  }
  return packets;
}

function assembled(packets: ReturnType<typeof packetsOf>, assembler = new Assembler()): Uint8Array[] {
  return packets.flatMap((packet) => assembler.receive(1, 'normal', packet));
}

test('whatever is packed is put together again, in packets that are as full as can be', () => {
  const random = new Random('packing');
  for (let round = 0; round < 200; round++) {
    const queue = new OutboundQueue(netMtu);
    const sizes = Array.from({ length: random.between(1, 40) }, () =>
      random.below(random.pick([20, 300, 1500, 9000]) ?? 1),
    );
    sizes.forEach((size, index) => {
      assert.equal(queue.push(messageOf(size, index)), undefined);
    });
    const announced = queue.packetCount;
    const packets = packetsOf(queue);
    assert.ok(
      Math.abs(packets.length - announced) <= 1 + Math.ceil(packets.length / 100),
      'flow control counts them right',
    );
    const bodies = assembled(packets).map((whole) => splitGroups(whole));
    assert.deepEqual(
      bodies.map((split) => split?.body.length),
      sizes,
    );
    bodies.forEach((split, index) => {
      assert.ok(split?.body.every((byte) => byte === index) && split.groups.join() === 'a');
    });
    assert.ok(queue.isEmpty);
  }
});

test('nineteen messages of 64 bytes share a packet', () => {
  const queue = new OutboundQueue(netMtu);
  for (let count = 0; count < 19; count++) queue.push(messageOf(64, count));
  assert.ok((packetsOf(queue)[0]?.parts.length ?? 0) >= 19);
});

test('agreed and safe messages never share a packet', () => {
  const queue = new OutboundQueue(netMtu);
  queue.push(messageOf(10, 1));
  queue.push({ ...messageOf(10, 2), guarantee: 'safe' });
  assert.deepEqual([queue.nextPacket()?.guarantee, queue.nextPacket()?.guarantee], ['agreed', 'safe']);
});

test('a message started over arrives once and whole at who heard its beginning and at who did not', () => {
  const queue = new OutboundQueue(netMtu);
  queue.push(messageOf(5000, 7));
  const bytes = queue.nextPacket()?.bytes.subarray(mcastHeaderBytes) ?? new Uint8Array();
  const first = decodePacket(bytes, 'little');
  assert.ok(first !== undefined);
  const [veteran, joiner] = [new Assembler(), new Assembler()];
  assert.deepEqual(veteran.receive(1, 'normal', first), []);
  queue.restartMessage();
  const again = packetsOf(queue);
  assert.equal(again[0]?.continuation, 0, 'Corosync forgets what it has at a packet that continues nothing');
  for (const assembler of [veteran, joiner]) {
    const bodies = assembled(again, assembler).flatMap((whole) => {
      const split = splitGroups(whole);
      return split === undefined || split.groups.length === 0 ? [] : [split.body.length];
    });
    assert.deepEqual(bodies, [5000]);
  }
});

test('what a Corosync member had half said before the services synchronise goes on after it', () => {
  const [ordinary, services] = [new OutboundQueue(netMtu), new OutboundQueue(netMtu)];
  ordinary.push(messageOf(3000, 1));
  services.push(messageOf(2000, 2));
  const [begun, ...rest] = packetsOf(ordinary);
  const [first, ...others] = packetsOf(services);
  assert.ok(begun !== undefined && first !== undefined && rest.length > 0 && others.length > 0);
  const assembler = new Assembler();
  const heard = [
    assembler.receive(1, 'normal', begun),
    assembler.receive(1, 'synchronising', first),
    ...others.map((packet) => assembler.receive(1, 'synchronising', packet)),
    ...rest.map((packet) => assembler.receive(1, 'normal', packet)),
  ];
  const bodies = heard.flat().map((whole) => splitGroups(whole)?.body.length);
  assert.deepEqual(bodies, [2000, 3000]);
});

test('who joins in the middle of a message loses that message only', () => {
  const queue = new OutboundQueue(netMtu);
  queue.push(messageOf(3000, 1));
  queue.push(messageOf(30, 2));
  const bodies = assembled(packetsOf(queue).slice(1)).map((whole) => splitGroups(whole)?.body.length);
  assert.deepEqual(bodies, [30]);
});

test('sequence numbers wrap, and 0xFFFFFFFF comes before 0', () => {
  assert.ok(seqBefore(1, 2) && !seqBefore(2, 1) && !seqBefore(3, 3));
  assert.ok(!seqBefore(0, 0xffffffff), 'the first aru of a ring is behind every number');
  assert.ok(seqBefore(0xfffffff0, 5), 'after a wrap');
  assert.equal(seqDistance(0xfffffffe, 3), 5);
  assert.equal(seqDistance(3, 3), 0);
});

test('the store keeps a window that moves', () => {
  const store = new MessageStore();
  const stored = () => ({ bytes: new Uint8Array(), message: {} as never, obliged: false });
  assert.ok(store.put(1, stored()) && !store.put(1, stored()), 'each number once');
  assert.ok(!store.put(storeSlots + 1, stored()), 'not beyond the window');
  store.release(1);
  assert.equal(store.get(1), undefined);
  assert.ok(store.put(storeSlots + 1, stored()), 'the window has moved on');
  assert.equal(store.highest, storeSlots + 1);
});

test("Corosync's timers for 2, 3 and 5 nodes are those of its documentation", () => {
  const figures = [2, 3, 5].map((nodeCount) => {
    const { tokenMs, tokenRetransmitMs, holdMs, consensusMs } = corosyncTiming({ nodeCount });
    return [tokenMs, tokenRetransmitMs, holdMs, consensusMs];
  });
  assert.deepEqual(figures, [
    [3000, 714, 561, 3600],
    [3650, 869, 685, 4380],
    [4950, 1178, 932, 5940],
  ]);
});
