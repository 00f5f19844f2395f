// Messages in the order of the real ring: members as src/membership makes them, on a simulated network that loses, delays
// and repeats datagrams. What the daemons hear of it is what src/daemon/cluster/node-daemon.ts lets a node hear.
import type { Random } from '../../kit/index.ts';
import {
  createMember,
  formatRingId,
  havenRing,
  havenTiming,
  isDrained,
  LeaseWatch,
  type Member,
  type MemberEffect,
  type MemberEvent,
  nextMemberDeadline,
  type QuorumConfig,
  quorumView,
  type RingId,
  stepMember,
} from '../../membership/index.ts';
import { type Departure, Inbox, type Messaging, type OrderListener } from './messaging.ts';
import type { VirtualTime } from './virtual-time.ts';

export type TotemWiring = {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly listener: OrderListener;
  readonly nodeCount: number;
  /** After how many ms each copy of a datagram that is sent now arrives. */
  readonly arrivals: (from: number, to: number) => readonly number[];
};

type Timeless<Event> = Event extends unknown ? Omit<Event, 'nowMs'> : never;

/** What outlives a daemon: its machine's disk and sockets' address. */
type Place = { readonly nodeId: number; storedRingSeq: number; life: number; seat: Seat | undefined };

/** One daemon's place in the ring, from its start to its end. */
type Seat = {
  readonly place: Place;
  readonly life: number;
  readonly member: Member;
  readonly inbox: Inbox;
  readonly socket: Uint8Array[];
  readonly outbox: Uint8Array[];
  joined: boolean;
  pauses: number;
  wakeAtMs: number;
  ring: RingId;
  heardBy: 'ring' | 'companions';
  readonly lease: LeaseWatch;
  outlook: { readonly takeOverAtMs: number; readonly lapsed: boolean };
  crashNotice: Uint8Array | undefined;
  /** It is saying goodbye, until then at the latest. */
  leaveByMs: number;
};

const group = 'haven';
const socketDatagramsMax = 2000;
const farewellMsMax = 300;
const persistMs = { usual: 3, slow: 60 };

export class TotemOrder implements Messaging {
  readonly #wiring: TotemWiring;
  readonly #places = new Map<number, Place>();

  constructor(wiring: TotemWiring) {
    this.#wiring = wiring;
    for (let nodeId = 1; nodeId <= wiring.nodeCount; nodeId++) {
      this.#places.set(nodeId, { nodeId, storedRingSeq: 0, life: 0, seat: undefined });
    }
  }

  up(nodeId: number): void {
    const place = this.#place(nodeId);
    // Whoever comes back before its farewells were said has said them.
    if (place.seat !== undefined) this.#vacate(place.seat);
    const { time, random, listener } = this.#wiring;
    const life = ++place.life;
    const member = createMember({
      ring: havenRing(nodeId),
      stack: { nodeId, quorum: this.#quorum(nodeId), storedVotes: 0, configVersion: undefined },
    });
    const seat: Seat = {
      place,
      life,
      member,
      inbox: new Inbox(time, random, (heard) => listener.hear(nodeId, heard)),
      socket: [],
      outbox: [],
      joined: false,
      pauses: 0,
      wakeAtMs: Infinity,
      ring: member.ring.ringId,
      heardBy: 'ring',
      lease: new LeaseWatch(havenTiming),
      outlook: { takeOverAtMs: 0, lapsed: false },
      crashNotice: undefined,
      leaveByMs: Infinity,
    };
    place.seat = seat;
    this.#step(seat, { kind: 'start', storedRingSeq: place.storedRingSeq });
    this.#step(seat, { kind: 'join', process: { processId: life, group } });
  }

  down(nodeId: number, how: Departure): void {
    const { seat } = this.#place(nodeId);
    if (seat === undefined) return;
    seat.inbox.close();
    if (how === 'leaving') return this.#leave(seat);
    this.#vacate(seat);
    if (how === 'announced' && seat.crashNotice !== undefined) this.#broadcast(nodeId, seat.crashNotice);
  }

  multicast(nodeId: number, bytes: Uint8Array): void {
    const { seat } = this.#place(nodeId);
    if (seat === undefined) return;
    seat.outbox.push(bytes);
    // From the daemon's thread to the ring's.
    this.#wiring.time.later(this.#wiring.random.fraction() * 0.2, () => this.#say(seat));
  }

  pause(nodeId: number): void {
    const { seat } = this.#place(nodeId);
    if (seat === undefined) return;
    seat.pauses++;
    seat.inbox.pause();
  }

  /** A process that gets the processor back reads its socket before it looks at the clock's debts. */
  resume(nodeId: number): void {
    const { seat } = this.#place(nodeId);
    if (seat === undefined || seat.pauses === 0) return;
    seat.pauses--;
    seat.inbox.resume();
    if (seat.pauses > 0) return;
    for (const bytes of seat.socket.splice(0)) this.#arrive(seat, bytes);
    this.#say(seat);
    this.#wake(seat);
  }

  rewired(): void {}

  #place(nodeId: number): Place {
    const place = this.#places.get(nodeId);
    if (place === undefined) throw new Error(`there is no node ${nodeId}`);
    return place;
  }

