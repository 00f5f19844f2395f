// N members in one thread on virtual time: a schedule goes in, a verdict comes out, the same on every machine.
import { Random } from '../../kit/index.ts';
import {
  assertInvariants,
  createMember,
  decodeMessage,
  formatRingId,
  havenRing,
  type LinksEvent,
  type Member,
  type MemberEffect,
  type MemberEvent,
  nextMemberDeadline,
  quorumView,
  type RingProfile,
  sessionOf,
  step,
  stepMember,
  type TotemEffect,
} from '../../membership/index.ts';
import { Agenda } from './agenda.ts';
import { Checker } from './checker.ts';
import { activeFaults, arrivals, hopPartMax, type Way } from './network.ts';
import { type Happening, type Node, type Received, restingNode, stackConfig } from './node.ts';
import type { Fault, Schedule } from './schedule.ts';
import { forgedDatagram, type KeyStage, Station } from './station.ts';
import { talk } from './talk.ts';
import type { Installation, Verdict } from './verdict.ts';

/** Once faults stop, one membership stands, synchronised, with nothing left unsaid, within this time. */
export const settleMsMax = 8000;
const socketDatagramsMax = 2000;
const violationsMax = 20;
/** Some moment of this century, in ms since 1970: sessions are dated. */
const firstSessionMs = 1.7e12;

export function simulate(schedule: Schedule): Verdict {
  return new Cluster(schedule).run();
}

