// The node's steps (state.ts says what it is). What every member must do alike is done where a message is delivered, from
// the message and the document alone; what only this node does leaves as an effect.
import { childAt, intervalMsOf, parseBoolean, serialiseXml, type XmlElement, xmlElement } from '../../cib/index.ts';
import * as coordinators from '../coordinator/coordinator.ts';
import { cancelledUpdate, type OperationReport, outcomeUpdates } from '../coordinator/operation-entry.ts';
import { type CoordinatorEvent, initialCoordinator } from '../coordinator/state.ts';
import { clusterOptionsOf, nodeStatesOf } from '../document/query.ts';
import type { NodeName, StatusUpdate } from '../document/status.ts';
import type { ClusterMessage, FencingOrder, StatusMessage } from '../message.ts';
import {
  type Begin,
  initialReplica,
  invariants as replicaInvariants,
  step as stepReplica,
} from '../replication/replica.ts';
import type { ReplicaEffect, ReplicaEvent } from '../replication/state.ts';
import type { Clock, FencingAnswer, LastingMessage, NodeEffect, NodeEvent, NodeState, NodeStep } from './state.ts';

const emptyHistory = xmlElement('lrm_resources');
/**
 * What dc-deadtime is when it is not set. Pacemaker's 20 s would be the longest part of a cold start; a node that was fenced
 * because it came up more slowly than that joins after its reboot.
 */
const startupWait = '2s';
/** Reports kept while members are apart; a recurring monitor that fails all the time must not fill the memory. */
const unsaidMax = 1000;

export function initialNode(begin: Begin): NodeState {
  return {
    replica: initialReplica(begin),
    coordinator: initialCoordinator,
    history: emptyHistory,
    reported: false,
    unsaid: [],
    unheard: [],
    attempts: [],
    togetherSinceMs: undefined,
    takeOverAtMs: 0,
    leaving: false,
  };
}

export function step(state: NodeState, event: NodeEvent): NodeStep {
  const run = new NodeRun(state, { nowMs: event.nowMs, now: event.now });
  run.handle(event);
  return { state: run.state, effects: run.effects };
}

export function nextDeadline(state: NodeState): number | undefined {
  return coordinators.nextDeadline(state.coordinator);
}

export function invariants(state: NodeState): void {
  replicaInvariants(state.replica);
  coordinators.invariants(state.coordinator);
}

/** Nothing runs, nothing is due, and nothing waits to be said. */
export function isSettled(state: NodeState): boolean {
  const { replica, coordinator } = state;
  const quiet = replica.phase === 'together' && replica.requests.length === 0 && state.unsaid.length === 0;
  return quiet && !coordinators.isUnderWay(coordinator) && coordinator.causes.length === 0;
}

class NodeRun {
  state: NodeState;
  readonly effects: NodeEffect[] = [];
  readonly #clock: Clock;

  constructor(state: NodeState, clock: Clock) {
    this.state = state;
    this.#clock = clock;
  }

