// Messages in one order for all, without datagrams: what extended virtual synchrony promises and no more. Rings break when
// members cannot talk; what was said and not heard by all may then reach some sides and not others, and what was not even
// said yet is said in the next ring, after its configuration.
import type { Random } from '../../kit/index.ts';
import { havenTiming, leaseMsOf } from '../../membership/index.ts';
import {
  type Departure,
  type Heard,
  Inbox,
  type Messaging,
  type OrderedRing,
  type OrderListener,
  soonMs,
} from './messaging.ts';
import type { VirtualTime } from './virtual-time.ts';

export type Wiring = {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly listener: OrderListener;
  readonly isQuorate: (members: number) => boolean;
  /** Whether datagrams go from one to the other at this moment. */
  readonly reaches: (from: number, to: number) => boolean;
};

type Said = { readonly from: number; readonly bytes: Uint8Array };

type Ring = OrderedRing & { readonly quorate: boolean; readonly log: Said[]; brokenAtMs: number | undefined };

type Member = {
  readonly nodeId: number;
  up: boolean;
  pauses: number;
  ring: Ring | undefined;
  /** How much of the ring's log arrived. */
  received: number;
  outbox: Uint8Array[];
  readonly inbox: Inbox;
  /** When it last shared a token with a node, of rings that are over. */
  readonly sharedAtMs: Map<number, number>;
  readonly goodbyes: Set<number>;
  /** When it last stood in a quorate ring that is over; undefined: never in this life. */
  provenAtMs: number | undefined;
};

/** Beyond the last token: token and consensus timeouts (membership/totem/timing.ts), and what a busy machine adds. */
const silentMs = { min: 500, max: 900 };
const announcedMs = { min: 5, max: 60 };
/** What the take-over waits beyond the lease. */
const marginMs = 30;

export class PerfectOrder implements Messaging {
  readonly #wiring: Wiring;
  readonly #members = new Map<number, Member>();
  #seq = 0;
  #reforming = 0;
  #silentUntilMs = 0;

  constructor(wiring: Wiring) {
    this.#wiring = wiring;
  }

