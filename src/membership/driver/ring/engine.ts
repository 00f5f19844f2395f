// The messaging engine that runs a ring of its own: the main thread's end of the ring's thread.
import type { Worker } from 'node:worker_threads';
import { CommandFailure, type Logger } from '../../../kit/index.ts';
import { startWorker } from '../../../linux/index.ts';
import type {
  EngineEvent,
  EngineListener,
  GroupMember,
  MessagingEngine,
  MulticastRefusal,
  QuorumView,
} from '../../engine.ts';
import type { Reconfiguration } from '../../quorum/model.ts';
import type { Guarantee } from '../../totem/index.ts';
import { BatchWriter, readBatch } from './batch.ts';
import { type FromRing, type RingStart, type ToRing, userBeatMs, type WireEffect } from './protocol.ts';
import type { Keyring, RingNodeList, RingSettings } from './settings.ts';
import type { RingStatus } from './status.ts';

/** What one multicast takes: one message of Corosync's library, headers of the group included, in 1 MiB. */
export const ringMessageBytesMax = 1_047_552;
/** Of our own messages, this much may be on its way; the ring's queue (4 MiB) is never full then. */
const underWayBytesMax = 3 * 1024 * 1024;
/** What a message costs in the ring's queue beyond its body: CPG header, group name, lengths. */
const messageOverheadBytes = 200;
const noQuorum: QuorumView = { quorate: false, votes: 0, expectedVotes: 0, votesNeeded: 0 };

/** Beyond the messages: what the ring tells of itself, and where it is logged. */
export type RingEngineOptions = {
  readonly logger: Logger;
  /** The worker's role; the composition root's own when it adds a guardian to the thread. */
  readonly role?: string;
  /** What that role is to know beside what the ring needs. */
  readonly roleData?: object;
  readonly onLinkChange?: (change: LinkChange) => void;
  /** Another node or an administrator reloads the configuration. */
  readonly onReload?: (by: number) => void;
  /** A node that is not in the list speaks, from this address; told once a second at most. */
  readonly onStranger?: (source: string) => void;
};

export type LinkChange = {
  readonly kind: 'link-up' | 'link-down';
  readonly peer: number;
  readonly link: number;
  readonly reason?: 'silent' | 'one-way' | 'carrier';
};

type Waiting = { readonly resolve: () => void; readonly reject: (error: Error) => void };
const unawaited: Waiting = { resolve: () => {}, reject: () => {} };

export class RingEngine implements MessagingEngine {
  readonly nodeId: number;
  readonly messageBytesMax = ringMessageBytesMax;
  readonly #worker: Worker;
  readonly #options: RingEngineOptions;
  readonly #listeners = new Set<EngineListener>();
  readonly #lease: Float64Array;
  readonly #joined = new Set<string>();
  readonly #joining = new Map<string, Waiting[]>();
  readonly #leaving = new Map<string, Waiting[]>();
  readonly #statuses = new Map<number, (status: RingStatus) => void>();
  readonly #reloads = new Map<number, Waiting>();
  readonly #writer = new BatchWriter();
  #group = '';
  #flushing = false;
  #underWayBytes = 0;
  #full = false;
  #heardBy: 'ring' | 'companions' = 'ring';
  #requestId = 0;
  #quorum = noQuorum;
  #closedWhy: string | undefined;
  readonly #closed: Promise<void>;
  #resolveClosed = () => {};

  /** @throws CommandFailure when the ring cannot start: an address that is not here, a port or directory that is taken. */
  static async start(settings: RingSettings, options: RingEngineOptions): Promise<RingEngine> {
    const engine = new RingEngine(settings, options);
    await engine.#started;
    return engine;
  }

  readonly #started: Promise<void>;
  readonly #beats: NodeJS.Timeout;