  get #self(): NodeName {
    const { id, name } = this.state.replica.self;
    return { id, name };
  }

  #set(change: Partial<NodeState>): void {
    this.state = { ...this.state, ...change };
  }

  handle(event: NodeEvent): void {
    switch (event.kind) {
      case 'configuration':
        return this.#configuration(event);
      case 'quorum':
        return this.#replica({ kind: 'quorum', quorate: event.quorate });
      case 'message':
        if (event.message.kind === 'hello') this.#holdFor(event.message.heldForMs);
        if (event.from === this.state.replica.self.nodeId) this.#heardBack(event.message);
        return this.#replica({
          kind: 'message',
          from: event.from,
          message: event.message,
          heardBy: event.heardBy,
        });
      case 'persisted':
        return this.#replica({ kind: 'persisted', index: event.index });
      case 'request':
        return this.#replica({ kind: 'request', request: event.request });
      case 'outcome':
        return this.#outcome({ ...event.report, node: this.#self });
      case 'cancelled':
        return this.#say([cancelledUpdate(this.#self, event.resource, event)]);
      case 'fence-answer':
        return this.#answerFence({ kind: 'fence-answer', attempt: event.attempt, failure: event.failure });
      case 'say':
        return isLasting(event.message) ? this.#sayLasting(event.message) : this.#multicast(event.message);
      case 'status':
        return this.#say(event.updates);
      case 'recheck':
        return this.#coordinator({ kind: 'recheck', reason: event.reason });
      case 'leave':
        return this.#leave();
      case 'tick':
        return this.#coordinator({ kind: 'tick' });
    }
  }

  #configuration({ ring, takeOverAtMs }: Extract<NodeEvent, { kind: 'configuration' }>): void {
    const heldForMs = Math.max(0, takeOverAtMs - this.#clock.nowMs);
    this.#holdFor(heldForMs);
    this.#replica({ kind: 'configuration', ring: { ...ring, heldForMs }, joined: [], left: [] });
  }

  #holdFor(heldForMs: number): void {
    this.#set({ takeOverAtMs: Math.max(this.state.takeOverAtMs, this.#clock.nowMs + heldForMs) });
  }

  /**
   * The transient attribute `shutdown` is how the scheduler is asked to empty a node. While the members are agreeing on a
   * document nobody can be asked, and what this node was told to run still runs: it is asked for when they are together.
   */
  #leave(): void {
    this.#set({ leaving: true });
    const { replica, togetherSinceMs } = this.state;
    if (togetherSinceMs === undefined) return void this.effects.push({ kind: 'dismissed' });
    if (replica.phase !== 'together') return;
    const value = String(this.#clock.now.epochSeconds);
    this.#say([{ kind: 'attribute', node: this.#self, name: 'shutdown', value }]);
  }

  /** What came of an order is kept until it was heard: a change of the membership may swallow what is on its way. */
  #outcome(report: OperationReport): void {
    this.#set({ unsaid: [...this.state.unsaid, report].slice(-unsaidMax) });
    if (this.state.replica.phase === 'together') this.#report(report);
  }

  #report(report: OperationReport): void {
    this.#say(outcomeUpdates(this.state.replica.cib, this.#clock.now, report));
  }

  #sayLasting(message: LastingMessage): void {
    const others = this.state.unheard.filter((each) => !isReplacedBy(each, message));
    this.#set({ unheard: [...others, message].slice(-unsaidMax) });
    if (this.state.replica.phase === 'together') this.#multicast(message);
  }

  #heardBack(message: ClusterMessage): void {
    const { replica, unsaid, unheard } = this.state;
    // A request lasts until it is answered: the coordinator that heard it may be gone by then.
    if (replica.phase === 'together' && isLasting(message) && message.kind !== 'fence-request') {
      const said = JSON.stringify(message);
      this.#set({ unheard: unheard.filter((each) => JSON.stringify(each) !== said) });
    }
    if (message.kind !== 'status' || replica.phase !== 'together') return;
    if (message.updates.some(({ kind }) => kind === 'node-history')) this.#set({ reported: true });
    if (unsaid.length === 0) return;
    const heard = (report: OperationReport) => message.updates.some((update) => tells(update, report));
    if (unsaid.some(heard)) this.#set({ unsaid: unsaid.filter((report) => !heard(report)) });
  }

  #say(updates: readonly StatusUpdate[]): void {
    if (updates.length > 0) this.#multicast({ kind: 'status', updates: updates.map(messageOf) });
  }

  #multicast(message: ClusterMessage): void {
    this.effects.push({ kind: 'multicast', message });
  }

  #replica(event: ReplicaEvent): void {
    const done = stepReplica(this.state.replica, event);
    this.#set({ replica: done.state });
    for (const effect of done.effects) this.#replicaEffect(effect);
  }

  #replicaEffect(effect: ReplicaEffect): void {
    switch (effect.kind) {
      case 'changed':
        return this.#changed(effect);
      case 'together':
        return this.#together(effect.coordinator);
      case 'apart':
        this.#set({ reported: false });
        return this.#coordinator({ kind: 'apart' });
      case 'deliver':
        return this.#deliver(effect.message);
      default:
        this.effects.push(effect);
    }
  }

  #changed(effect: Extract<ReplicaEffect, { kind: 'changed' }>): void {
    const { cib, phase } = this.state.replica;
    // Another's document knows no better than this node what it runs: before that was heard, its own memory stays what it was.
    if (phase === 'together' && this.state.reported) this.#set({ history: historyIn(cib, this.#self) });
    this.effects.push({ kind: 'changed', what: effect.what, by: effect.by });
    const { what, by, updates } = effect;
    this.#coordinator({ kind: 'changed', what, by, updates, cib });
  }

  #together(coordinator: number): void {
    const { replica } = this.state;
    const members = (replica.ring?.members ?? []).map((nodeId) => ({
      id: String(nodeId),
      name: replica.names.get(nodeId) ?? String(nodeId),
    }));
    const leader = members.find(({ id }) => id === String(coordinator))?.name ?? String(coordinator);
    this.effects.push({ kind: 'together', coordinator: leader });
    this.#coordinator({ kind: 'hold', untilMs: this.#awaitsUntil() });
    this.#coordinator({
      kind: 'together',
      leads: coordinator === replica.self.nodeId,
      term: `${replica.ring?.name ?? ''}/${replica.self.daemon}`,
      cib: replica.cib,
      reporting: members,
      boots: new Map(members.map(({ id, name }) => [name, replica.hellos.get(Number(id))?.boot ?? ''])),
      strangers: members.filter(({ id }) => replica.hellos.get(Number(id))?.known === false),
    });
    const xml = serialiseXml(this.state.history);
    // In one message: with the last node's history everybody is heard, and decided may be at once.
    const { cib } = replica;
    const unsaid = this.state.unsaid.flatMap((report) => outcomeUpdates(cib, this.#clock.now, report));
    const history: StatusMessage = { kind: 'node-history', node: this.#self, xml };
    this.#multicast({ kind: 'status', updates: [history, ...unsaid.map(messageOf)] });
    for (const message of this.state.unheard) this.#multicast(message);
    if (this.state.leaving) this.#leave();
  }

  /**
   * A cluster that starts gives every node time to show up before it fences those that were never seen (as long as
   * Pacemaker's dc-deadtime). Of those that were here and are gone it waits for the end of their leases, unless they are
   * fenced.
   */
  #awaitsUntil(): number {
    const { replica, togetherSinceMs } = this.state;
    const sinceMs = togetherSinceMs ?? this.#clock.nowMs;
    this.#set({ togetherSinceMs: sinceMs });
    const options = clusterOptionsOf(replica.cib, this.#clock.now);
    const isOn = (name: string) => parseBoolean(options.get(name)) ?? true;
    if (!isOn('stonith-enabled') || !isOn('fencing-enabled')) return this.state.takeOverAtMs;
    const seen = new Set(nodeStatesOf(replica.cib).map(({ id }) => id));
    const nodes = childAt(replica.cib, 'configuration', 'nodes')?.childrenNamed('node') ?? [];
    const missing = nodes.some((node) => (node.get('type') ?? 'member') === 'member' && !seen.has(node.id));
    return isOn('startup-fencing') && missing ? sinceMs + intervalMsOf(options.get('dc-deadtime') ?? startupWait) : 0;
  }

  /** Orders and answers, at the same place in the order for all. */
  #deliver(message: ClusterMessage): void {
    const mine = 'node' in message && message.node === this.#self.name;
    switch (message.kind) {
      case 'execute':
        if (mine) this.effects.push({ kind: 'run', order: message.order });
        return;
      case 'cancel': {
        const { resource, operation, intervalMs } = message;
        if (mine) this.effects.push({ kind: 'cancel', resource, operation, intervalMs });
        return;
      }
      case 'fence':
        if (message.order.node === this.#self.name) this.#fence(message.order);
        return this.#coordinator({ kind: 'delivered', message });
      case 'node-list':
        // A partition without quorum may not say who the cluster is.
        if (this.state.replica.quorate) this.effects.push({ kind: 'node-list', message });
        return;
      case 'dismiss':
        if (mine) this.effects.push({ kind: 'dismissed' });
        return this.#coordinator({ kind: 'delivered', message });
      default:
        return this.#coordinator({ kind: 'delivered', message });
    }
  }

  /**
   * An order is said again when members have changed: an attempt is made once. Who asks again has not heard the answer, which
   * was given where others coordinated.
   */
  #fence(order: FencingOrder): void {
    const { attempts, unheard } = this.state;
    const known = attempts.find(({ attempt }) => attempt === order.attempt);
    if (known !== undefined) {
      const { answer } = known;
      if (answer !== undefined && !unheard.includes(answer)) this.#sayLasting(answer);
      return;
    }
    this.#set({ attempts: [...attempts, { attempt: order.attempt, answer: undefined }].slice(-unsaidMax) });
    this.effects.push({ kind: 'fence', order });
  }

  #answerFence(answer: FencingAnswer): void {
    const { attempts } = this.state;
    this.#set({ attempts: attempts.map((each) => (each.attempt === answer.attempt ? { ...each, answer } : each)) });
    this.#sayLasting(answer);
  }

  #coordinator(event: Timeless<CoordinatorEvent>): void {
    const done = coordinators.step(this.state.coordinator, { ...event, ...this.#clock } as CoordinatorEvent);
    this.#set({ coordinator: done.state });
    for (const effect of done.effects) {
      if (effect.kind === 'answer') this.#answered(effect.request);
      this.effects.push(effect);
    }
  }

  #answered(request: string): void {
    const { unheard } = this.state;
    if (unheard.length === 0) return;
    this.#set({ unheard: unheard.filter((each) => each.kind !== 'fence-request' || each.request !== request) });
  }
}

