// N members in one thread on virtual time: a schedule goes in, a verdict comes out, the same on every machine.
import { Random } from '../../kit/index.ts';
import {
  assertInvariants,
  createMember,
  decodeMessage,
  formatRingId,
  havenRing,
  type Member,
  type MemberEffect,
  type MemberEvent,
  nextMemberDeadline,
  quorumView,
  type RingProfile,
  step,
  stepMember,
  type TotemEffect,
} from '../../membership/index.ts';
import { Agenda } from './agenda.ts';
import { Checker } from './checker.ts';
import { activeFaults, arrivals } from './network.ts';
import type { Fault, Schedule } from './schedule.ts';
import { talk } from './talk.ts';

/** Once faults stop, one membership stands, synchronised, with nothing left unsaid, within this time. */
export const settleMsMax = 8000;
const socketDatagramsMax = 2000;

type Happening =
  | { readonly kind: 'arrive'; readonly to: number; readonly bytes: Uint8Array }
  | { readonly kind: 'wake'; readonly node: number; readonly life: number }
  | { readonly kind: 'persisted'; readonly node: number; readonly life: number; readonly ringSeq: number }
  | { readonly kind: 'talk'; readonly node: number }
  | { readonly kind: 'fault-begins' | 'fault-ends'; readonly fault: Fault }
  | { readonly kind: 'look' };

type Node = {
  readonly nodeId: number;
  readonly clockRate: number;
  life: number;
  member: Member | undefined;
  wakeAtMs: number;
  /** While above zero the process gets no processor; what arrives waits in its socket. */
  pauses: number;
  /** Crashes and leaves that keep it down. */
  downs: number;
  socket: Uint8Array[];
  storedRingSeq: number;
  /** Asked of the disk, not confirmed. */
  unsynced: number;
  crashNotice: Uint8Array | undefined;
  said: number;
  /** Of the last configuration told, in the order of what is told. */
  ring: string;
};

export type Verdict = {
  readonly violations: readonly string[];
  readonly virtualMs: number;
  readonly settledAfterMs: number | undefined;
  readonly delivered: number;
  readonly rings: number;
  readonly steps: number;
  /** Every ring that a node installed, in the order of time. */
  readonly installations: readonly Installation[];
};

export type Installation = { readonly atMs: number; readonly node: number; readonly members: readonly number[] };

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
    this.#nodes = schedule.clockRates.map((clockRate, index) => restingNode(index + 1, clockRate));
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
    if (settledAfterMs === undefined && this.#checker.violations.length === 0) this.#reportUnsettled();
    this.#checker.finish();
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
        this.#arrive(this.#node(item.to), item.bytes);
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
        if (effect.kind === 'configuration' && effect.type === 'regular')
          this.#installations.push({ atMs: this.#nowMs, node: node.nodeId, members: effect.members });
      },
    );
    node.wakeAtMs = Infinity;
    this.#step(node, { kind: 'start', storedRingSeq: node.storedRingSeq, nowMs: this.#localMs(node) });
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
    const wakeAtMs = nextMemberDeadline(member) / node.clockRate;
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
        this.#transmit(node.nodeId, effect.nodeId, effect.bytes);
        return;
      case 'multicast':
      case 'broadcast':
        for (const { nodeId } of this.#nodes)
          if (nodeId !== node.nodeId) this.#transmit(node.nodeId, nodeId, effect.bytes);
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

  #transmit(from: number, to: number, bytes: Uint8Array): void {
    for (const { afterMs, state } of arrivals(this.#network, this.#active, from, to)) {
      if (state === 'corrupt') this.#readDamaged(bytes);
      else this.#agenda.put(this.#nowMs + afterMs, { kind: 'arrive', to, bytes });
    }
  }

  /** A checksum or a seal refuses damage before the ring sees it; that the decoder survives it is tried all the same. */
  #readDamaged(bytes: Uint8Array): void {
    const damaged = bytes.slice();
    const at = this.#network.below(damaged.length);
    damaged[at] = (damaged[at] ?? 0) ^ (1 << this.#network.below(8));
    decodeMessage(damaged);
  }

  #arrive(node: Node, bytes: Uint8Array): void {
    if (node.member === undefined) return;
    if (node.pauses > 0) {
      if (node.socket.length < socketDatagramsMax) node.socket.push(bytes);
    } else this.#step(node, { kind: 'datagram', bytes, nowMs: this.#localMs(node) });
  }

  #wake(node: Node, life: number): void {
    if (node.life !== life || node.member === undefined || node.pauses > 0) return;
    if (node.wakeAtMs <= this.#nowMs) node.wakeAtMs = Infinity;
    // Local time is global time by a rate; a hair may be missing after the division.
    const nowMs = Math.max(this.#localMs(node), Math.min(nextMemberDeadline(node.member), this.#localMs(node) + 1e-6));
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
    }
  }

  #end(fault: Fault): void {
    if (fault.kind === 'pause') this.#resume(this.#node(fault.node));
    else if (fault.kind === 'crash' || fault.kind === 'leave') this.#bringUp(this.#node(fault.node));
    else if (fault.kind === 'power-loss') for (const node of this.#nodes) this.#bringUp(node);
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
    if (fault.notice === 'guardian' && node.crashNotice !== undefined)
      this.#carryOut(node, { kind: 'broadcast', bytes: node.crashNotice });
    this.#forget(node);
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
    node.socket = [];
    node.crashNotice = undefined;
  }

  /** A process that gets the processor back reads its socket before it looks at the clock's debts. */
  #resume(node: Node): void {
    node.pauses--;
    if (node.pauses > 0) return;
    const waiting = node.socket;
    node.socket = [];
    for (const bytes of waiting) this.#arrive(node, bytes);
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
    (this.#checker.violations as string[]).push(text);
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

function stackConfig(nodeId: number, nodeCount: number): Parameters<typeof createMember>[0]['stack'] {
  const quorum = {
    nodeId,
    votes: 1,
    expectedVotes: nodeCount,
    twoNode: false,
    waitForAll: false,
    lastManStandingWindowMs: undefined,
    autoTieBreaker: undefined,
    allowDownscale: false,
    expectedVotesTracking: false,
    device: undefined,
  };
  return { nodeId, quorum, storedVotes: 0, configVersion: undefined };
}

function restingNode(nodeId: number, clockRate: number): Node {
  return {
    nodeId,
    clockRate,
    life: 0,
    member: undefined,
    wakeAtMs: Infinity,
    pauses: 0,
    downs: 0,
    socket: [],
    storedRingSeq: 0,
    unsynced: 0,
    crashNotice: undefined,
    said: 0,
    ring: '',
  };
}
