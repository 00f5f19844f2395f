// A ring member on the kernel: the pure member, its sockets, its disk and its clock. Runs on one thread, which should be a
// worker under real-time scheduling (worker.ts); tests may run it where they like.
import type { LogLevel } from '../../../kit/index.ts';
import { bootMs, DeadlineTimer, type Endpoint, monotonicMs, orFail } from '../../../linux/index.ts';
import { type LeaseOutlook, LeaseWatch } from '../../lease.ts';
import {
  createMember,
  type Member,
  type MemberEffect,
  type MemberEvent,
  nextMemberDeadline,
  stepMember,
} from '../../member.ts';
import { quorumView } from '../../services/stack.ts';
import { formatRingId, isDrained, isIdle } from '../../totem/index.ts';
import { type NetworkCounters, RingNetwork } from './network.ts';
import type { Keyring, RingNodeList, RingPeer, RingSettings } from './settings.ts';
import { type KeyStatus, type LinkStatus, quorumFlagsOf, type RingCounters, type RingStatus } from './status.ts';
import { RingStorage } from './storage.ts';

export type NodeListener = {
  /** What the services and the ring tell, in order. */
  readonly onEffect: (effect: NodeEffect) => void;
  /** A turn is over: a good moment to hand on what came together. */
  readonly onTurn: () => void;
  /** A turn comes at least this often, for those who see by it that the thread lives; Infinity: only when there is work. */
  readonly turnMsMax: number;
  /** What a guardian has to send when this process dies; replaces what was said before. */
  readonly onFarewells: (datagrams: readonly { readonly to: Endpoint; readonly payload: Uint8Array }[]) => void;
  /** The boot clock's reading at the last proof of a quorate membership. */
  readonly onProof: (bootClockMs: number) => void;
};

export type NodeEffect =
  | Exclude<
      MemberEffect,
      { readonly kind: 'send' | 'broadcast' | 'persist' | 'crash-notice' | 'store-tracked-votes' | 'configuration' }
    >
  /** The outlook in monotonic ms. */
  | (Extract<MemberEffect, { readonly kind: 'configuration' }> & LeaseOutlook)
  | { readonly kind: 'lease-resumed'; readonly provenBeforeBootMs: number }
  | {
      readonly kind: 'link-up' | 'link-down';
      readonly peer: number;
      readonly link: number;
      readonly reason?: 'silent' | 'one-way' | 'carrier';
    }
  /** A node that is not in the list speaks from this address: the list may be an old one. */
  | { readonly kind: 'stranger'; readonly source: string }
  /** Our ring number cannot be kept: going on could use a ring id twice. */
  | { readonly kind: 'failed'; readonly why: string };

/** Datagrams to ourselves handled before other work has its turn (a ring of one member turns as fast as we let it). */
const ownPerTurnMax = 8;
/** How long a member that leaves waits for the token to carry its farewells. */
const farewellMsMax = 300;
const clockOffsetAgeMsMax = 1000;
/** A timer that fires later than this may have datagrams waiting in front of it. */
const lateMs = 1;
/** A stranger that goes on speaking is told of no sooner again. */
const strangerPauseMs = 1000;
const noOutlook: LeaseOutlook = { takeOverAtMs: 0, lapsed: false };