  up(nodeId: number): void {
    const { time, random, listener } = this.#wiring;
    this.#members.set(nodeId, {
      nodeId,
      up: true,
      pauses: 0,
      ring: undefined,
      received: 0,
      outbox: [],
      sharedAtMs: new Map(),
      goodbyes: new Set(),
      provenAtMs: undefined,
      inbox: new Inbox(time, random, (heard) => listener.hear(nodeId, heard)),
    });
    this.#unsettle(announcedMs);
  }

  down(nodeId: number, how: Departure): void {
    const member = this.#member(nodeId);
    member.up = false;
    member.inbox.close();
    if (how !== 'silent') {
      this.#sequence(member);
      for (const other of this.#members.values()) if (this.#talks(member, other)) other.goodbyes.add(nodeId);
    }
    this.#unsettle(how === 'silent' ? silentMs : announcedMs);
  }

  multicast(nodeId: number, bytes: Uint8Array): void {
    const member = this.#member(nodeId);
    member.outbox.push(bytes);
    this.#soon(member, (current) => this.#sequence(current));
  }

  pause(nodeId: number): void {
    const member = this.#members.get(nodeId);
    if (member === undefined) return;
    member.pauses++;
    member.inbox.pause();
    this.#unsettle(silentMs);
  }

  resume(nodeId: number): void {
    const member = this.#members.get(nodeId);
    if (member === undefined || member.pauses === 0) return;
    member.pauses--;
    member.inbox.resume();
    this.#unsettle(announcedMs);
  }

  rewired(): void {
    this.#unsettle(silentMs);
  }

  #member(nodeId: number): Member {
    const member = this.#members.get(nodeId);
    if (member === undefined) throw new Error(`node ${nodeId} was never up`);
    return member;
  }

  /** `act` on the member, unless it has been started anew by then. */
  #soon(member: Member, act: (member: Member) => void): void {
    const { time, random } = this.#wiring;
    time.later(soonMs(random, 0.04), () => {
      if (this.#members.get(member.nodeId) === member) act(member);
    });
  }

  #isActive(member: Member): boolean {
    return member.up && member.pauses === 0;
  }

  #sequence(member: Member): void {
    const { ring } = member;
    if (ring === undefined || ring.brokenAtMs !== undefined || member.pauses > 0) return;
    const said = member.outbox.map((bytes) => ({ from: member.nodeId, bytes }));
    member.outbox = [];
    for (const each of said) {
      ring.log.push(each);
      for (const nodeId of ring.members) this.#soon(this.#member(nodeId), (receiver) => this.#receive(receiver, ring));
    }
  }

  #receive(member: Member, ring: Ring): void {
    if (!this.#isActive(member) || member.ring !== ring || ring.brokenAtMs !== undefined) return;
    this.#take(member, ring);
  }

  #take(member: Member, ring: Ring): void {
    const next = ring.log[member.received];
    if (next === undefined) return;
    member.received++;
    this.#put(member, { kind: 'message', ...next, heardBy: 'ring' });
  }

  #put(member: Member, heard: Heard): void {
    member.inbox.put(heard);
  }

  /** Rings whose members cannot all talk stop here, and new ones form after a while. */
  #unsettle(delayMs: { readonly min: number; readonly max: number }): void {
    for (const ring of this.#rings()) {
      const whole = this.#isWhole(ring);
      if (whole || ring.brokenAtMs !== undefined) continue;
      ring.brokenAtMs = this.#wiring.time.nowMs;
      for (const nodeId of ring.members) this.#wiring.listener.proof(nodeId, 'lost');
    }
    const reforming = ++this.#reforming;
    const { time, random } = this.#wiring;
    const atMs = time.nowMs + random.between(delayMs.min, delayMs.max);
    // Somebody who comes does not make the silence of another known sooner.
    if (delayMs === silentMs) this.#silentUntilMs = Math.max(this.#silentUntilMs, atMs);
    time.later(Math.max(atMs, this.#silentUntilMs) - time.nowMs, () => {
      if (reforming === this.#reforming) this.#reform();
    });
  }

  #rings(): Set<Ring> {
    return new Set([...this.#members.values()].flatMap(({ ring }) => (ring === undefined ? [] : [ring])));
  }

  #isWhole(ring: Ring): boolean {
    const members = ring.members.map((nodeId) => this.#member(nodeId));
    return members.every(
      (member) =>
        this.#isActive(member) && member.ring === ring && members.every((other) => this.#talks(member, other)),
    );
  }

  #talks(one: Member, other: Member): boolean {
    if (one === other) return true;
    const { reaches } = this.#wiring;
    return reaches(one.nodeId, other.nodeId) && reaches(other.nodeId, one.nodeId);
  }

  #reform(): void {
    for (const clique of this.#cliques()) {
      const ring = clique[0]?.ring;
      const same = ring !== undefined && clique.length === ring.members.length && this.#isWhole(ring);
      if (!same) this.#install(clique);
      else if (ring.brokenAtMs === undefined) continue;
      else if (this.#wiring.time.nowMs - ring.brokenAtMs > havenTiming.tokenMs) this.#install(clique);
      else this.#mend(ring);
    }
  }

  /** Everybody who can talk with everybody, taken greedily: a cut between two does not decide who stays with whom. */
  #cliques(): Member[][] {
    const cliques: Member[][] = [];
    const active = [...this.#members.values()].filter((member) => this.#isActive(member));
    for (const member of this.#wiring.random.shuffled(active)) {
      const clique = cliques.find((members) => members.every((other) => this.#talks(member, other)));
      if (clique === undefined) cliques.push([member]);
      else clique.push(member);
    }
    return cliques;
  }

  #mend(ring: Ring): void {
    ring.brokenAtMs = undefined;
    for (const nodeId of ring.members) {
      const member = this.#member(nodeId);
      if (ring.quorate) this.#wiring.listener.proof(nodeId, 'standing');
      for (let at = member.received; at < ring.log.length; at++)
        this.#soon(member, (receiver) => this.#receive(receiver, ring));
      this.#soon(member, (current) => this.#sequence(current));
    }
  }

  #install(clique: readonly Member[]): void {
    for (const old of new Set(clique.map(({ ring }) => ring))) {
      if (old !== undefined)
        this.#equalise(
          clique.filter(({ ring }) => ring === old),
          old,
        );
    }
    const members = clique.map(({ nodeId }) => nodeId).sort((left, right) => left - right);
    this.#seq += 4;
    const name = `${members[0]}.${this.#seq}`;
    const quorate = this.#wiring.isQuorate(members.length);
    const ring: Ring = { name, seq: this.#seq, members, quorate, log: [], brokenAtMs: undefined };
    for (const member of clique) {
      const outlook = this.#outlook(member, members);
      member.ring = ring;
      member.received = 0;
      this.#put(member, { kind: 'configuration', ring: { name, seq: ring.seq, members }, quorate, ...outlook });
      this.#wiring.listener.proof(member.nodeId, quorate ? 'standing' : 'lost');
    }
    for (const member of clique) this.#soon(member, (current) => this.#sequence(current));
  }

  /** What a member's lease watch would say of its new ring. */
  #outlook(member: Member, members: readonly number[]) {
    const { ring: old, sharedAtMs, goodbyes } = member;
    const { nowMs } = this.#wiring.time;
    const endedAtMs = old?.brokenAtMs ?? nowMs;
    if (old?.quorate) member.provenAtMs = endedAtMs;
    for (const nodeId of old?.members ?? []) sharedAtMs.set(nodeId, endedAtMs);
    for (const nodeId of goodbyes) sharedAtMs.delete(nodeId);
    goodbyes.clear();
    const lost = [...sharedAtMs].filter(([nodeId]) => !members.includes(nodeId)).map(([, atMs]) => atMs);
    const takeOverAtMs = lost.length === 0 ? 0 : Math.max(...lost) + leaseMsOf(havenTiming) + marginMs;
    const lapsed = member.provenAtMs !== undefined && nowMs > member.provenAtMs + leaseMsOf(havenTiming);
    return { takeOverAtMs, lapsed };
  }

  /** Those that go on together have heard the same of the ring that they leave. */
  #equalise(group: readonly Member[], old: Ring): void {
    const heard = Math.max(...group.map(({ received }) => received));
    const until = this.#wiring.random.between(heard, old.log.length);
    const own = new Set(group.map(({ nodeId }) => nodeId));
    for (const member of group) {
      while (member.received < until) this.#take(member, old);
      for (const said of old.log.slice(until)) {
        if (own.has(said.from)) this.#put(member, { kind: 'message', ...said, heardBy: 'companions' });
      }
    }
  }
}
