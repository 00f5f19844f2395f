// A ring of whole members that is fed mutated datagrams: its own traffic and captured ones, changed at random. No member
// may throw or break an invariant. Sealed, the ring may not even change; without a seal anybody can speak in a member's
// name and the ring may fall apart, but it stands again soon after the last of them.
import { Random } from '../../kit/index.ts';
import {
  assertInvariants,
  createMember,
  formatRingId,
  havenRing,
  type Member,
  type MemberEffect,
  type MemberEvent,
  nextMemberDeadline,
  sessionOf,
  stepMember,
} from '../../membership/index.ts';
import { Agenda } from '../membership/agenda.ts';
import { stackConfig } from '../membership/node.ts';
import { Station } from '../membership/station.ts';
import { mutate } from './mutate.ts';

export type Security = 'plain' | 'sealed';

export type FuzzVerdict = {
  readonly violations: readonly string[];
  readonly datagrams: number;
  readonly rings: number;
  readonly delivered: number;
  readonly virtualMs: number;
};

type Happening =
  | { readonly kind: 'arrive'; readonly to: number; readonly from: number; readonly datagram: Uint8Array }
  | { readonly kind: 'persisted'; readonly node: number; readonly ringSeq: number }
  | { readonly kind: 'mutant' }
  | { readonly kind: 'wake' | 'talk'; readonly node: number };

type Node = {
  readonly nodeId: number;
  readonly member: Member;
  readonly station: Station;
  wakeAtMs: number;
  heard: number;
};

const nodeIds = [1, 2, 3] as const;
const wiring = { linkCount: 1, linkMode: 'passive', cipher: 'aes-gcm', hopMs: 1 } as const;
const firstRingMs = 1000;
/** Mutants come in bursts, so that those of a standing ring are tried as well as those of one that forms. */
const burstMs = 250;
const burstDatagrams = 2000;
const restMs = 750;
const settleMsMax = 8000;
const talkMs = 50;
const large = 5000;
/** Datagrams of each kind kept to be mutated. */
const keptMax = 32;

/** `onBurst` is called after each burst: for those who measure. */
export function fuzz(options: {
  readonly seed: string;
  readonly security: Security;
  readonly datagrams: number;
  readonly captured?: readonly Uint8Array[];
  readonly onBurst?: () => void;
}): FuzzVerdict {
  const ring = new FuzzedRing(options.seed, options.security, options.captured ?? []);
  ring.runUntil(firstRingMs);
  ring.judgeStanding('before the first mutant');
  for (let left = options.datagrams; left > 0; left -= burstDatagrams) {
    ring.burst(Math.min(burstDatagrams, left));
    options.onBurst?.();
  }
  ring.settle();
  return ring.verdict;
}

class FuzzedRing {
  readonly #security: Security;
  readonly #captured: readonly Uint8Array[];
  readonly #agenda = new Agenda<Happening>();
  readonly #random: Random;
  readonly #nodes: readonly Node[];
  readonly #kept = new Map<number, Uint8Array[]>();
  readonly #violations: string[] = [];
  #nowMs = 0;
  #datagrams = 0;
  #rings = 0;
  #said = 0;

  constructor(seed: string, security: Security, captured: readonly Uint8Array[]) {
    this.#security = security;
    this.#captured = captured;
    this.#random = new Random(`fuzz/${seed}/${security}`);
    this.#nodes = nodeIds.map((nodeId) => this.#createNode(nodeId));
    for (const node of this.#nodes) {
      this.#step(node, { kind: 'start', storedRingSeq: 0, nowMs: 0 });
      this.#step(node, { kind: 'join', process: { processId: node.nodeId, group: 'fuzz' }, nowMs: 0 });
      this.#agenda.put(firstRingMs + this.#random.fraction() * talkMs, { kind: 'talk', node: node.nodeId });
    }
  }

