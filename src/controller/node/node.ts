// The node's steps (state.ts says what it is). What every member must do alike is done where a message is delivered, from
// the message and the document alone; what only this node does leaves as an effect.
import { childAt, serialiseXml, type XmlElement, xmlElement } from '../../cib/index.ts';
import * as coordinators from '../coordinator/coordinator.ts';
import { cancelledUpdate, type OperationReport, outcomeUpdates } from '../coordinator/operation-entry.ts';
import { type CoordinatorEvent, initialCoordinator } from '../coordinator/state.ts';
import type { NodeName, StatusUpdate } from '../document/status.ts';
import type { ClusterMessage, StatusMessage } from '../message.ts';
import {
  type Begin,
  initialReplica,
  invariants as replicaInvariants,
  step as stepReplica,
} from '../replication/replica.ts';
import type { ReplicaEffect, ReplicaEvent } from '../replication/state.ts';
import type { Clock, NodeEffect, NodeEvent, NodeState, NodeStep } from './state.ts';

const emptyHistory = xmlElement('lrm_resources');
/** Reports kept while members are apart; a recurring monitor that fails all the time must not fill the memory. */
const unsaidMax = 1000;

export function initialNode(begin: Begin): NodeState {
  return {
    replica: initialReplica(begin),
    coordinator: initialCoordinator,
    history: emptyHistory,
    unsaid: [],
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
        return this.#replica({ kind: 'configuration', ring: event.ring, joined: [], left: [] });
      case 'quorum':
        return this.#replica({ kind: 'quorum', quorate: event.quorate });
      case 'message':
        return this.#replica({ kind: 'message', from: event.from, message: event.message });
      case 'persisted':
        return this.#replica({ kind: 'persisted', index: event.index });
      case 'request':
        return this.#replica({ kind: 'request', request: event.request });
      case 'outcome':
        return this.#outcome({ ...event.report, node: this.#self });
      case 'cancelled':
        return this.#say([cancelledUpdate(this.#self, event.resource, event)]);
      case 'fence-answer':
        return this.#multicast({ kind: 'fence-answer', attempt: event.attempt, failure: event.failure });
      case 'say':
        return this.#multicast(event.message);
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

  /** The transient attribute `shutdown` is how the scheduler is asked to empty a node. */
  #leave(): void {
    this.#set({ leaving: true });
    const { replica } = this.state;
    const members = replica.ring?.members.length ?? 0;
    if (replica.phase !== 'together' || members === 0) return void this.effects.push({ kind: 'dismissed' });
    const value = String(this.#clock.now.epochSeconds);
    this.#say([{ kind: 'attribute', node: this.#self, name: 'shutdown', value }]);
  }

  /** What came of an order is recorded here at once, and told to the others as soon as there is a way. */
  #outcome(report: OperationReport): void {
    const { cib, phase } = this.state.replica;
    if (phase !== 'together') {
      return this.#set({ unsaid: [...this.state.unsaid, report].slice(-unsaidMax) });
    }
    this.#say(outcomeUpdates(cib, this.#clock.now, report));
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
        return this.#coordinator({ kind: 'apart' });
      case 'deliver':
        return this.#deliver(effect.message);
      default:
        this.effects.push(effect);
    }
  }

  #changed(effect: Extract<ReplicaEffect, { kind: 'changed' }>): void {
    const { cib, phase } = this.state.replica;
    // Until members are together the document may still be replaced: then this node's own memory stays what it was.
    if (phase === 'together' && effect.by !== 'membership') this.#set({ history: historyIn(cib, this.#self) });
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
    this.#coordinator({
      kind: 'together',
      leads: coordinator === replica.self.nodeId,
      term: `${replica.ring?.name ?? ''}/${replica.self.daemon}`,
      cib: replica.cib,
      reporting: members,
    });
    const xml = serialiseXml(this.state.history);
    this.#multicast({ kind: 'status', updates: [{ kind: 'node-history', node: this.#self, xml }] });
    const { unsaid } = this.state;
    this.#set({ unsaid: [] });
    for (const report of unsaid) this.#outcome(report);
    if (this.state.leaving) this.#leave();
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
        if (message.order.node === this.#self.name) this.effects.push({ kind: 'fence', order: message.order });
        return;
      case 'dismiss':
        if (mine) this.effects.push({ kind: 'dismissed' });
        return this.#coordinator({ kind: 'delivered', message });
      default:
        return this.#coordinator({ kind: 'delivered', message });
    }
  }

  #coordinator(event: Timeless<CoordinatorEvent>): void {
    const done = coordinators.step(this.state.coordinator, { ...event, ...this.#clock } as CoordinatorEvent);
    this.#set({ coordinator: done.state });
    for (const effect of done.effects) this.effects.push(effect);
  }
}

type Timeless<Event> = Event extends unknown ? Omit<Event, keyof Clock> : never;

function historyIn(cib: XmlElement, self: NodeName): XmlElement {
  const state = childAt(cib, 'status')?.children.find((each) => each.name === 'node_state' && each.id === self.id);
  return childAt(state, 'lrm', 'lrm_resources') ?? emptyHistory;
}

function messageOf(update: StatusUpdate): StatusMessage {
  if (update.kind !== 'node-history') return update;
  return { kind: 'node-history', node: update.node, xml: serialiseXml(update.resources) };
}
