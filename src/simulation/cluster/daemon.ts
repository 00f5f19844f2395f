// A node's daemon, composed of the real parts as src/daemon/cluster/node-daemon.ts composes them, on a simulated machine.
import {
  type Agent,
  type ExecutorEvent,
  type ExecutorState,
  executor,
  executorDeadline,
  stepExecutor,
} from '../../agents/index.ts';
import { type Instant, parseXml, type XmlElement } from '../../cib/index.ts';
import {
  decodeClusterMessage,
  type ExecutionOrder,
  encodeClusterMessage,
  endOf,
  type FencingOrder,
  initialNode,
  leavesOver,
  type NodeEffect,
  type NodeEvent,
  type NodeState,
  nodeDeadline,
  nodeInvariants,
  placesOf,
  replay,
  Store,
  StoreKeeper,
  snapshotOf,
  stepNode,
} from '../../controller/index.ts';
import { assert, type Failure, type Random } from '../../kit/index.ts';
import { type AgentRun, beginRun } from './agents.ts';
import type { Checker } from './checker.ts';
import { isAddress } from './document.ts';
import { fingerprint } from './fingerprint.ts';
import type { Machine } from './machine.ts';
import type { Heard, Messaging } from './messaging.ts';
import type { PlantedBug } from './planted.ts';
import type { AgentTrouble } from './schedule.ts';
import type { VirtualTime } from './virtual-time.ts';

const epochSeconds = 1_800_000_000;
const runsMax = 4;
const traceCharsMax = 400;
const messagesPerLook = 16;
/** About as many as the document has. */
const documentBytes = 16_384;
const noFacts = { restartParameters: undefined, privateParameters: [] };

/** What surrounds a daemon. */
export type Surroundings = {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly checker: Checker;
  readonly messaging: Messaging;
  readonly cib: XmlElement;
  readonly planted: PlantedBug | undefined;
  readonly votesNeeded: number;
  readonly troubleOf: (machine: Machine) => AgentTrouble | undefined;
  readonly fence: (machine: Machine, order: FencingOrder, answer: (failure: string | undefined) => void) => void;
  /** The daemon ended: `dismissed`, or died of an error. */
  readonly ended: (machine: Machine, why: 'dismissed' | 'died') => void;
  readonly trace: (text: () => string) => void;
};

type Timeless = NodeEvent extends infer Event ? (Event extends unknown ? Omit<Event, 'nowMs' | 'now'> : never) : never;

export class Daemon {
  state: NodeState;
  readonly machine: Machine;
  readonly #around: Surroundings;
  readonly #keeper: StoreKeeper;
  #executor: ExecutorState = executor(runsMax);
  readonly #orders = new Map<number, ExecutionOrder>();
  readonly #begunSeconds = new Map<number, number>();
  readonly #answers = new Map<string, (outcome: 'accepted' | Failure) => void>();
  readonly #queue: Timeless[] = [];
  readonly #runs = new Map<number, AgentRun & { readonly resource: string }>();
  #stepping = false;
  #over = false;
  #pauses = 0;
  #waiting: (() => void)[] = [];
  #timer = 0;
  #retryingAtMs: number | undefined;
  #callId = 0;
  #ring = '';
  #heard = 0;
  readonly #configurations = new Map<string, number>();

  /** @throws DiskError as the store does. */
  constructor(machine: Machine, around: Surroundings) {
    this.machine = machine;
    this.#around = around;
    const { store, recovered } = Store.open(machine.disk);
    store.prove(documentBytes);
    this.#keeper = new StoreKeeper(store);
    const { nodeId, name, boots } = machine;
    const base = recovered.snapshot === undefined ? around.cib : documentOf(recovered.snapshot.document);
    const daemon = `${nodeId}-${around.random.nextUint32()}`;
    this.state = initialNode({
      self: { nodeId, id: String(nodeId), name, cluster: 'simulated', boot: String(boots), daemon, version: '1' },
      cib: replay(base, recovered.records),
      place: endOf(recovered),
      chains: placesOf(recovered),
      trusted: recovered.trusted,
    });
  }