  get verdict(): FuzzVerdict {
    const delivered = this.#nodes.reduce((sum, { heard }) => sum + heard, 0);
    const [violations, datagrams, rings, virtualMs] = [this.#violations, this.#datagrams, this.#rings, this.#nowMs];
    return { violations, datagrams, rings, delivered, virtualMs };
  }

  runUntil(untilMs: number): void {
    for (let next = this.#agenda.take(); next !== undefined; next = this.#agenda.take()) {
      if (next.atMs > untilMs) {
        this.#agenda.put(next.atMs, next.item);
        break;
      }
      this.#nowMs = next.atMs;
      this.#happen(next.item);
    }
    this.#nowMs = untilMs;
  }

  burst(count: number): void {
    const ringsBefore = this.#rings;
    for (let index = 0; index < count; index++)
      this.#agenda.put(this.#nowMs + this.#random.fraction() * burstMs, { kind: 'mutant' });
    this.runUntil(this.#nowMs + burstMs + restMs);
    if (this.#security === 'sealed' && this.#rings !== ringsBefore)
      this.#violations.push(`steady membership: the ring changed at ${this.#nowMs} ms by what does not verify`);
  }

  settle(): void {
    for (const untilMs = this.#nowMs + settleMsMax; this.#nowMs < untilMs && !this.#isStanding(); )
      this.runUntil(this.#nowMs + 20);
    this.judgeStanding(`${settleMsMax} ms after the last mutant`);
    if (this.#security === 'plain') return;
    // What the last to speak said is still on its way.
    this.runUntil(this.#nowMs + restMs);
    for (const { nodeId, heard } of this.#nodes)
      if (heard < this.#said - nodeIds.length) this.#violations.push(`node ${nodeId} heard ${heard} of ${this.#said}`);
  }

  judgeStanding(when: string): void {
    if (this.#isStanding()) return;
    const states = this.#nodes.map(({ nodeId, member: { ring } }) => `${nodeId}: ${ring.phase} (${ring.members})`);
    this.#violations.push(`liveness: no common ring ${when}: ${states.join('; ')}`);
  }

  #isStanding(): boolean {
    const [first] = this.#nodes;
    return this.#nodes.every(({ member: { ring } }) => {
      const same = formatRingId(ring.ringId) === formatRingId(first?.member.ring.ringId ?? ring.oldRingId);
      return ring.phase === 'operational' && same && ring.members.length === nodeIds.length && !ring.waitingForSync;
    });
  }

  #createNode(nodeId: number): Node {
    const stack = stackConfig(nodeId, nodeIds.length);
    const peers = nodeIds.filter((other) => other !== nodeId);
    const session = sessionOf(1.7e12, nodeId);
    return {
      nodeId,
      member: createMember({ ring: havenRing(nodeId), stack }),
      station: new Station({ nodeId, peers, wiring: { ...wiring, security: this.#security }, session, stage: 0 }),
      wakeAtMs: Infinity,
      heard: 0,
    };
  }

  #happen(item: Happening): void {
    const nowMs = this.#nowMs;
    switch (item.kind) {
      case 'mutant':
        this.#receive(this.#anyNode(), this.#anyNode().nodeId, this.#mutant());
        return;
      case 'arrive':
        if (item.from !== item.to) this.#receive(this.#node(item.to), item.from, item.datagram);
        else this.#step(this.#node(item.to), { kind: 'datagram', bytes: item.datagram, nowMs });
        return;
      case 'persisted':
        this.#step(this.#node(item.node), { kind: 'persisted', ringSeq: item.ringSeq, nowMs });
        return;
      case 'talk':
        this.#talk(this.#node(item.node));
        return;
      case 'wake':
        this.#node(item.node).wakeAtMs = Infinity;
        this.#step(this.#node(item.node), { kind: 'deadline', nowMs });
    }
  }

  #mutant(): Uint8Array {
    this.#datagrams++;
    const own = this.#random.pick([...this.#kept.values()]) ?? [];
    const source = this.#captured.length > 0 && this.#random.chance(0.3) ? this.#captured : own;
    const other = this.#random.pick(source) ?? new Uint8Array();
    return mutate(this.#random, this.#random.pick(source) ?? new Uint8Array(), other);
  }

  #receive(node: Node, from: number, datagram: Uint8Array): void {
    const { message } = node.station.receive({ datagram, from, link: 0 }, this.#nowMs);
    if (message !== undefined) this.#step(node, { kind: 'datagram', bytes: message, nowMs: this.#nowMs });
  }

  #talk(node: Node): void {
    this.#agenda.put(this.#nowMs + talkMs, { kind: 'talk', node: node.nodeId });
    const process = { processId: node.nodeId, group: 'fuzz' };
    const body = new Uint8Array(this.#random.chance(0.1) ? large : 40);
    this.#said++;
    this.#step(node, { kind: 'multicast', process, body, guarantee: 'agreed', nowMs: this.#nowMs });
  }

  #step(node: Node, event: MemberEvent): void {
    for (const effect of stepMember(node.member, event)) this.#carryOut(node, effect);
    assertInvariants(node.member.ring);
    const wakeAtMs = nextMemberDeadline(node.member);
    if (wakeAtMs >= node.wakeAtMs) return;
    node.wakeAtMs = wakeAtMs;
    this.#agenda.put(Math.max(this.#nowMs, wakeAtMs), { kind: 'wake', node: node.nodeId });
  }

  #carryOut(node: Node, effect: MemberEffect): void {
    const { nodeId, station } = node;
    switch (effect.kind) {
      case 'send':
        if (effect.nodeId === nodeId) this.#transmit(nodeId, nodeId, effect.bytes);
        else
          for (const { to, datagram } of station.send(effect.bytes, effect.nodeId, effect.attempt))
            this.#transmit(nodeId, to, datagram);
        return;
      case 'broadcast':
        for (const { to, datagram } of station.multicast(effect.bytes)) this.#transmit(nodeId, to, datagram);
        return;
      case 'persist':
        this.#agenda.put(this.#nowMs + 1, { kind: 'persisted', node: nodeId, ringSeq: effect.ringSeq });
        return;
      case 'configuration':
        if (effect.type === 'regular') this.#rings++;
        return;
      case 'deliver':
        node.heard++;
        return;
      default:
    }
  }

  /** A ring that believed a mutant may have members that are not there. */
  #transmit(from: number, to: number, datagram: Uint8Array): void {
    if (to > this.#nodes.length) return;
    this.#keep(datagram);
    this.#agenda.put(this.#nowMs + (0.1 + 0.3 * this.#random.fraction()) * wiring.hopMs, {
      kind: 'arrive',
      to,
      from,
      datagram,
    });
  }

  /** By the byte that says what it is: of a plain datagram its type. */
  #keep(datagram: Uint8Array): void {
    const kind = datagram[3] ?? 0;
    const kept = this.#kept.get(kind) ?? [];
    this.#kept.set(kind, kept);
    if (kept.length < keptMax) kept.push(datagram);
    else kept[this.#random.below(keptMax)] = datagram;
  }

  #anyNode(): Node {
    return this.#node(this.#random.pick(nodeIds) ?? 1);
  }

  #node(nodeId: number): Node {
    const node = this.#nodes[nodeId - 1];
    if (node === undefined) throw new Error(`there is no node ${nodeId}`);
    return node;
  }
}