export class RingNode {
  #settings: RingSettings;
  #peers: readonly RingPeer[];
  #keyring: Keyring | undefined;
  #crashNotice: Uint8Array | undefined;
  readonly #listener: NodeListener;
  readonly #member: Member;
  readonly #storage: RingStorage;
  readonly #network: RingNetwork;
  readonly #toOurselves: Uint8Array[] = [];
  readonly #lease: LeaseWatch;
  readonly #counters: RingCounters = {
    tokens: 0,
    ringChanges: 0,
    delivered: 0,
    multicasts: 0,
    retransmitRequests: 0,
    suppliedInRecovery: 0,
  };
  readonly #timer: DeadlineTimer;
  #looping = false;
  #ended = false;
  /** We want to go, when our last words are said and no later than this. */
  #leaveByMs = Infinity;
  #turnDueMs = Infinity;
  #strangerDueMs = -Infinity;
  #bootOffset = { ms: 0, readAtMs: -Infinity };

  /** @throws CommandFailure when sockets or the state directory cannot be had. */
  static async start(settings: RingSettings, listener: NodeListener): Promise<RingNode> {
    const storage = await RingStorage.open(settings.stateDirectory, settings.nodeId);
    return new RingNode(settings, listener, storage);
  }

  private constructor(settings: RingSettings, listener: NodeListener, storage: RingStorage) {
    this.#settings = settings;
    this.#peers = settings.peers;
    this.#keyring = settings.security.kind === 'sealed' ? settings.security : undefined;
    this.#listener = listener;
    this.#storage = storage;
    this.#lease = new LeaseWatch(settings.ring.timing);
    this.#member = createMember({
      ring: settings.ring,
      stack: {
        nodeId: settings.nodeId,
        quorum: settings.quorum,
        storedVotes: storage.trackedVotes,
        configVersion: settings.configVersion,
      },
    });
    this.#network = new RingNetwork(settings, {
      onMessage: (bytes) => this.#handle({ kind: 'datagram', nowMs: monotonicMs(), bytes }),
      onDrained: () => this.#endTurn(),
      onLinkChange: (change) => listener.onEffect(change),
      onIsolation: (state) => this.#isolation(state),
      onStranger: (source) => this.#stranger(source),
      onLog: (level, text) => this.#log(level, text),
    });
    this.#timer = orFail(
      DeadlineTimer.open({
        name: 'the ring',
        nextDeadline: () => this.#nextDueMs(),
        onDue: (dueMs) => this.#pass(dueMs),
      }),
    );
    this.#handle({ kind: 'start', nowMs: monotonicMs(), storedRingSeq: storage.ringSeq });
    this.#endTurn();
  }

  /** What a client of the services asks for, without the time. `endTurn` after a batch of them. */
  ask(event: ClientRequest): void {
    if (event.kind === 'multicast') this.#counters.multicasts++;
    this.#handle({ ...event, nowMs: monotonicMs() } as MemberEvent);
  }

  /** The cluster has grown or shrunk; the ring itself changes when the nodes come and go. */
  setNodes({ peers, expectation }: RingNodeList): void {
    this.#peers = peers;
    this.#network.setPeers(peers);
    this.#handle({ kind: 'node-list', nowMs: monotonicMs(), expectation });
    this.#endTurn();
  }

  /** @throws CommandFailure when one of the new addresses cannot be had: nothing has changed then. */
  reload(settings: RingSettings): void {
    this.#network.setLinks(settings.links);
    const before = this.#settings;
    this.#settings = settings;
    this.#peers = settings.peers;
    if (settings.peers.length > 0) this.#network.setPeers(settings.peers);
    const nowMs = monotonicMs();
    this.#lease.setTiming(settings.ring.timing);
    this.#handle({ kind: 'timing', nowMs, timing: settings.ring.timing });
    const { quorum, configVersion } = settings;
    // What an administrator changed since by command stays, where the file says what it said.
    if (JSON.stringify({ quorum, configVersion }) !== JSON.stringify(votesOf(before))) {
      this.#handle({ kind: 'configured', nowMs, quorum, configVersion });
    }
    if (this.#crashNotice !== undefined) this.#listener.onFarewells(this.#network.farewells(this.#crashNotice));
    this.#endTurn();
  }

  /** Other keys of a sealed ring from now on, for what a guardian has to send too. */
  setKeys(keyring: Keyring): void {
    this.#keyring = keyring;
    this.#network.setKeys(keyring);
    if (this.#crashNotice !== undefined) this.#listener.onFarewells(this.#network.farewells(this.#crashNotice));
  }

  /** For so long this node neither speaks nor hears. */
  silence(forMs: number): void {
    this.#network.silence(forMs);
  }

  endTurn(): void {
    this.#endTurn();
  }

  /** Nothing was said for a while: the token goes round, and that is all. */
  get isIdle(): boolean {
    return !this.#ended && isIdle(this.#member.ring);
  }

  /** A member is known to be gone: fenced, or announced by its guardian. */
  memberFailed(nodeId: number): void {
    this.#handle({ kind: 'member-failed', nowMs: monotonicMs(), nodeId });
    this.#endTurn();
  }

  /** Says goodbye; the effect `stopped` follows. */
  leave(): void {
    if (this.#leaveByMs !== Infinity) return;
    const nowMs = monotonicMs();
    this.#leaveByMs = nowMs + farewellMsMax;
    // Processes of ours leave their groups in the order, so that nobody has to miss them.
    const ours = this.#member.stack.cpg.entries.filter(({ nodeId }) => nodeId === this.#settings.nodeId);
    for (const processId of new Set(ours.map((entry) => entry.processId))) {
      this.#handle({ kind: 'process-gone', nowMs, processId });
    }
    this.#handle({ kind: 'announce-leave', nowMs });
    this.#endTurn();
  }

  status(): RingStatus {
    const { ring, stack } = this.#member;
    const peers = this.#peers;
    return {
      clusterName: this.#settings.clusterName,
      nodeId: this.#settings.nodeId,
      phase: ring.phase,
      ringId: formatRingId(ring.ringId),
      synchronised: !ring.waitingForSync,
      members: ring.members.map((nodeId) => ({
        nodeId,
        name: peers.find((peer) => peer.nodeId === nodeId)?.name,
        address: this.#addressOf(nodeId),
        votes: stack.quorum?.nodes.get(nodeId)?.votes,
      })),
      expected: peers.map(({ nodeId, name }) => ({ nodeId, name })),
      quorum: quorumView(stack),
      quorumFlags: quorumFlagsOf(stack.quorum),
      tokenMs: ring.config.timing.tokenMs,
      links: this.#linkStatus(),
      security: this.#settings.security.kind,
      keys: this.#keyStatus(),
      counters: this.#counters,
      network: { ...this.#network.counters } satisfies NetworkCounters,
      refused: Object.fromEntries(this.#network.refused),
    };
  }

  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#timer.close();
    this.#network.close();
  }

  #addressOf(nodeId: number): string | undefined {
    return nodeId === this.#settings.nodeId ? this.#settings.links[0]?.address : this.#network.addressOf(nodeId);
  }

  #keyStatus(): KeyStatus | undefined {
    if (this.#keyring === undefined) return undefined;
    const { keys, activeKeyId } = this.#keyring;
    const heard = [...this.#network.keyIdsHeard].map(([nodeId, keyId]) => ({ nodeId, keyId }));
    return { sendsWith: activeKeyId, hears: [...keys.keys()], peers: heard };
  }

  #linkStatus(): LinkStatus[] {
    const health = this.#network.health;
    return this.#settings.links.map((link, index) => ({
      number: link.number,
      address: link.address,
      port: link.port,
      group: link.group?.address,
      carrier: this.#network.carriers[index] ?? 'up',
      peers: health.filter((one) => one.link === index).map(({ peer, health: state }) => ({ nodeId: peer, state })),
    }));
  }

  #handle(event: MemberEvent): void {
    if (this.#ended) return;
    this.#carryOut(stepMember(this.#member, event));
    if (event.kind === 'datagram') this.#noteToken();
  }

  #carryOut(effects: readonly MemberEffect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case 'send':
          if (effect.nodeId === this.#settings.nodeId) this.#toOurselves.push(effect.bytes);
          else this.#network.send(effect);
          break;
        case 'broadcast':
          if (isRecoveryMessage(effect.bytes)) this.#counters.suppliedInRecovery++;
          if (isMergeDetect(effect.bytes)) this.#lookForOthers(effect.bytes);
          else this.#network.multicast(effect.bytes);
          break;
        case 'persist':
          this.#persist(effect.ringSeq);
          break;
        case 'store-tracked-votes':
          this.#storage.storeTrackedVotes(effect.votes).catch((thrown: Error) => this.#fail(thrown));
          break;
        case 'crash-notice':
          this.#crashNotice = effect.bytes;
          this.#listener.onFarewells(this.#network.farewells(effect.bytes));
          break;
        case 'configuration':
          if (effect.type === 'regular') this.#network.setMembers(effect.members);
          this.#tell({ ...effect, ...(effect.type === 'regular' ? this.#outlook(effect) : noOutlook) });
          break;
        default:
          this.#tell(effect);
      }
    }
    this.#network.flush();
  }

  /** Who is on our ring knows it: only where all hear the same datagram does it wake them. */
  #lookForOthers(bytes: Uint8Array): void {
    if (this.#network.hasGroup) return this.#network.multicast(bytes);
    const { members } = this.#member.ring;
    for (const { nodeId } of this.#peers) {
      if (!members.includes(nodeId)) this.#network.send({ nodeId, bytes, attempt: 'first' });
    }
  }

  #tell(effect: NodeEffect): void {
    if (effect.kind === 'deliver') this.#counters.delivered++;
    else if (effect.kind === 'configuration' && effect.type === 'regular') this.#counters.ringChanges++;
    else if (effect.kind === 'log' && effect.text.startsWith('Retransmit List')) this.#counters.retransmitRequests++;
    this.#listener.onEffect(effect);
    if (effect.kind === 'stopped') this.close();
  }

  #persist(ringSeq: number): void {
    this.#storage.storeRingSeq(ringSeq).then(
      () => {
        this.#handle({ kind: 'persisted', nowMs: monotonicMs(), ringSeq });
        this.#endTurn();
      },
      (thrown: Error) => this.#fail(thrown),
    );
  }

  #fail(thrown: Error): void {
    const why = `cannot keep the ring number in ${this.#settings.stateDirectory}: ${thrown.message}`;
    this.#listener.onEffect({ kind: 'failed', why });
    this.close();
    this.#listener.onTurn();
  }

  #noteToken(): void {
    const { token, provenAtMs, resumedAfterMs } = this.#lease.note(this.#member, this.#bootClockMs());
    if (token === 'new') this.#counters.tokens++;
    if (provenAtMs !== undefined) this.#listener.onProof(provenAtMs);
    if (resumedAfterMs !== undefined) this.#tell({ kind: 'lease-resumed', provenBeforeBootMs: resumedAfterMs });
  }

  /** Leases run by the clock that counts suspensions; everybody else lives by `monotonicMs`. */
  #outlook(effect: Extract<MemberEffect, { kind: 'configuration' }>): LeaseOutlook {
    const nowMs = this.#bootClockMs();
    const { takeOverAtMs, lapsed } = this.#lease.installed(effect, nowMs);
    return { takeOverAtMs: takeOverAtMs === 0 ? 0 : monotonicMs() + Math.max(0, takeOverAtMs - nowMs), lapsed };
  }

  /** The boot clock by way of the monotonic one, which is cheap to read. After a suspension it errs towards the past. */
  #bootClockMs(): number {
    const nowMs = monotonicMs();
    if (nowMs - this.#bootOffset.readAtMs > clockOffsetAgeMsMax) {
      this.#bootOffset = { ms: bootMs() - nowMs, readAtMs: nowMs };
    }
    return nowMs + this.#bootOffset.ms;
  }

  /** Without a carrier nobody can be heard, whatever the timers say; a ring of our own shows it at once. */
  #isolation(state: 'isolated' | 'connected'): void {
    if (state === 'connected') return;
    for (const nodeId of [...this.#member.ring.members]) {
      if (nodeId !== this.#settings.nodeId) this.#handle({ kind: 'member-failed', nowMs: monotonicMs(), nodeId });
    }
    this.#endTurn();
  }

  #endTurn(): void {
    this.#hearOurselves();
    this.#leaveWhenSaid();
    this.#listener.onTurn();
    this.#turnDueMs = monotonicMs() + this.#listener.turnMsMax;
    this.#timer.moveTo(this.#nextDueMs());
  }

  #leaveWhenSaid(): void {
    if (this.#leaveByMs === Infinity || this.#ended) return;
    const nowMs = monotonicMs();
    const said = this.#member.ring.phase === 'operational' && isDrained(this.#member.ring);
    if (said || nowMs >= this.#leaveByMs) this.#handle({ kind: 'leave', nowMs });
  }

  #hearOurselves(): void {
    for (let count = 0; count < ownPerTurnMax; count++) {
      const bytes = this.#toOurselves.shift();
      if (bytes === undefined) return;
      this.#handle({ kind: 'datagram', nowMs: monotonicMs(), bytes });
    }
    if (this.#toOurselves.length === 0 || this.#looping) return;
    this.#looping = true;
    setImmediate(() => {
      this.#looping = false;
      this.#endTurn();
    });
  }

  #nextDueMs(): number {
    return Math.min(nextMemberDeadline(this.#member), this.#network.nextDeadline(), this.#leaveByMs, this.#turnDueMs);
  }

  /** What has arrived by now is handled before what has not is missed: a token that is there is not lost. */
  #pass(dueMs: number): void {
    if (monotonicMs() - dueMs > lateMs) this.#network.drain();
    const nowMs = monotonicMs();
    if (this.#network.nextDeadline() <= nowMs) this.#network.deadline(nowMs);
    if (nextMemberDeadline(this.#member) <= nowMs) this.#handle({ kind: 'deadline', nowMs });
    this.#endTurn();
  }

  #stranger(source: string): void {
    const nowMs = monotonicMs();
    if (nowMs < this.#strangerDueMs) return;
    this.#strangerDueMs = nowMs + strangerPauseMs;
    this.#listener.onEffect({ kind: 'stranger', source });
  }

  #log(level: LogLevel, text: string): void {
    this.#listener.onEffect({ kind: 'log', level, text });
  }
}

/** An mcast (type 1) that carries one of an old ring (encapsulated 1). */
function isRecoveryMessage(bytes: Uint8Array): boolean {
  return bytes[3] === 1 && bytes[4] === 1;
}

function isMergeDetect(bytes: Uint8Array): boolean {
  return bytes[3] === 2;
}

function votesOf({ quorum, configVersion }: RingSettings) {
  return { quorum, configVersion };
}

/** What clients of the services ask for. */
export type ClientRequest = DistributiveOmit<
  Exclude<MemberEvent, { readonly kind: 'start' | 'datagram' | 'deadline' | 'persisted' | 'member-failed' | 'leave' }>,
  'nowMs'
>;

type DistributiveOmit<T, Key extends PropertyKey> = T extends unknown ? Omit<T, Key> : never;
