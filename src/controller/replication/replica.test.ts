import assert from 'node:assert/strict';
import { test } from 'node:test';
import { childAt, parseXml, type XmlElement } from '../../cib/index.ts';
import { Random } from '../../kit/index.ts';
import { type ClusterMessage, decodeClusterMessage, encodeClusterMessage } from '../message.ts';
import { endOf, placesOf, Store } from '../store/store.ts';
import { FaultyDisk } from '../store/testing/faulty-disk.ts';
import { agreementOf, initialReplica, invariants, replay, snapshotOf, step } from './replica.ts';
import type { ReplicaEffect, ReplicaEvent, ReplicaState } from './state.ts';

const emptyCib = xml(
  '<cib admin_epoch="0" epoch="0" num_updates="0" validate-with="pacemaker-4.0"><configuration><crm_config/><nodes/><resources/><constraints/></configuration><status/></cib>',
);

function xml(text: string): XmlElement {
  const parsed = parseXml(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

type Member = { state: ReplicaState; disk: FaultyDisk; store: Store; up: boolean; inbox: Queued[] };
type Queued = { readonly from: number; readonly bytes: Uint8Array };
type Ring = {
  readonly name: string;
  readonly seq: number;
  readonly members: number[];
  readonly queue: Queued[];
  next: Map<number, number>;
};

/** Nodes over a perfect total order, with disks that lose what was not synced, in partitions that come and go. */
class Cluster {
  readonly members = new Map<number, Member>();
  readonly acknowledged = new Set<string>();
  readonly answered = new Map<string, string>();
  readonly log: string[] = [];
  #rings: Ring[] = [];
  #seq = 0;
  readonly #random: Random;

  constructor(nodeIds: readonly number[], seed: string) {
    this.#random = new Random(seed);
    for (const nodeId of nodeIds) this.members.set(nodeId, this.#started(nodeId, new FaultyDisk()));
  }

  #started(nodeId: number, disk: FaultyDisk): Member {
    const { store, recovered } = Store.open(disk);
    const base = recovered.snapshot === undefined ? emptyCib : xml(recovered.snapshot.document);
    const self = {
      nodeId,
      id: String(nodeId),
      name: `n${nodeId}`,
      cluster: 'c',
      boot: `boot ${nodeId}/${this.#seq}`,
      daemon: `${nodeId}/${this.#seq}`,
      version: '1',
    };
    const state = initialReplica({
      self,
      cib: replay(base, recovered.records),
      place: endOf(recovered),
      chains: placesOf(recovered),
      trusted: recovered.trusted,
    });
    return { state, disk, store, up: true, inbox: [] };
  }

  member(nodeId: number): Member {
    const member = this.members.get(nodeId);
    assert.ok(member !== undefined);
    return member;
  }

  /** New rings of those that are up; a ring of more than half of all nodes is quorate. */
  partition(groups: readonly (readonly number[])[]): void {
    this.#rings = groups
      .map((group) => group.filter((nodeId) => this.member(nodeId).up))
      .filter((group) => group.length > 0)
      .map((members) => {
        this.#seq += 4;
        return { name: `${Math.min(...members)}.${this.#seq}`, seq: this.#seq, members, queue: [], next: new Map() };
      });
    for (const ring of this.#rings) {
      for (const nodeId of ring.members) {
        const { name, seq, members } = ring;
        this.tell(nodeId, { kind: 'configuration', ring: { name, seq, members, heldForMs: 0 }, joined: [], left: [] });
        this.tell(nodeId, { kind: 'quorum', quorate: ring.members.length * 2 > this.members.size });
      }
    }
  }

  crash(nodeId: number): void {
    const member = this.member(nodeId);
    member.up = false;
    member.disk = member.disk.afterPowerLoss(this.#random);
  }

  /** As `wantsSnapshot` would have it: what went before is not on the disk any more. */
  fold(nodeId: number): void {
    const { store, state } = this.member(nodeId);
    store.replace(snapshotOf(state));
  }

  boot(nodeId: number): void {
    this.members.set(nodeId, this.#started(nodeId, this.member(nodeId).disk));
  }

  tell(nodeId: number, event: ReplicaEvent): void {
    const member = this.member(nodeId);
    if (!member.up) return;
    const done = step(member.state, event);
    member.state = done.state;
    invariants(member.state);
    for (const effect of done.effects) this.#perform(nodeId, member, effect);
  }

  #perform(nodeId: number, member: Member, effect: ReplicaEffect): void {
    switch (effect.kind) {
      case 'multicast':
        this.#rings
          .find((ring) => ring.members.includes(nodeId))
          ?.queue.push({ from: nodeId, bytes: encodeClusterMessage(effect.message) });
        return;
      case 'persist':
        member.store.append([effect.record]);
        return this.tell(nodeId, { kind: 'persisted', index: effect.record.index });
      case 'adopt':
        member.store.replace(effect.snapshot);
        return this.tell(nodeId, { kind: 'persisted', index: effect.snapshot.index });
      case 'answer': {
        this.answered.set(effect.request, effect.outcome === 'accepted' ? 'accepted' : effect.outcome.what);
        if (effect.outcome === 'accepted') this.acknowledged.add(effect.request);
        return;
      }
      case 'log':
        this.log.push(`${nodeId} ${effect.level}: ${effect.text}`);
    }
  }

  /** Delivers up to `count` messages, members of a ring at their own pace, or to one of them alone. */
  run(count: number, only?: number): void {
    for (let done = 0; done < count; done++) {
      const open = this.#rings.flatMap((ring) =>
        ring.members
          .filter((nodeId) => only === undefined || nodeId === only)
          .filter((nodeId) => this.member(nodeId).up && (ring.next.get(nodeId) ?? 0) < ring.queue.length)
          .map((nodeId) => ({ ring, nodeId })),
      );
      const next = this.#random.pick(open);
      if (next === undefined) return;
      const at = next.ring.next.get(next.nodeId) ?? 0;
      next.ring.next.set(next.nodeId, at + 1);
      const queued = next.ring.queue[at];
      const message: ClusterMessage | undefined = queued === undefined ? undefined : decodeClusterMessage(queued.bytes);
      assert.ok(queued !== undefined && message !== undefined);
      this.tell(next.nodeId, { kind: 'message', from: queued.from, message, heardBy: 'ring' });
    }
  }

  /** What was in the queue of a ring that broke reaches some of its members and not others, as virtual synchrony allows. */
  request(nodeId: number, id: string): void {
    const edit = { kind: 'create', section: 'crm_config', xml: `<cluster_property_set id="${id}"/>` } as const;
    this.tell(nodeId, { kind: 'request', request: { id, edit, by: 'test' } });
  }

  properties(nodeId: number): string[] {
    const options = childAt(this.member(nodeId).state.cib, 'configuration', 'crm_config')?.children ?? [];
    return options.map((option) => option.id ?? '');
  }
}

const all = [1, 2, 3];

test('a change is made on every member and acknowledged; the document is on every disk', () => {
  const cluster = new Cluster(all, 'a');
  cluster.partition([all]);
  cluster.request(2, 'first');
  cluster.request(2, 'second');
  cluster.run(1000);
  assert.deepEqual([...cluster.acknowledged], ['first', 'second']);
  for (const nodeId of all) assert.deepEqual(cluster.properties(nodeId), ['first', 'second']);
  cluster.crash(3);
  cluster.boot(3);
  assert.deepEqual(cluster.properties(3), ['first', 'second']);
});

test('two changes at once are both made, one after the other', () => {
  const cluster = new Cluster(all, 'b');
  cluster.partition([all]);
  cluster.run(1000);
  for (const nodeId of all) cluster.request(nodeId, `from-${nodeId}`);
  cluster.run(1000);
  assert.equal(cluster.acknowledged.size, 3);
  assert.equal(new Set(all.map((nodeId) => agreementOf(cluster.member(nodeId).state))).size, 1);
});

test('a partition without quorum changes nothing and says so', () => {
  const cluster = new Cluster(all, 'c');
  cluster.partition([all]);
  cluster.run(1000);
  cluster.partition([[1], [2, 3]]);
  cluster.run(1000);
  cluster.request(1, 'minority');
  cluster.request(3, 'majority');
  cluster.run(1000);
  assert.match(cluster.answered.get('minority') ?? '', /no quorum/);
  cluster.partition([all]);
  cluster.run(1000);
  assert.deepEqual(cluster.properties(1), ['majority']);
});

test('a change of a minority is not taken for made by members that have forgotten so old a history', () => {
  const cluster = new Cluster(all, 'f');
  cluster.partition([all]);
  cluster.run(1000);
  cluster.request(3, 'heard-by-3-alone');
  cluster.run(1000, 3);
  cluster.partition([[1, 2], [3]]);
  cluster.run(1000);
  for (const id of ['one', 'two']) cluster.request(1, id);
  cluster.run(1000);
  for (const nodeId of [1, 2]) {
    cluster.fold(nodeId);
    cluster.crash(nodeId);
    cluster.boot(nodeId);
  }
  cluster.partition([all]);
  cluster.run(1000);
  assert.deepEqual(cluster.properties(3), ['one', 'two']);
  assert.match(cluster.answered.get('heard-by-3-alone') ?? '', /no member tells whether/);
});

test('a restarted member knows the history that its journal tells', () => {
  const cluster = new Cluster(all, 'g');
  cluster.partition([all]);
  cluster.run(1000);
  cluster.request(3, 'heard-by-3-alone');
  cluster.run(1000, 3);
  cluster.partition([[1, 2], [3]]);
  cluster.run(1000);
  for (const id of ['one', 'two']) cluster.request(1, id);
  cluster.run(1000);
  for (const nodeId of [1, 2]) {
    cluster.crash(nodeId);
    cluster.boot(nodeId);
  }
  cluster.partition([all]);
  cluster.run(1000);
  assert.match(cluster.answered.get('heard-by-3-alone') ?? '', /the change was lost/);
});

test('an edit that would make the document invalid is refused before anything is written', () => {
  const cluster = new Cluster(all, 'd');
  cluster.partition([all]);
  cluster.run(1000);
  const edit = {
    kind: 'create',
    section: 'resources',
    xml: '<primitive id="a" class="ocf"><frob/></primitive>',
  } as const;
  cluster.tell(1, { kind: 'request', request: { id: 'bad', edit, by: 'test' } });
  cluster.run(1000);
  assert.notEqual(cluster.answered.get('bad'), 'accepted');
  assert.equal(cluster.member(1).state.place.index, 0);
});

test('members of another cluster on the same ring are told apart', () => {
  const cluster = new Cluster(all, 'e');
  const other = cluster.member(3);
  other.state = { ...other.state, self: { ...other.state.self, cluster: 'other' } };
  cluster.partition([all]);
  cluster.run(1000);
  assert.ok(cluster.log.some((line) => /says it belongs to the cluster 'other'/.test(line)));
});

test('under crashes, partitions and lost writes nothing acknowledged is lost, and members that are together agree', () => {
  let acknowledged = 0;
  for (let seed = 0; seed < 60; seed++) {
    const random = new Random(`replica/${seed}`);
    const nodeIds = random.chance(0.5) ? all : [1, 2, 3, 4, 5];
    const cluster = new Cluster(nodeIds, `cluster/${seed}`);
    cluster.partition([nodeIds]);
    for (let round = 0; round < 25; round++) {
      for (let count = random.below(4); count > 0; count--) {
        cluster.request(random.pick(nodeIds) ?? 1, `s${seed}-r${round}-${count}`);
      }
      cluster.run(random.below(60));
      const nodeId = random.pick(nodeIds) ?? 1;
      if (random.chance(0.2)) cluster.crash(nodeId);
      else if (random.chance(0.4) && !cluster.member(nodeId).up) cluster.boot(nodeId);
      if (random.chance(0.5)) {
        const sides: number[][] = [[], []];
        for (const member of nodeIds) sides[random.chance(0.25) ? 1 : 0]?.push(member);
        cluster.partition(sides);
      }
    }
    for (const nodeId of nodeIds) if (!cluster.member(nodeId).up) cluster.boot(nodeId);
    cluster.partition([nodeIds]);
    cluster.run(100_000);
    const views = new Set(nodeIds.map((nodeId) => agreementOf(cluster.member(nodeId).state)));
    assert.equal(views.size, 1, `seed ${seed}: members agree`);
    const present = new Set(cluster.properties(nodeIds[0] ?? 1));
    for (const id of cluster.acknowledged)
      assert.ok(present.has(id), `seed ${seed}: ${id} was acknowledged and is lost`);
    acknowledged += cluster.acknowledged.size;
  }
  assert.ok(acknowledged > 200, `only ${acknowledged} changes were acknowledged`);
});