class Cluster {
  readonly #schedule: Schedule;
  readonly #agenda = new Agenda<Happening>();
  readonly #checker: Checker;
  readonly #nodes: Node[];
  readonly #network: Random;
  readonly #disk: Random;
  readonly #talk: Random;
  readonly #attacker: Random;
  readonly #peers: readonly (readonly number[])[];
  readonly #installations: Installation[] = [];
  #active: Fault[] = [];
  #nowMs = 0;
  #steps = 0;

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
    this.#checker = new Checker(schedule.nodeCount);
    const random = new Random(`cluster/${schedule.seed}`);
    this.#network = random.fork('network');
    this.#disk = random.fork('disk');
    this.#talk = random.fork('talk');
    this.#attacker = random.fork('attacker');
    this.#nodes = schedule.clockRates.map((clockRate, index) =>
      restingNode(index + 1, clockRate, schedule.wiring.linkCount),
    );
    const nodeIds = this.#nodes.map(({ nodeId }) => nodeId);
    this.#peers = nodeIds.map((nodeId) => nodeIds.filter((other) => other !== nodeId));
  }

  run(): Verdict {
    const schedule = this.#schedule;
    for (const node of this.#nodes) this.#start(node);
    for (const fault of schedule.faults) {
      this.#agenda.put(fault.fromMs, { kind: 'fault-begins', fault });
      this.#agenda.put(fault.untilMs, { kind: 'fault-ends', fault });
    }
    if (schedule.messagesPerSecond > 0) for (const node of this.#nodes) this.#planTalk(node.nodeId);
    this.#agenda.put(schedule.calmAfterMs, { kind: 'look' });
    const settledAfterMs = this.#runUntilSettled();
    const run = this.#checker.violations.length === 0 ? 'complete' : 'interrupted';
    if (settledAfterMs === undefined && run === 'complete') this.#reportUnsettled();
    this.#checker.finish(run);
    return {
      violations: this.#checker.violations,
      virtualMs: this.#nowMs,
      settledAfterMs,
      delivered: this.#checker.delivered,
      rings: this.#checker.rings,
      steps: this.#steps,
      installations: this.#installations,
    };
  }

  #runUntilSettled(): number | undefined {
    const { calmAfterMs } = this.#schedule;
    for (let next = this.#agenda.take(); next !== undefined; next = this.#agenda.take()) {
      this.#nowMs = next.atMs;
      if (next.item.kind === 'look') {
        if (this.#isSettled()) return this.#nowMs - calmAfterMs;
        if (this.#nowMs > calmAfterMs + settleMsMax || this.#checker.violations.length > 0) return undefined;
        this.#agenda.put(this.#nowMs + 20, { kind: 'look' });
      } else this.#happen(next.item);
    }
    return undefined;
  }

  #happen(item: Exclude<Happening, { kind: 'look' }>): void {
    switch (item.kind) {
      case 'arrive':
        this.#arrive(this.#node(item.to), item.received);
        return;
      case 'wake':
        this.#wake(this.#node(item.node), item.life);
        return;
      case 'persisted':
        this.#persisted(this.#node(item.node), item);
        return;
      case 'talk':
        this.#talkOnce(this.#node(item.node));
        return;
      case 'fault-begins':
        this.#active = activeFaults(this.#schedule.faults, this.#nowMs);
        this.#begin(item.fault);
        return;
      case 'fault-ends':
        this.#active = activeFaults(this.#schedule.faults, this.#nowMs);
        this.#end(item.fault);
        return;
      case 'flood':
        this.#flood(item.fault);
        return;
      case 'key-step':
        this.#rollKey(this.#node(item.node), item.stage);
    }
  }

  #start(node: Node): void {
    node.life++;
    const { life } = node;
    this.#checker.born(node.nodeId, life);
    node.member = createMember(
      { ring: this.#ringConfig(node), stack: stackConfig(node.nodeId, this.#nodes.length) },
      (effect) => {
        this.#checker.ordered(node.nodeId, life, effect);
        if (effect.kind === 'configuration' && effect.type === 'regular') this.#installed(node.nodeId, effect.members);
      },
    );
    node.station = new Station({
      nodeId: node.nodeId,
      peers: this.#peersOf(node.nodeId),
      wiring: this.#schedule.wiring,
      session: sessionOf(firstSessionMs + Math.floor(this.#nowMs), this.#attacker.below(2 ** 16)),
      stage: node.keyStage,
    });
    node.wakeAtMs = Infinity;
    const nowMs = this.#localMs(node);
    this.#sendAll(node, node.station.links({ kind: 'start', nowMs }));
    node.carriersLost.forEach((lost, link) => {
      if (lost > 0) this.#stepLinks(node, { kind: 'carrier', link, state: 'down', nowMs });
    });
    this.#step(node, { kind: 'start', storedRingSeq: node.storedRingSeq, nowMs: this.#localMs(node) });
  }

  #installed(node: number, members: readonly number[]): void {
    this.#installations.push({ atMs: this.#nowMs, node, members });
    if (this.#nowMs >= this.#schedule.steadyFromMs)
      this.#broken(`steady membership: node ${node} installs a ring of ${members} though a link connects everybody`);
  }

  /** Half of the nodes write each ring number when it is used, so that the disk is in the way. */
  #ringConfig(node: Node): RingProfile {
    return { ...havenRing(node.nodeId), ringSeqReserve: this.#disk.chance(0.5) ? 0 : 64 };
  }

  #step(node: Node, event: MemberEvent): void {
    const { member } = node;
    if (member !== undefined) this.#stepped(node, member, stepMember(member, event));
  }

  #stepped(node: Node, member: Member, effects: readonly (MemberEffect | TotemEffect)[]): void {
    this.#steps++;
    assertInvariants(member.ring);
    for (const effect of effects) this.#carryOut(node, effect);
    this.#planWake(node, member);
  }

  #planWake(node: Node, member: Member): void {
    const wakeAtMs = Math.min(nextMemberDeadline(member), node.station?.deadlineMs ?? Infinity) / node.clockRate;
    if (wakeAtMs === node.wakeAtMs || wakeAtMs === Infinity) return;
    // An earlier wake still on the agenda finds nothing due and asks again.
    if (wakeAtMs < node.wakeAtMs || node.wakeAtMs <= this.#nowMs) {
      node.wakeAtMs = wakeAtMs;
      this.#agenda.put(Math.max(this.#nowMs, wakeAtMs), { kind: 'wake', node: node.nodeId, life: node.life });
    }
  }

  #carryOut(node: Node, effect: MemberEffect | TotemEffect): void {
    switch (effect.kind) {
      case 'send':
        if (effect.nodeId === node.nodeId) this.#toItself(node, effect.bytes);
        else this.#sendAll(node, node.station?.send(effect.bytes, effect.nodeId, effect.attempt) ?? []);
        return;
      case 'multicast':
      case 'broadcast':
        this.#sendAll(node, node.station?.multicast(effect.bytes) ?? []);
        return;
      case 'persist': {
        const { life } = node;
        const afterMs = this.#diskMs();
        node.unsynced = effect.ringSeq;
        this.#agenda.put(this.#nowMs + afterMs, {
          kind: 'persisted',
          node: node.nodeId,
          life,
          ringSeq: effect.ringSeq,
        });
        return;
      }
      case 'configuration':
        if (effect.type === 'regular') node.ring = formatRingId(effect.ringId);
        return;
      case 'crash-notice':
        node.crashNotice = effect.bytes;
        node.farewell = node.station?.farewell(effect.bytes);
        return;
      case 'quorum-changed':
        if (effect.quorum.quorate) this.#checker.quorate(node.nodeId, node.life, node.ring);
        return;
      case 'refused':
      case 'queue-full':
        throw new Error(`a simulated message was refused: ${JSON.stringify(effect)}`);
      default:
    }
  }

  #diskMs(): number {
    let worstMs = this.#disk.chance(0.1) ? 60 : 3;
    for (const fault of this.#active) if (fault.kind === 'slow-disk') worstMs += fault.extraMsMax;
    return this.#disk.fraction() * worstMs;
  }

  #toItself(node: Node, bytes: Uint8Array): void {
    const received = { from: node.nodeId, link: 0, datagram: bytes, origin: 'member' } as const;
    const afterMs = this.#network.fraction() * hopPartMax * this.#schedule.wiring.hopMs;
    this.#agenda.put(this.#nowMs + afterMs, { kind: 'arrive', to: node.nodeId, received });
  }

  #sendAll(node: Node, outgoing: readonly { link: number; to: number; datagram: Uint8Array }[]): void {
    for (const { link, to, datagram } of outgoing) this.#transmit({ from: node.nodeId, to, link }, datagram);
  }

  #transmit(way: Way, datagram: Uint8Array): void {
    const { from, link, to } = way;
    const received = { from, link, datagram, origin: 'member' } as const;
    for (const { afterMs, state } of arrivals(this.#network, this.#active, way, this.#schedule.wiring.hopMs)) {
      if (state === 'intact') this.#agenda.put(this.#nowMs + afterMs, { kind: 'arrive', to, received });
      else this.#arriveDamaged(to, received, afterMs);
    }
    for (const fault of this.#active) {
      if (fault.kind !== 'replay' || !this.#attacker.chance(fault.probability)) continue;
      const afterMs = this.#attacker.fraction() * fault.afterMsMax;
      this.#agenda.put(this.#nowMs + afterMs, { kind: 'arrive', to, received });
    }
  }

  /**
   * A seal sees damage, as the ring would not. Without one a checksum refuses it before the ring does; that the decoder
   * survives it is tried all the same.
   */
  #arriveDamaged(to: number, received: Received, afterMs: number): void {
    const damaged = received.datagram.slice();
    const at = this.#network.below(damaged.length);
    damaged[at] = (damaged[at] ?? 0) ^ (1 << this.#network.below(8));
    if (this.#schedule.wiring.security === 'plain') decodeMessage(damaged);
    else this.#arriveForged(to, { ...received, datagram: damaged }, afterMs);
  }

  #arriveForged(to: number, received: Omit<Received, 'origin'>, afterMs: number): void {
    this.#agenda.put(this.#nowMs + afterMs, { kind: 'arrive', to, received: { ...received, origin: 'attacker' } });
  }

  /** Noise, and what looks like a member's datagram but for the tag. */
  #flood(fault: Extract<Fault, { kind: 'flood' }>): void {
    if (this.#nowMs >= fault.untilMs) return;
    this.#agenda.put(this.#nowMs + 1000 / fault.perSecond, { kind: 'flood', fault });
    const from = this.#attacker.between(1, this.#nodes.length);
    const noise = new Uint8Array(this.#attacker.between(0, 120));
    for (let at = 0; at < noise.length; at++) noise[at] = this.#attacker.below(256);
    const datagram = this.#attacker.chance(0.7) ? forgedDatagram(from, noise) : noise;
    for (const { nodeId } of this.#nodes) this.#arriveForged(nodeId, { from, link: 0, datagram }, 0);
  }

  #arrive(node: Node, received: Received): void {
    const { station } = node;
    if (node.member === undefined || station === undefined) return;
    if (node.pauses > 0) {
      if (node.socket.length < socketDatagramsMax) node.socket.push(received);
      return;
    }
    const nowMs = this.#localMs(node);
    if (received.from === node.nodeId && received.origin === 'member') {
      this.#step(node, { kind: 'datagram', bytes: received.datagram, nowMs });
      return;
    }
    const { message, authentic, taken, send } = station.receive(received, nowMs);
    if (taken === 'twice') this.#broken(`replay: node ${node.nodeId} takes a datagram of ${received.from} twice`);
    if (authentic && received.origin === 'attacker')
      this.#broken(`authenticity: node ${node.nodeId} takes a forged datagram in the name of ${received.from}`);
    this.#sendAll(node, send);
    if (message !== undefined) this.#step(node, { kind: 'datagram', bytes: message, nowMs });
    else if (station.deadlineMs < node.wakeAtMs * node.clockRate) this.#planWake(node, node.member);
  }

  #stepLinks(node: Node, event: LinksEvent): void {
    const { station, member } = node;
    if (station === undefined || member === undefined) return;
    this.#sendAll(node, station.links(event));
    this.#planWake(node, member);
  }

  #wake(node: Node, life: number): void {
    if (node.life !== life || node.member === undefined || node.pauses > 0) return;
    if (node.wakeAtMs <= this.#nowMs) node.wakeAtMs = Infinity;
    const dueMs = Math.min(nextMemberDeadline(node.member), node.station?.deadlineMs ?? Infinity);
    // Local time is global time by a rate; a hair may be missing after the division.
    const nowMs = Math.max(this.#localMs(node), Math.min(dueMs, this.#localMs(node) + 1e-6));
    if ((node.station?.deadlineMs ?? Infinity) <= nowMs) this.#stepLinks(node, { kind: 'deadline', nowMs });
    this.#step(node, { kind: 'deadline', nowMs });
  }

  #persisted(node: Node, item: { life: number; ringSeq: number }): void {
    if (node.life !== item.life || node.member === undefined) return;
    node.storedRingSeq = Math.max(node.storedRingSeq, item.ringSeq);
    this.#step(node, { kind: 'persisted', ringSeq: item.ringSeq, nowMs: this.#localMs(node) });
  }

  #planTalk(node: number): void {
    const meanMs = 1000 / this.#schedule.messagesPerSecond;
    this.#agenda.put(this.#nowMs + this.#talk.fraction() * 2 * meanMs, { kind: 'talk', node });
  }

  #talkOnce(node: Node): void {
    if (this.#nowMs < this.#schedule.calmAfterMs) this.#planTalk(node.nodeId);
    if (node.member === undefined || node.pauses > 0) return;
    const count = this.#talk.chance(0.1) ? this.#talk.between(2, 40) : 1;
    const messages = Array.from({ length: count }, () => {
      const identity = { node: node.nodeId, life: node.life, count: node.said++ };
      this.#checker.accepted(identity);
      return talk(identity, this.#sizeOfTalk(), this.#talk.chance(0.3) ? 'safe' : 'agreed');
    });
    node.member.ordered = [];
    const effects = step(node.member.ring, { kind: 'multicast', messages, nowMs: this.#localMs(node) });
    this.#stepped(node, node.member, [...effects, ...node.member.ordered]);
  }

  #sizeOfTalk(): number {
    if (this.#schedule.largeMessages === 'some' && this.#talk.chance(0.05)) return this.#talk.between(1000, 40_000);
    return this.#talk.between(16, 300);
  }

  #begin(fault: Fault): void {
    if (fault.kind === 'pause') this.#node(fault.node).pauses++;
    else if (fault.kind === 'crash') this.#crash(this.#node(fault.node), fault);
    else if (fault.kind === 'leave') this.#leave(this.#node(fault.node));
    else if (fault.kind === 'power-loss')
      for (const node of this.#nodes) this.#crash(node, { disk: 'lost', notice: 'none' });
    else if (fault.kind === 'false-hint') {
      const node = this.#node(fault.node);
      if (node.pauses === 0)
        this.#step(node, { kind: 'member-failed', nodeId: fault.about, nowMs: this.#localMs(node) });
    } else if (fault.kind === 'carrier') this.#carrier(this.#node(fault.node), fault.link, 'down');
    else if (fault.kind === 'flood') this.#flood(fault);
    else if (fault.kind === 'key-roll')
      for (const one of fault.steps) this.#agenda.put(one.atMs, { kind: 'key-step', ...one });
  }

  #rollKey(node: Node, stage: KeyStage): void {
    node.keyStage = stage;
    node.station?.setStage(stage);
    if (node.crashNotice !== undefined) node.farewell = node.station?.farewell(node.crashNotice);
  }

  /** A node whose every carrier is gone knows that it is alone. */
  #carrier(node: Node, link: number, state: 'up' | 'down'): void {
    const lost = (node.carriersLost[link] ?? 0) + (state === 'down' ? 1 : -1);
    node.carriersLost[link] = lost;
    if (lost !== (state === 'down' ? 1 : 0)) return;
    this.#stepLinks(node, { kind: 'carrier', link, state, nowMs: this.#localMs(node) });
    if (node.carriersLost.includes(0) || node.pauses > 0) return;
    for (const nodeId of [...(node.member?.ring.members ?? [])])
      if (nodeId !== node.nodeId) this.#step(node, { kind: 'member-failed', nodeId, nowMs: this.#localMs(node) });
  }

  #end(fault: Fault): void {
    if (fault.kind === 'pause') this.#resume(this.#node(fault.node));
    else if (fault.kind === 'crash' || fault.kind === 'leave') this.#bringUp(this.#node(fault.node));
    else if (fault.kind === 'power-loss') for (const node of this.#nodes) this.#bringUp(node);
    else if (fault.kind === 'carrier') this.#carrier(this.#node(fault.node), fault.link, 'up');
  }

  #bringUp(node: Node): void {
    node.downs--;
    if (node.downs === 0) this.#start(node);
  }

  #crash(node: Node, fault: { disk: 'kept' | 'lost'; notice: 'guardian' | 'none' }): void {
    node.downs++;
    if (node.member === undefined) return;
    this.#checker.ended(node.nodeId, node.life, 'crashed');
    if (fault.disk === 'kept') node.storedRingSeq = Math.max(node.storedRingSeq, node.unsynced);
    if (fault.notice === 'guardian' && node.farewell !== undefined) this.#sendFarewell(node.nodeId, node.farewell);
    this.#forget(node);
  }

  /** On every link: a guardian knows nothing of their health. */
  #sendFarewell(from: number, datagram: Uint8Array): void {
    for (const to of this.#peersOf(from))
      for (let link = 0; link < this.#schedule.wiring.linkCount; link++) this.#transmit({ from, to, link }, datagram);
  }

  #leave(node: Node): void {
    node.downs++;
    if (node.member === undefined) return;
    this.#checker.ended(node.nodeId, node.life, 'left');
    this.#step(node, { kind: 'leave', nowMs: this.#localMs(node) });
    this.#forget(node);
  }

  #forget(node: Node): void {
    node.member = undefined;
    node.station = undefined;
    node.farewell = undefined;
    node.socket = [];
    node.crashNotice = undefined;
  }

  /** A process that gets the processor back reads its socket before it looks at the clock's debts. */
  #resume(node: Node): void {
    node.pauses--;
    if (node.pauses > 0) return;
    const waiting = node.socket;
    node.socket = [];
    for (const received of waiting) this.#arrive(node, received);
    node.wakeAtMs = Infinity;
    this.#wake(node, node.life);
  }

  #isSettled(): boolean {
    const first = this.#nodes[0]?.member?.ring;
    return first !== undefined && this.#nodes.every((node) => this.#isSettledWith(node, first));
  }

  #isSettledWith(node: Node, first: Member['ring']): boolean {
    const ring = node.member?.ring;
    if (node.member === undefined || ring?.phase !== 'operational') return false;
    const sameRing = formatRingId(ring.ringId) === formatRingId(first.ringId);
    const complete = sameRing && ring.members.length === this.#nodes.length && !ring.waitingForSync;
    const caughtUp = ring.aru === first.aru && ring.highDelivered === first.highDelivered;
    return (
      complete &&
      caughtUp &&
      quorumView(node.member.stack).quorate &&
      this.#checker.hasHeardItself(node.nodeId, node.life)
    );
  }

  #reportUnsettled(): void {
    const states = this.#nodes.map(({ nodeId, life, member }) => {
      if (member === undefined) return `${nodeId}: down`;
      const { ring, stack } = member;
      const sync = ring.waitingForSync ? 'synchronising' : 'synchronised';
      const heard = this.#checker.hasHeardItself(nodeId, life) ? 'heard itself' : 'unheard';
      const quorum = quorumView(stack).quorate ? 'quorate' : 'not quorate';
      const numbers = `${ring.aru}/${ring.highDelivered}/${ring.highSeq}`;
      return `${nodeId}: ${ring.phase} ${formatRingId(ring.ringId)} (${ring.members}) ${sync} ${quorum} ${heard} ${numbers}`;
    });
    const text = `liveness: no common membership ${settleMsMax} ms after the last fault: ${states.join('; ')}`;
    this.#broken(text);
  }

  #broken(text: string): void {
    if (this.#checker.violations.length < violationsMax) this.#checker.violations.push(text);
  }

  #peersOf(nodeId: number): readonly number[] {
    return this.#peers[nodeId - 1] ?? [];
  }

  #localMs(node: Node): number {
    return Math.max(node.member?.ring.nowMs ?? 0, this.#nowMs * node.clockRate);
  }

  #node(nodeId: number): Node {
    const node = this.#nodes[nodeId - 1];
    if (node === undefined) throw new Error(`there is no node ${nodeId}`);
    return node;
  }
}
