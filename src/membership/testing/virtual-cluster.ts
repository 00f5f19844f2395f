// Messaging engines of a whole cluster in one thread on virtual time: the same pure members as on the kernel, wires that
// lose nothing, and a clock that moves when somebody waits.
import { CommandFailure, defined } from '../../kit/index.ts';
import type { EngineEvent, EngineListener, MessagingEngine, MulticastRefusal, QuorumView } from '../engine.ts';
import {
  createMember,
  type Member,
  type MemberEffect,
  type MemberEvent,
  nextMemberDeadline,
  stepMember,
} from '../member.ts';
import type { QuorumConfig } from '../quorum/model.ts';
import { havenRing } from '../ring-profile.ts';
import { quorumView } from '../services/stack.ts';
import { type Guarantee, isDrained, messageBytesMax } from '../totem/index.ts';

const wireMs = 0.2;
const diskMs = 3;
const virtualMsMax = 120_000;
/** Header and group name around a client's body. */
const overheadBytes = 200;

type Happening = {
  readonly atMs: number;
  readonly order: number;
  readonly nodeId: number;
  readonly event: UntimedEvent;
};
type UntimedEvent = MemberEvent extends infer Event ? (Event extends unknown ? Omit<Event, 'nowMs'> : never) : never;

export class VirtualCluster {
  readonly engines: readonly VirtualEngine[];
  #nowMs = 0;
  #order = 0;
  #happenings: Happening[] = [];

  constructor(nodeCount: number) {
    const nodeIds = Array.from({ length: nodeCount }, (_, index) => index + 1);
    this.engines = nodeIds.map((nodeId) => new VirtualEngine(this, nodeId, nodeCount));
    for (const nodeId of nodeIds) this.happen(0, nodeId, { kind: 'start', storedRingSeq: 0 } as UntimedEvent);
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  happen(afterMs: number, nodeId: number, event: UntimedEvent): void {
    this.#happenings.push({ atMs: this.#nowMs + afterMs, order: this.#order++, nodeId, event });
  }

  /** Moves time on until `condition` holds. @throws when it never does. */
  async until(what: string, condition: () => boolean): Promise<void> {
    const endMs = this.#nowMs + virtualMsMax;
    while (!condition()) {
      if (this.#nowMs > endMs) throw new CommandFailure({ kind: 'timeout', what });
      this.#step();
      // Whoever awaits something that just became so goes on before time does.
      await Promise.resolve();
    }
  }

  #step(): void {
    const next = this.#happenings.reduce<Happening | undefined>(
      (first, one) => (first === undefined || before(one, first) ? one : first),
      undefined,
    );
    const waking = this.engines.reduce((first, one) => (one.deadline() < first.deadline() ? one : first));
    const wakeMs = waking.deadline();
    if (next !== undefined && next.atMs <= wakeMs) {
      this.#happenings.splice(this.#happenings.indexOf(next), 1);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      this.#engine(next.nodeId).handle({ ...next.event, nowMs: this.#nowMs } as MemberEvent);
    } else if (wakeMs < Infinity) {
      this.#nowMs = Math.max(this.#nowMs, wakeMs);
      waking.handle({ kind: 'deadline', nowMs: this.#nowMs });
    } else this.#nowMs += 1;
  }

  #engine(nodeId: number): VirtualEngine {
    return defined(this.engines[nodeId - 1], 'node ids count from 1');
  }
}

export class VirtualEngine implements MessagingEngine {
  readonly nodeId: number;
  readonly messageBytesMax = messageBytesMax - overheadBytes;
  readonly #cluster: VirtualCluster;
  readonly #member: Member;
  readonly #nodeCount: number;
  readonly #listeners = new Set<EngineListener>();
  readonly #joined = new Set<string>();
  readonly #waiting: { readonly group: string; readonly for: 'join' | 'leave'; readonly resolve: () => void }[] = [];
  #state: 'running' | 'leaving' | 'closed' = 'running';
  #full = false;
  #heardBy: 'ring' | 'companions' = 'ring';

  constructor(cluster: VirtualCluster, nodeId: number, nodeCount: number) {
    this.#cluster = cluster;
    this.nodeId = nodeId;
    this.#nodeCount = nodeCount;
    const quorum: QuorumConfig = {
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
    this.#member = createMember({
      ring: havenRing(nodeId),
      stack: { nodeId, quorum, storedVotes: 0, configVersion: undefined },
    });
  }