function isLasting(message: ClusterMessage): message is LastingMessage {
  const { kind } = message;
  return kind === 'fence-request' || kind === 'fence-confirm' || kind === 'fence-answer' || kind === 'attribute';
}

/** Of the values of an attribute only the last one matters. */
function isReplacedBy(before: LastingMessage, message: LastingMessage): boolean {
  if (before.kind !== 'attribute' || message.kind !== 'attribute') return false;
  return before.node.id === message.node.id && before.name === message.name;
}

type Timeless<Event> = Event extends unknown ? Omit<Event, keyof Clock> : never;

function historyIn(cib: XmlElement, self: NodeName): XmlElement {
  const state = childAt(cib, 'status')?.children.find((each) => each.name === 'node_state' && each.id === self.id);
  return childAt(state, 'lrm', 'lrm_resources') ?? emptyHistory;
}

/** Whether the update says what came of the order. */
function tells(update: StatusMessage, { order, outcome, callId }: OperationReport): boolean {
  if (outcome.status === 'cancelled') {
    const same = update.kind === 'forget' && update.resource === order.resource.id;
    return same && update.operation === order.operation && update.intervalMs === order.intervalMs;
  }
  if (update.kind !== 'operation' || update.resource.id !== order.resource.id) return false;
  return update.entry['call-id'] === String(callId) && update.entry['transition-key'] === order.transitionKey;
}

function messageOf(update: StatusUpdate): StatusMessage {
  if (update.kind !== 'node-history') return update;
  return { kind: 'node-history', node: update.node, xml: serialiseXml(update.resources) };
}