  #quorum(nodeId: number): QuorumConfig {
    return {
      nodeId,
      votes: 1,
      expectedVotes: this.#wiring.nodeCount,
      twoNode: false,
      waitForAll: false,
      lastManStandingWindowMs: undefined,
      autoTieBreaker: undefined,
      allowDownscale: false,
      expectedVotesTracking: false,
      device: undefined,
    };
  }

  #isSeated({ place, life }: Seat): boolean {
    return place.seat?.life === life;
  }

  #vacate(seat: Seat): void {
    seat.inbox.close();
    seat.place.seat = undefined;
  }

  #leave(seat: Seat): void {
    seat.leaveByMs = this.#wiring.time.nowMs + farewellMsMax;
    // What the daemon said before it left is on its way to the ring's thread already.
    this.#say(seat);
    seat.joined = false;
    this.#step(seat, { kind: 'process-gone', processId: seat.life });
    this.#step(seat, { kind: 'announce-leave' });
    this.#wiring.time.later(farewellMsMax, () => this.#wake(seat));
  }

  #leaveWhenSaid(seat: Seat): void {
    const { ring } = seat.member;
    const said = ring.phase === 'operational' && isDrained(ring);
    if (!said && this.#wiring.time.nowMs < seat.leaveByMs) return;
    seat.leaveByMs = Infinity;
    this.#step(seat, { kind: 'leave' });
    this.#vacate(seat);
  }

  #say(seat: Seat): void {
    if (!this.#isSeated(seat) || seat.pauses > 0 || !seat.joined) return;
    for (const body of seat.outbox.splice(0)) {
      this.#step(seat, { kind: 'multicast', process: { processId: seat.life, group }, body, guarantee: 'agreed' });
    }
  }

  #arrive(seat: Seat, bytes: Uint8Array): void {
    if (seat.pauses > 0) {
      if (seat.socket.length < socketDatagramsMax) seat.socket.push(bytes);
      return;
    }
    this.#step(seat, { kind: 'datagram', bytes });
    if (!this.#isSeated(seat)) return;
    const { provenAtMs } = seat.lease.note(seat.member, this.#wiring.time.nowMs);
    if (provenAtMs !== undefined) this.#wiring.listener.proof(seat.place.nodeId, { atMs: provenAtMs });
  }

  #wake(seat: Seat): void {
    if (!this.#isSeated(seat) || seat.pauses > 0) return;
    const { nowMs } = this.#wiring.time;
    if (seat.wakeAtMs <= nowMs) seat.wakeAtMs = Infinity;
    if (nextMemberDeadline(seat.member) <= nowMs) this.#step(seat, { kind: 'deadline' });
    else this.#arm(seat);
    if (seat.leaveByMs !== Infinity) this.#leaveWhenSaid(seat);
  }

  #step(seat: Seat, event: Timeless<MemberEvent>): void {
    const timed = { ...event, nowMs: this.#wiring.time.nowMs } as MemberEvent;
    for (const effect of stepMember(seat.member, timed)) this.#carryOut(seat, effect);
    this.#arm(seat);
  }

  #arm(seat: Seat): void {
    const { time } = this.#wiring;
    const dueMs = Math.max(nextMemberDeadline(seat.member), time.nowMs);
    // A wake that is too early finds nothing due and sets itself again.
    if (dueMs >= seat.wakeAtMs || dueMs === Infinity) return;
    seat.wakeAtMs = dueMs;
    time.later(dueMs - time.nowMs, () => this.#wake(seat));
  }

  #carryOut(seat: Seat, effect: MemberEffect): void {
    const { nodeId } = seat.place;
    switch (effect.kind) {
      case 'send':
        return this.#transmit(nodeId, effect.nodeId, effect.bytes);
      case 'broadcast':
        return this.#broadcast(nodeId, effect.bytes);
      case 'persist':
        return this.#persist(seat, effect.ringSeq);
      case 'crash-notice':
        seat.crashNotice = effect.bytes;
        return;
      case 'configuration':
        seat.heardBy = effect.type === 'transitional' ? 'companions' : 'ring';
        if (effect.type !== 'regular') return;
        seat.ring = effect.ringId;
        seat.outlook = this.#outlook(seat, effect);
        return;
      case 'group-changed':
        return this.#groupChanged(seat, effect);
      case 'deliver':
        return seat.inbox.put({
          kind: 'message',
          from: effect.nodeId,
          bytes: effect.body.slice(),
          heardBy: seat.heardBy,
        });
      case 'quorum-changed':
        return seat.inbox.put({ kind: 'quorum', quorate: effect.quorum.quorate });
      case 'refused':
      case 'queue-full':
      case 'killed':
      case 'stop':
        throw new Error(`the ring of node ${nodeId} answered: ${JSON.stringify(effect)}`);
      default:
    }
  }

  /** A configuration that is over before its group is told counts all the same. */
  #outlook({ lease, outlook }: Seat, effect: Extract<MemberEffect, { kind: 'configuration' }>): Seat['outlook'] {
    const { takeOverAtMs, lapsed } = lease.installed(effect, this.#wiring.time.nowMs);
    return { takeOverAtMs, lapsed: lapsed || outlook.lapsed };
  }

  #groupChanged(seat: Seat, effect: Extract<MemberEffect, { kind: 'group-changed' }>): void {
    if (effect.group !== group) return;
    const { nodeId } = seat.place;
    const members = [...new Set(effect.members.map((member) => member.nodeId))].sort((left, right) => left - right);
    if (effect.joined.some((member) => member.nodeId === nodeId && member.processId === seat.life)) {
      seat.joined = true;
      this.#wiring.time.later(0, () => this.#say(seat));
    }
    if (members.length === 0 || !seat.joined) return;
    const ring = { name: formatRingId(seat.ring), seq: seat.ring.seq, members };
    const { quorate } = quorumView(seat.member.stack);
    seat.inbox.put({ kind: 'configuration', ring, quorate, ...seat.outlook });
    seat.outlook = { ...seat.outlook, lapsed: false };
  }

  #persist(seat: Seat, ringSeq: number): void {
    const { time, random } = this.#wiring;
    const afterMs = random.fraction() * (random.chance(0.1) ? persistMs.slow : persistMs.usual);
    time.later(afterMs, () => {
      if (!this.#isSeated(seat)) return;
      seat.place.storedRingSeq = Math.max(seat.place.storedRingSeq, ringSeq);
      this.#step(seat, { kind: 'persisted', ringSeq });
    });
  }

  #broadcast(from: number, bytes: Uint8Array): void {
    for (const nodeId of this.#places.keys()) if (nodeId !== from) this.#transmit(from, nodeId, bytes);
  }

  #transmit(from: number, to: number, bytes: Uint8Array): void {
    const { time, arrivals } = this.#wiring;
    for (const afterMs of arrivals(from, to)) {
      time.later(afterMs, () => {
        const { seat } = this.#place(to);
        if (seat !== undefined) this.#arrive(seat, bytes);
      });
    }
  }
}