  subscribe(listener: EngineListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  join(group: string): Promise<void> {
    this.#ask({ kind: 'join', process: { processId: this.nodeId, group } });
    return new Promise((resolve) => this.#waiting.push({ group, for: 'join', resolve }));
  }

  leaveGroup(group: string): Promise<void> {
    this.#joined.delete(group);
    this.#ask({ kind: 'leave-group', process: { processId: this.nodeId, group } });
    return new Promise((resolve) => this.#waiting.push({ group, for: 'leave', resolve }));
  }

  multicast(group: string, body: Uint8Array, guarantee: Guarantee): MulticastRefusal | undefined {
    if (this.#state !== 'running') return 'closed';
    if (!this.#joined.has(group)) return 'not-joined';
    if (body.length > this.messageBytesMax) return 'too-large';
    this.#full = false;
    this.#ask({ kind: 'multicast', process: { processId: this.nodeId, group }, body, guarantee });
    return this.#full ? 'full' : undefined;
  }

  quorum(): QuorumView {
    return quorumView(this.#member.stack);
  }

  async leave(): Promise<void> {
    if (this.#state !== 'running') return;
    this.#state = 'leaving';
    this.#ask({ kind: 'process-gone', processId: this.nodeId });
    return new Promise((resolve) => this.subscribe((event) => event.kind === 'closed' && resolve()));
  }

  /** Ends without a word, as a power-off does. */
  crash(): void {
    this.#state = 'closed';
  }

  deadline(): number {
    return this.#state === 'closed' ? Infinity : nextMemberDeadline(this.#member);
  }

  handle(event: MemberEvent): void {
    if (this.#state === 'closed') return;
    this.#carryOut(stepMember(this.#member, event));
    if (this.#full && isDrained(this.#member.ring)) {
      this.#full = false;
      this.#emit({ kind: 'writable' });
    }
    if (this.#state === 'leaving' && isDrained(this.#member.ring)) {
      this.#carryOut(stepMember(this.#member, { kind: 'leave', nowMs: this.#cluster.nowMs }));
    }
  }

  #ask(event: UntimedEvent): void {
    this.handle({ ...event, nowMs: this.#cluster.nowMs } as MemberEvent);
  }

  #carryOut(effects: readonly MemberEffect[]): void {
    for (const effect of effects) this.#effect(effect);
  }

  #effect(effect: MemberEffect): void {
    switch (effect.kind) {
      case 'send':
        return this.#cluster.happen(wireMs, effect.nodeId, { kind: 'datagram', bytes: effect.bytes.slice() });
      case 'broadcast':
        for (let nodeId = 1; nodeId <= this.#nodeCount; nodeId++) {
          if (nodeId === this.nodeId) continue;
          this.#cluster.happen(wireMs, nodeId, { kind: 'datagram', bytes: effect.bytes.slice() });
        }
        return;
      case 'persist':
        return this.#cluster.happen(diskMs, this.nodeId, { kind: 'persisted', ringSeq: effect.ringSeq });
      case 'queue-full':
        this.#full = true;
        return;
      case 'configuration':
        this.#heardBy = effect.type === 'transitional' ? 'companions' : 'ring';
        if (effect.type === 'regular') this.#emit({ ...effect, takeOverAtMs: 0, lapsed: false });
        return;
      case 'group-changed':
        return this.#groupChanged(effect);
      case 'deliver': {
        const { group, nodeId, processId, body } = effect;
        return this.#emit({ kind: 'deliver', group, from: { nodeId, processId }, heardBy: this.#heardBy, body });
      }
      case 'quorum-changed':
        return this.#emit({ kind: 'quorum-changed', quorum: effect.quorum });
      case 'stopped':
        this.#state = 'closed';
        return this.#emit({ kind: 'closed', reason: 'left the ring' });
      default:
        return;
    }
  }

  #groupChanged(effect: Extract<MemberEffect, { kind: 'group-changed' }>): void {
    const { group } = effect;
    const isOurs = (list: readonly { readonly nodeId: number }[]) => list.some(({ nodeId }) => nodeId === this.nodeId);
    if (isOurs(effect.joined)) this.#joined.add(group);
    this.#emit(effect);
    const done = isOurs(effect.joined) ? 'join' : isOurs(effect.left) ? 'leave' : undefined;
    for (const waiting of [...this.#waiting]) {
      if (waiting.group !== group || waiting.for !== done) continue;
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      waiting.resolve();
    }
  }

  #emit(event: EngineEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

function before(left: Happening, right: Happening): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
}