  get isOver(): boolean {
    return this.#over;
  }

  /** Nothing but recurring operations is under way or waiting. */
  get isIdle(): boolean {
    const { waiting, running } = this.#executor;
    return ![...waiting, ...running].some(({ request }) => request.operation.intervalMs === 0);
  }

  get ring(): string {
    return this.#ring;
  }

  hear(heard: Heard): void {
    if (heard.kind === 'configuration') {
      // As the daemon names it: the ring, and who of it is in the group.
      const name = `${heard.ring.name}:${heard.ring.members.join(',')}`;
      this.#ring = name;
      this.#heard = 0;
      // The same members may be the group of one ring again, when somebody came and went meanwhile.
      this.#configurations.set(name, (this.#configurations.get(name) ?? 0) + 1);
      if (heard.lapsed) this.#execute({ kind: 'revoke', nowMs: this.#around.time.nowMs, reason: 'the lease lapsed' });
      this.tell({ kind: 'configuration', ring: { ...heard.ring, name }, takeOverAtMs: heard.takeOverAtMs });
      return this.tell({ kind: 'quorum', quorate: heard.quorate });
    }
    if (heard.kind === 'quorum') return this.tell(heard);
    const message = decodeClusterMessage(heard.bytes);
    if (message === undefined) return;
    this.#around.trace(
      () => `${this.machine.name} hears of n${heard.from}: ${JSON.stringify(message).slice(0, traceCharsMax)}`,
    );
    this.tell({ kind: 'message', from: heard.from, message, heardBy: heard.heardBy });
    if (heard.heardBy === 'companions') return;
    this.#heard++;
    if (this.#heard % messagesPerLook === 0) this.#showDocument();
  }

  /** An administrator's change; the answer comes unless the daemon dies before. */
  request(
    id: string,
    edit: Extract<NodeEvent, { kind: 'request' }>['request']['edit'],
    answer: (outcome: 'accepted' | Failure) => void,
  ): void {
    this.#answers.set(id, answer);
    this.tell({ kind: 'request', request: { id, edit, by: 'admin' } });
  }