  private constructor(settings: RingSettings, options: RingEngineOptions) {
    this.nodeId = settings.nodeId;
    this.#options = options;
    const lease = new SharedArrayBuffer(16);
    this.#lease = new Float64Array(lease);
    this.#beats = setInterval(() => this.#beat(), userBeatMs).unref();
    const start: RingStart = { settings, lease };
    this.#worker = startWorker(options.role ?? 'ring', { ...options.roleData, ...start });
    this.#closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.#started = new Promise((resolve, reject) => {
      this.#worker.on('message', (message: FromRing) => {
        if (message.kind === 'started') resolve();
        else if (message.kind === 'refused-to-start') {
          void this.#worker.terminate();
          reject(new CommandFailure(message.failure));
        } else this.#hear(message);
      });
      this.#worker.once('error', (error) => {
        reject(error);
        this.#end(`the ring's thread failed: ${error.message}`);
      });
      this.#worker.once('exit', (code) => this.#end(`the ring's thread ended (code ${code})`));
    });
  }

  subscribe(listener: EngineListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  join(group: string): Promise<void> {
    if (this.#joined.has(group)) return Promise.resolve();
    return this.#await(this.#joining, group, { kind: 'join', group, processId: process.pid });
  }

  leaveGroup(group: string): Promise<void> {
    if (!this.#joined.has(group)) return Promise.resolve();
    // What was multicast before goes first.
    this.#flush();
    this.#joined.delete(group);
    return this.#await(this.#leaving, group, { kind: 'leave-group', group, processId: process.pid });
  }

  multicast(group: string, body: Uint8Array, guarantee: Guarantee): MulticastRefusal | undefined {
    if (this.#closedWhy !== undefined) return 'closed';
    if (!this.#joined.has(group)) return 'not-joined';
    if (body.length > ringMessageBytesMax) return 'too-large';
    if (this.#underWayBytes + body.length + messageOverheadBytes > underWayBytesMax) {
      this.#full = true;
      return 'full';
    }
    this.#underWayBytes += body.length + messageOverheadBytes;
    if (group !== this.#group) this.#flush();
    this.#group = group;
    this.#writer.add({ nodeId: this.nodeId, processId: process.pid, safe: guarantee === 'safe' ? 1 : 0, body });
    if (!this.#flushing) {
      this.#flushing = true;
      queueMicrotask(() => this.#flush());
    }
    return undefined;
  }

  quorum(): QuorumView {
    return this.#quorum;
  }

  /** The boot clock, in ms, at the last proof that the membership is quorate: when a token came round. 0: never yet. */
  quorateAtBootMs(): number {
    return this.#lease[0] ?? 0;
  }

  /** A failure hint: this member is known to be gone (fenced, powered off). The ring re-forms at once. */
  reportFailed(nodeId: number): void {
    this.#send({ kind: 'member-failed', nodeId });
  }

  reconfigure(change: Reconfiguration): void {
    this.#send({ kind: 'reconfigure', change });
  }

  /** Another node list from now on, here; every member is to be given it at the same place in the order. */
  setNodes(list: RingNodeList): void {
    this.#send({ kind: 'node-list', list });
  }

  /** Other keys of a sealed ring, here; see `Seal.setKeys` for the order in which the nodes are to be told. */
  setKeys(keyring: Keyring): void {
    this.#send({ kind: 'keys', keyring });
  }

  /**
   * Other settings from now on, here: nodes, timing, votes, our own addresses. The caller has seen `fixedDifferences`.
   * @throws CommandFailure when the new addresses cannot be had: the former settings are in force then.
   */
  reload(settings: RingSettings): Promise<void> {
    const id = ++this.#requestId;
    return new Promise((resolve, reject) => {
      if (this.#closedWhy !== undefined) return reject(closedError(this.#closedWhy));
      this.#reloads.set(id, { resolve, reject });
      this.#send({ kind: 'reload', id, settings });
    });
  }

  /** Has every member call its `onReload`, ourselves too, at one place in the order. */
  requestReload(): void {
    this.#send({ kind: 'request-reload' });
  }

  killNode(nodeId: number, reason: string): void {
    this.#send({ kind: 'kill-node', nodeId, reason });
  }

  status(): Promise<RingStatus> {
    const id = ++this.#requestId;
    this.#send({ kind: 'status', id });
    return new Promise((resolve) => this.#statuses.set(id, resolve));
  }

  /** This node neither speaks nor hears for so long, and knows nothing of it: a test of what the cluster does then. */
  silence(forMs: number): void {
    this.#flush();
    this.#send({ kind: 'silence', forMs });
  }

  async leave(): Promise<void> {
    this.#flush();
    if (this.#closedWhy === undefined) this.#send({ kind: 'leave' });
    await this.#closed;
  }

  /** Ends the ring's thread without a word to the others; for when leaving in order is not wanted. */
  async terminate(): Promise<void> {
    this.#end('ended');
    await this.#worker.terminate();
  }

  #await(table: Map<string, Waiting[]>, group: string, message: ToRing): Promise<void> {
    const waiting = table.get(group) ?? [];
    table.set(group, waiting);
    if (waiting.length === 0) this.#send(message);
    return new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      if (this.#closedWhy !== undefined) reject(closedError(this.#closedWhy));
    });
  }

  #beat(): void {
    this.#lease[1] = (this.#lease[1] ?? 0) + 1;
  }

  #flush(): void {
    this.#flushing = false;
    if (this.#writer.count === 0) return;
    const batch = this.#writer.take();
    this.#worker.postMessage({ kind: 'multicasts', group: this.#group, batch } satisfies ToRing, [batch.bytes.buffer]);
  }

  #send(message: ToRing): void {
    if (this.#closedWhy === undefined) this.#worker.postMessage(message);
  }

  #hear(message: Exclude<FromRing, { kind: 'started' | 'refused-to-start' }>): void {
    if (message.kind === 'status') {
      this.#statuses.get(message.id)?.(message.status);
      this.#statuses.delete(message.id);
      return;
    }
    if (message.kind === 'reloaded') {
      const { resolve, reject } = this.#reloads.get(message.id) ?? unawaited;
      this.#reloads.delete(message.id);
      return message.failure === undefined ? resolve() : reject(new CommandFailure(message.failure));
    }
    for (const effect of message.effects) this.#effect(effect);
  }

  #effect(effect: WireEffect): void {
    switch (effect.kind) {
      case 'deliveries':
        return this.#deliver(effect);
      case 'ordered':
        return this.#ordered(effect);
      case 'configuration':
        return this.#configuration(effect);
      case 'group-changed':
        return this.#groupChanged(effect);
      case 'lease-resumed':
        return this.#emit(effect);
      case 'quorum-changed':
        this.#quorum = effect.quorum;
        return this.#emit({ kind: 'quorum-changed', quorum: effect.quorum });
      case 'log':
        return this.#options.logger[effect.level](effect.text);
      case 'refused':
        return this.#options.logger.warning(effect.why);
      case 'queue-full':
        return this.#options.logger.error(`a message was lost: the ring's queue is ${effect.reason}`);
      case 'reload-config':
        this.#options.logger.notice(`Config reload requested by node ${effect.by}`);
        return this.#options.onReload?.(effect.by);
      case 'stranger':
        return this.#options.onStranger?.(effect.source);
      case 'link-up':
      case 'link-down':
        return this.#linkChanged(effect);
      default:
        return this.#ending(effect);
    }
  }

  #ending(effect: Extract<WireEffect, { kind: 'killed' | 'stop' | 'failed' | 'stopped' }>): void {
    switch (effect.kind) {
      case 'killed':
        return this.#end(`Killed by node ${effect.by} : ${effect.reason}`);
      case 'failed':
        return this.#end(effect.why);
      case 'stop':
        this.#options.logger.error(effect.why);
        return this.#send({ kind: 'leave' });
      case 'stopped':
        return this.#end('left the ring');
    }
  }

  #deliver({ group, batch }: Extract<WireEffect, { kind: 'deliveries' }>): void {
    readBatch(batch, ({ nodeId, processId, body }) =>
      this.#emit({ kind: 'deliver', group, from: { nodeId, processId }, heardBy: this.#heardBy, body }),
    );
  }

  #ordered({ bytes, count }: Extract<WireEffect, { kind: 'ordered' }>): void {
    this.#underWayBytes = Math.max(0, this.#underWayBytes - bytes - count * messageOverheadBytes);
    if (!this.#full || this.#underWayBytes > underWayBytesMax / 2) return;
    this.#full = false;
    this.#emit({ kind: 'writable' });
  }

  #groupChanged(effect: Extract<WireEffect, { kind: 'group-changed' }>): void {
    const { group } = effect;
    const plain = (list: readonly GroupMember[]) => list.map(({ nodeId, processId }) => ({ nodeId, processId }));
    const ours = (list: readonly GroupMember[]) =>
      list.some((member) => member.nodeId === this.nodeId && member.processId === process.pid);
    if (ours(effect.joined)) this.#joined.add(group);
    const event: EngineEvent = {
      kind: 'group-changed',
      group,
      members: plain(effect.members),
      joined: plain(effect.joined),
      left: plain(effect.left),
    };
    this.#emit(event);
    if (ours(effect.joined)) settle(this.#joining, group);
    if (ours(effect.left)) settle(this.#leaving, group);
  }

  /** Of the transitional one matters only what is said until the regular one: the rest of the old ring, behind its first gap. */
  #configuration(effect: Extract<WireEffect, { kind: 'configuration' }>): void {
    const { type, ringId, members, joined, left, takeOverAtMs, lapsed } = effect;
    this.#heardBy = type === 'transitional' ? 'companions' : 'ring';
    if (type === 'regular') this.#emit({ kind: 'configuration', ringId, members, joined, left, takeOverAtMs, lapsed });
  }

  #linkChanged(effect: LinkChange): void {
    const why = effect.reason === undefined ? '' : ` (${effect.reason})`;
    const text = `link ${effect.link} to node ${effect.peer} is ${effect.kind === 'link-up' ? 'up' : 'down'}${why}`;
    this.#options.logger[effect.kind === 'link-up' ? 'notice' : 'warning'](text);
    this.#options.onLinkChange?.(effect);
  }

  #end(reason: string): void {
    if (this.#closedWhy !== undefined) return;
    this.#closedWhy = reason;
    this.#quorum = { ...this.#quorum, quorate: false };
    clearInterval(this.#beats);
    void this.#worker.terminate();
    for (const waiting of [...this.#joining.values(), ...this.#leaving.values(), ...this.#reloads.values()].flat()) {
      waiting.reject(closedError(reason));
    }
    this.#emit({ kind: 'closed', reason });
    this.#resolveClosed();
  }

  #emit(event: EngineEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

function settle(table: Map<string, Waiting[]>, group: string): void {
  const waiting = table.get(group) ?? [];
  table.delete(group);
  for (const { resolve } of waiting) resolve();
}

function closedError(why: string): CommandFailure {
  return new CommandFailure({ kind: 'unavailable', what: 'the ring is closed', why });
}