  tell(event: Timeless): void {
    if (this.#over) return;
    if (this.#pauses > 0) return void this.#waiting.push(() => this.tell(event));
    this.#queue.push(event);
    if (this.#stepping) return;
    this.#stepping = true;
    this.#attempt(() => {
      for (let next = this.#queue.shift(); next !== undefined && !this.#over; next = this.#queue.shift()) {
        const done = stepNode(this.state, { ...next, nowMs: this.#around.time.nowMs, now: this.now } as NodeEvent);
        this.state = done.state;
        nodeInvariants(done.state);
        for (const effect of done.effects) this.#perform(effect);
      }
    });
    this.#stepping = false;
    if (this.#over) return;
    this.#arm();
    this.#awaitDisk();
  }

  get now(): Instant {
    const { time } = this.#around;
    const wallMs = time.nowMs + this.machine.clockSkewMs;
    return { epochSeconds: epochSeconds + Math.floor(wallMs / 1000), offsetSeconds: 0 };
  }

  pause(): void {
    this.#pauses++;
  }

  resume(): void {
    this.#pauses--;
    if (this.#pauses > 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const act of waiting) act();
  }

  /** The process is gone; agents that were under way are killed, and nobody knows how far they came. */
  end(): void {
    this.#over = true;
    for (const run of this.#runs.values()) if (this.#around.random.chance(0.5)) run.atEnd();
    this.#runs.clear();
  }

  /** An error of ours ends a daemon, and is never right. */
  #attempt(act: () => void): void {
    try {
      act();
    } catch (thrown) {
      const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
      this.#around.checker.violated(this.#around.time.nowMs, `the daemon of ${this.machine.name} died: ${text}`);
      this.#around.ended(this.machine, 'died');
    }
  }

  #awaitDisk(): void {
    const { trouble, retryAtMs } = this.#keeper;
    if (trouble === undefined || retryAtMs === undefined || this.#retryingAtMs === retryAtMs) return;
    this.#retryingAtMs = retryAtMs;
    const { time, trace } = this.#around;
    trace(() => `${this.machine.name} cannot store: ${trouble.error.message}`);
    time.later(retryAtMs - time.nowMs, () => this.#whenAwake(() => this.#retryDisk()));
  }

  #retryDisk(): void {
    if (this.#over) return;
    const { time, votesNeeded } = this.#around;
    const { replica, leaving } = this.state;
    const snapshot = snapshotOf(replica);
    if (this.#keeper.retry(snapshot, time.nowMs)) return this.tell({ kind: 'persisted', index: snapshot.index });
    const { trouble } = this.#keeper;
    const { cib, self, ring } = replica;
    const surroundings = { cib, self, votes: ring?.members.length ?? 0, votesNeeded, nowMs: time.nowMs };
    if (trouble !== undefined && !leaving && leavesOver(trouble, surroundings)) this.tell({ kind: 'leave' });
    this.#awaitDisk();
  }

  #showDocument(): void {
    if (this.#over || this.state.replica.phase !== 'together') return;
    const place = `message ${this.#heard} of ring ${this.#ring} (${this.#configurations.get(this.#ring)})`;
    const says = fingerprint(this.state.replica.cib);
    this.#around.checker.document(this.#around.time.nowMs, { place, says, node: this.machine.name });
  }

  #perform(effect: NodeEffect): void {
    const { time } = this.#around;
    switch (effect.kind) {
      case 'multicast':
        if (this.#around.planted === 'lost-acknowledgement' && effect.message.kind === 'change') {
          this.#answers.get(effect.message.request)?.('accepted');
        }
        return this.#around.messaging.multicast(this.machine.nodeId, encodeClusterMessage(effect.message));
      case 'persist':
        if (this.#keeper.append(effect.record, () => snapshotOf(this.state.replica), time.nowMs))
          this.#queue.push({ kind: 'persisted', index: effect.record.index });
        return;
      case 'adopt':
        if (this.#keeper.replace(effect.snapshot, time.nowMs))
          this.#queue.push({ kind: 'persisted', index: effect.snapshot.index });
        return;
      case 'keep-aside': {
        const name = `diverged-${effect.snapshot.term}-${effect.snapshot.index}.xml`;
        return void this.#keeper.keepAside(name, effect.snapshot, time.nowMs);
      }
      case 'answer':
        this.#answers.get(effect.request)?.(effect.outcome);
        this.#answers.delete(effect.request);
        return;
      case 'run':
        return this.#run(effect.order);
      case 'cancel':
        return this.#cancel(effect.resource, effect.operation, effect.intervalMs);
      case 'fence':
        return this.#around.fence(this.machine, effect.order, (failure) =>
          this.tell({ kind: 'fence-answer', attempt: effect.order.attempt, failure }),
        );
      case 'dismissed':
        return this.#around.ended(this.machine, 'dismissed');
      case 'log':
        return this.#around.trace(() => `${this.machine.name} ${effect.level}: ${effect.text}`);
      case 'changed':
      case 'together':
      case 'transition-begun':
      case 'transition-ended':
    }
  }

  #arm(): void {
    const due = nodeDeadline(this.state);
    const timer = ++this.#timer;
    if (due === undefined) return;
    const { time } = this.#around;
    time.later(due - time.nowMs, () => {
      if (timer === this.#timer) this.tell({ kind: 'tick' });
    });
  }

  // Operations, as src/daemon/cluster/operations.ts has them run.

  #run(order: ExecutionOrder): void {
    const callId = ++this.#callId;
    this.#orders.set(callId, order);
    const { resource, operation: action, intervalMs, timeoutMs, parameters, meta, startDelayMs } = order;
    const agent: Agent = { class: 'ocf', provider: resource.provider ?? 'heartbeat', type: resource.type };
    const operation = { resource: resource.id, action, intervalMs, timeoutMs, parameters, meta };
    this.#around.trace(() => `${this.machine.name} is to ${order.operationKey}`);
    this.#execute({
      kind: 'request',
      nowMs: this.#around.time.nowMs,
      request: { callId, agent, startDelayMs, operation },
    });
  }

  #cancel(resource: string, operation: string, intervalMs: number): void {
    const before = this.#executor;
    this.#execute({ kind: 'cancel', nowMs: this.#around.time.nowMs, resource, action: operation, intervalMs });
    if (this.#executor === before) this.#queue.push({ kind: 'cancelled', resource, operation, intervalMs });
  }

  #execute(event: ExecutorEvent): void {
    if (this.#over) return;
    const { state, effects } = stepExecutor(this.#executor, event);
    this.#executor = state;
    for (const effect of effects) {
      if (effect.kind === 'kill') {
        this.#kill(effect.runId);
        continue;
      }
      const { callId, operation } = effect.request;
      const { resource, action, intervalMs } = operation;
      const order = this.#orders.get(callId);
      if (effect.kind === 'run')
        this.#begin(effect.runId, { callId, resource, action, timeoutMs: operation.timeoutMs });
      else if (effect.kind === 'cancelled') this.tell({ kind: 'cancelled', resource, operation: action, intervalMs });
      else if (order !== undefined) {
        const atSeconds = this.#begunSeconds.get(callId) ?? this.now.epochSeconds;
        this.tell({ kind: 'outcome', report: { order, outcome: effect.outcome, callId, atSeconds, agent: noFacts } });
      }
    }
    this.#armExecutor();
  }

  /** An agent that is killed has come some way, or not; the built-in one of addresses puts nothing on. */
  #kill(runId: number): void {
    const run = this.#runs.get(runId);
    if (run === undefined) return;
    this.#runs.delete(runId);
    if (!isAddress(run.resource) && this.#around.random.chance(0.5)) run.atEnd();
    const { time } = this.#around;
    const outcome = { ...run.outcome, status: 'error', code: 1 } as const;
    time.later(1, () => {
      if (!this.#over) this.#whenAwake(() => this.#execute({ kind: 'finished', nowMs: time.nowMs, runId, outcome }));
    });
  }

  #begin(runId: number, call: { callId: number; resource: string; action: string; timeoutMs: number }): void {
    const { time, random, checker, troubleOf } = this.#around;
    this.#begunSeconds.set(call.callId, this.now.epochSeconds);
    const run = beginRun(this.machine, call, { random, trouble: troubleOf(this.machine) });
    checker.exclusive(time.nowMs, call.resource);
    this.#runs.set(runId, { ...run, resource: call.resource });
    time.later(run.afterMs, () => this.#finish(runId, call.resource, run));
  }

  /** Agents of a daemon that is stopped go on; those of a frozen machine wait. */
  #finish(runId: number, resource: string, run: AgentRun): void {
    const { time, checker, trace } = this.#around;
    if (this.#over || this.machine.power === 'off' || !this.#runs.has(runId)) return;
    if (this.machine.isFrozen) return void this.#waiting.push(() => this.#finish(runId, resource, run));
    this.#runs.delete(runId);
    run.atEnd();
    checker.exclusive(time.nowMs, resource);
    const { status, code } = run.outcome;
    trace(() => `${this.machine.name}: run ${runId} of ${resource} came to ${status} ${code}`);
    this.#whenAwake(() => this.#execute({ kind: 'finished', nowMs: time.nowMs, runId, outcome: run.outcome }));
  }

  #whenAwake(act: () => void): void {
    if (this.#pauses > 0) this.#waiting.push(act);
    else act();
  }

  #armExecutor(): void {
    const due = executorDeadline(this.#executor);
    if (due === undefined) return;
    const { time } = this.#around;
    const armed = this.#executor;
    time.later(due - time.nowMs, () =>
      this.#whenAwake(() => {
        if (armed === this.#executor) this.#execute({ kind: 'tick', nowMs: time.nowMs });
      }),
    );
  }
}

function documentOf(text: string): XmlElement {
  const parsed = parseXml(text);
  assert(parsed.ok, 'a snapshot whose checksum matches can be read');
  return parsed.value;
}
