// The coordinator's steps (state.ts says what it is).
import type { XmlElement } from '../../cib/index.ts';
import { assert, INFINITY_SCORE } from '../../kit/index.ts';
import { schedule } from '../../scheduler/index.ts';
import { clusterOptionsOf, transientAttributesOf } from '../document/query.ts';
import type { StatusUpdate } from '../document/status.ts';
import * as fencers from '../fencing/fencer.ts';
import { type FencingWish, fencingAttemptsMax, fencingRequestOf, nodeNamed } from '../fencing/request.ts';
import type { ClusterMessage } from '../message.ts';
import * as engines from '../transition/engine.ts';
import { transitionOf } from '../transition/planning.ts';
import { parseTransitionKey, type Task } from '../transition/task.ts';
import { type AttributeWish, dampen, dueAttributes, dueSaid, nextDue, unsaid, written } from './dampening.ts';
import { judge } from './judgement.ts';
import { outcomeUpdates } from './operation-entry.ts';
import { outcomesOf } from './outcomes.ts';
import { isAnsweredBy, isExpectedBy, performanceOf } from './performance.ts';
import { decidedBy } from './quorum-policy.ts';
import { isFencingMember, longestOperationMs, pendingOnMembers, recheckTime } from './settling.ts';
import type {
  Clock,
  CoordinatorEffect,
  CoordinatorEvent,
  CoordinatorState,
  CoordinatorStep,
  TransitionReport,
} from './state.ts';

/** A member that has not told what it runs after so long is taken as the document has it. */
const reportingMsMax = 30_000;

export function step(state: CoordinatorState, event: CoordinatorEvent): CoordinatorStep {
  const run = new CoordinatorRun(state, { nowMs: event.nowMs, now: event.now });
  run.handle(event);
  run.settle();
  return { state: run.state, effects: run.effects };
}

/** When a `tick` is wanted (monotonic ms), or undefined while nothing is due by time. */
export function nextDeadline(state: CoordinatorState): number | undefined {
  if (!state.leads) return undefined;
  const due = [
    state.engine === undefined ? undefined : engines.nextDeadline(state.engine),
    fencers.nextDeadline(state.fencer),
    nextDue(state.dampening),
    state.recheckAtMs,
    state.settlingUntilMs,
    state.causes.length > 0 && !isUnderWay(state) && state.heldUntilMs > 0 ? state.heldUntilMs : undefined,
  ];
  const known = due.filter((each) => each !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

export function invariants(state: CoordinatorState): void {
  if (state.engine !== undefined) engines.invariants(state.engine);
  fencers.invariants(state.fencer);
  assert(!isUnderWay(state) || state.leads, 'only the coordinator carries a transition out');
}

/** Whether a transition is being carried out. */
export function isUnderWay({ engine }: CoordinatorState): boolean {
  return engine !== undefined && !engine.finished;
}

/** One step in the making. */
class CoordinatorRun {
  state: CoordinatorState;
  readonly effects: CoordinatorEffect[] = [];
  readonly #clock: Clock;

  constructor(state: CoordinatorState, clock: Clock) {
    this.state = state;
    this.#clock = clock;
  }

  handle(event: CoordinatorEvent): void {
    switch (event.kind) {
      case 'together':
        return this.#together(event);
      case 'apart':
        this.#dropTransition('the membership changed');
        return this.#set({ leads: false });
      case 'hold':
        return this.#set({ heldUntilMs: event.untilMs });
      case 'changed':
        return this.#changed(event);
      case 'delivered':
        return this.#delivered(event.message);
      case 'recheck':
        return this.#cause(event.reason);
      case 'tick':
        return this.#tick();
    }
  }

  /** Aborts what no longer fits, and decides what is done next as soon as nothing is on the way. */
  settle(): void {
    const { leads, causes, cib } = this.state;
    if (!leads || cib === undefined || causes.length === 0) return;
    if (isUnderWay(this.state)) {
      this.#engine({ kind: 'abort', reason: causes[0] ?? '', priority: INFINITY_SCORE });
    }
    if (!isUnderWay(this.state) && this.#isSettled(cib)) this.#schedule(cib);
  }

  #set(change: Partial<CoordinatorState>): void {
    this.state = { ...this.state, ...change };
  }

  #log(level: 'error' | 'warning' | 'notice' | 'info', text: string): void {
    this.effects.push({ kind: 'log', level, text });
  }

  #send(message: ClusterMessage): void {
    this.effects.push({ kind: 'multicast', message });
  }

  #cause(reason: string): void {
    if (!this.state.leads || this.state.causes.includes(reason)) return;
    this.#set({ causes: [...this.state.causes, reason] });
  }

  #together(event: Extract<CoordinatorEvent, { kind: 'together' }>): void {
    this.#dropTransition('the membership changed');
    const { leads, term, cib, reporting, strangers, boots } = event;
    const before = this.state.boots;
    const isOther = (name: string, boot: string) => before.has(name) && before.get(name) !== boot;
    const returned = new Set([...boots].flatMap(([name, boot]) => (isOther(name, boot) ? [name] : [])));
    const carried = fencers.carriedOver(this.state.fencer, { term, returned });
    this.#set({
      dampening: unsaid(this.state.dampening),
      strangers,
      boots: new Map([...before, ...boots]),
      leads,
      term,
      cib,
      engine: undefined,
      transitions: 0,
      causes: leads ? ['the membership changed'] : [],
      reporting: new Set(reporting.map(({ id }) => id)),
      settlingUntilMs: leads ? this.#clock.nowMs + Math.max(reportingMsMax, longestOperationMs(cib)) : undefined,
      recheckAtMs: undefined,
      fencingFailures: new Map(),
      fencer: leads ? carried.state : fencers.fencer(term),
    });
    if (leads) for (const operation of carried.over) this.#sendOver(operation);
    const present = new Set(reporting.map(({ name }) => name));
    if (leads) for (const order of carried.again) if (present.has(order.node)) this.#send({ kind: 'fence', order });
    for (const { order } of this.state.fencer.operations) {
      if (order !== undefined && !present.has(order.node)) this.#fencer({ kind: 'node-gone', node: order.node });
    }
  }

  /** What is on the way is answered in the document, where the next coordinator finds it. */
  #dropTransition(reason: string): void {
    const { engine } = this.state;
    if (engine === undefined || engine.finished) return;
    this.#report({ engine, end: 'aborted', reason });
    this.#set({ engine: undefined });
  }

  #changed(event: Extract<CoordinatorEvent, { kind: 'changed' }>): void {
    const { what, by, updates, cib } = event;
    this.#set({ cib });
    this.#set({ dampening: updates.reduce(written, this.state.dampening) });
    if (!this.state.leads) return;
    if (what === 'configuration') return this.#cause(`the configuration was changed by ${by}`);
    if (what === 'everything' || updates.length === 0) return this.#cause(`the document was changed by ${by}`);
    const inFlight = this.#engineTasks();
    for (const update of updates) this.#weigh(update, inFlight);
  }

  #engineTasks(): readonly Task[] {
    const { engine } = this.state;
    return engine === undefined ? [] : engines.tasksInFlight(engine);
  }

  #weigh(update: StatusUpdate, inFlight: readonly Task[]): void {
    const answered = inFlight.filter((task) => isAnsweredBy(task, update));
    for (const { id } of answered) this.#engine({ kind: 'confirmed', task: id });
    if (answered.length > 0 && update.kind !== 'node-left') return;
    if (inFlight.some((task) => isExpectedBy(task, update))) return;
    switch (update.kind) {
      case 'operation':
        return this.#operation(update);
      case 'node-history':
        this.#set({ reporting: without(this.state.reporting, update.node.id) });
        return this.#cause(`${update.node.name} told what it runs`);
      case 'forget':
        if (update.operation !== undefined) return;
        return this.#cause(`the history of ${update.resource} on ${update.node.name} was cleared`);
      case 'forget-failure':
        return this.#cause(`the failure of ${update.resource} on ${update.node.name} was cleared`);
      case 'attribute':
        return this.#attribute(update);
      case 'ticket':
        return this.#cause(`ticket ${update.id} changed`);
      case 'node-joined':
        return this.#cause(`${update.node.name} joined`);
      case 'node-left':
        return this.#left(update);
      case 'node-dismissed':
        return;
    }
  }

  #operation(update: Extract<StatusUpdate, { kind: 'operation' }>): void {
    const judgement = judge(update, { uuid: this.state.term, engine: this.state.engine });
    switch (judgement.kind) {
      case 'pending':
        return;
      case 'expected':
        return this.#engine({ kind: 'confirmed', task: judgement.task });
      case 'discovered':
        this.#log('notice', judgement.reason);
        this.#engine({ kind: 'abort', reason: judgement.reason, priority: INFINITY_SCORE });
        this.#engine({ kind: 'confirmed', task: judgement.task });
        return this.#cause(judgement.reason);
      case 'failed':
        this.#log('warning', judgement.reason);
        this.#engine({ kind: 'failed', task: judgement.task });
        return this.#cause(judgement.reason);
      case 'unexpected':
        this.#log('notice', judgement.reason);
        return this.#cause(judgement.reason);
    }
  }

  /** The time of a failure says nothing by itself, the count beside it does. */
  #attribute({ node, name, value }: Extract<StatusUpdate, { kind: 'attribute' }>): void {
    if (name.startsWith('last-failure-')) return;
    // Its value is a time (epoch seconds), or 0 for a shutdown that was called off.
    if (name === 'shutdown' && value !== undefined && value !== '0') return this.#cause(`${node.name} is to stop`);
    this.#cause(value === undefined ? `${name} of ${node.name} was removed` : `${name} of ${node.name} is ${value}`);
  }

  #left({ node, how }: Extract<StatusUpdate, { kind: 'node-left' }>): void {
    this.#set({ reporting: without(this.state.reporting, node.id) });
    this.#engine({ kind: 'node-gone', node: node.name });
    this.#fencer({ kind: 'node-gone', node: node.name });
    // A node that was dismissed, or fenced as decided, is gone as foreseen.
    if (how === 'lost') this.#cause(`${node.name} was lost`);
  }

  #delivered(message: ClusterMessage): void {
    switch (message.kind) {
      case 'fenced':
        this.#answerWishes(message);
        return this.state.leads ? this.#fenced(message) : undefined;
      case 'attribute':
        return this.#wish(message);
      case 'fence':
        return this.#fencer({ kind: 'ordered', attempt: message.order.attempt });
      case 'fence-answer':
        return this.#fencer({ kind: 'answered', attempt: message.attempt, failure: message.failure });
      case 'fence-request':
        return this.#fencingAsked(message);
      case 'fence-confirm':
        return this.#fencingConfirmed(message);
    }
  }

  #answerWishes({ target, failure, requests }: Extract<ClusterMessage, { kind: 'fenced' }>): void {
    const outcome =
      failure === undefined
        ? 'accepted'
        : ({ kind: 'failed', what: `fencing ${target.name} failed: ${failure}` } as const);
    for (const request of requests) this.effects.push({ kind: 'answer', request, outcome });
  }

  #fencingAsked({ request, target, action, by }: Extract<ClusterMessage, { kind: 'fence-request' }>): void {
    const { leads, cib } = this.state;
    if (!leads || cib === undefined) return;
    const node = nodeNamed(cib, target) ?? { id: target, name: target };
    this.#fence({ target: node, action, request, by, delayMs: 0 });
  }

  /** Whoever vouches for a node's being down is believed: it is fenced then, whether a device was at work on it or not. */
  #fencingConfirmed({ target, by }: Extract<ClusterMessage, { kind: 'fence-confirm' }>): void {
    const { leads, cib, fencer } = this.state;
    const node = cib === undefined ? undefined : nodeNamed(cib, target);
    if (!leads || node === undefined) return;
    if (fencer.operations.some((operation) => operation.target.name === target)) {
      return this.#fencer({ kind: 'confirmed-by-hand', target, by });
    }
    this.#announce({ target: node, action: 'off', requests: [], by, device: `confirmed by ${by}`, failure: undefined });
  }

  #fence(wish: FencingWish): void {
    const { cib } = this.state;
    assert(cib !== undefined, 'there is a document while somebody leads');
    this.#log('warning', `fencing ${wish.target.name} (${wish.action}), as ${wish.by} wants`);
    this.#fencer({ kind: 'request', ...fencingRequestOf(cib, this.#clock.now, wish) });
  }

  #fencer(event: TimelessFencerEvent): void {
    if (!this.state.leads) return;
    const done = fencers.step(this.state.fencer, { ...event, nowMs: this.#clock.nowMs } as fencers.FencerEvent);
    this.#set({ fencer: done.state });
    for (const effect of done.effects) {
      if (effect.kind === 'attempt') this.#send({ kind: 'fence', order: effect.order });
      else this.#announce(effect);
    }
  }

  /** The node is here again: those who wait for its fencing are told that it is over, and the document stays as it is. */
  #sendOver({ target, action, requests, by, stages, stage }: fencers.FencingOperation): void {
    const device = stages[stage]?.device ?? '';
    this.#send({ kind: 'fenced', target, action, requests, by, device, failure: undefined });
  }

  /** First the document says so, then everybody is told. */
  #announce({ target, action, requests, by, device, failure }: Omit<Ended, 'kind'>): void {
    if (failure === undefined) {
      const seconds = String(this.#clock.now.epochSeconds);
      const update: StatusUpdate =
        action === 'on'
          ? { kind: 'attribute', node: target, name: '#node-unfenced', value: seconds }
          : { kind: 'node-left', node: target, how: 'fenced' };
      this.#send({ kind: 'status', updates: [update] });
    }
    this.#send({ kind: 'fenced', target, action, requests, by, device, failure });
  }

  #fenced({ target, action, requests, failure }: Extract<ClusterMessage, { kind: 'fenced' }>): void {
    const tasks = requests.flatMap((request) => {
      const key = parseTransitionKey(request);
      return key?.uuid === this.state.term ? [key.action] : [];
    });
    if (failure !== undefined) return this.#fencingFailed(target.name, tasks, failure);
    const fencingFailures = new Map(this.state.fencingFailures);
    fencingFailures.delete(target.name);
    this.#set({ fencingFailures });
    for (const task of tasks) this.#engine({ kind: 'confirmed', task });
    if (tasks.length === 0) this.#cause(`${target.name} was fenced (${action})`);
  }

  #fencingFailed(target: string, tasks: readonly number[], failure: string): void {
    this.#log('error', `fencing ${target} failed: ${failure}`);
    if (tasks.length === 0) return;
    const failures = (this.state.fencingFailures.get(target) ?? 0) + 1;
    this.#set({ fencingFailures: new Map(this.state.fencingFailures).set(target, failures) });
    for (const task of tasks) this.#engine({ kind: 'failed', task });
    if (failures < fencingAttemptsMax(this.#options())) return this.#cause(`fencing ${target} failed: ${failure}`);
    this.#log('error', `fencing ${target} failed ${failures} times in a row: not tried again before something changes`);
  }

  #options(): ReadonlyMap<string, string> {
    const { cib } = this.state;
    return cib === undefined ? new Map() : clusterOptionsOf(cib, this.#clock.now);
  }

  #tick(): void {
    if (!this.state.leads) return;
    this.#engine({ kind: 'tick' });
    this.#fencer({ kind: 'tick' });
    this.#writeDue();
    const { recheckAtMs } = this.state;
    if (recheckAtMs === undefined || recheckAtMs > this.#clock.nowMs) return;
    this.#set({ recheckAtMs: undefined });
    this.#cause('time passed');
  }

  #wish(wish: AttributeWish): void {
    const { cib, dampening } = this.state;
    if (cib === undefined) return;
    const present = transientAttributesOf(cib, wish.node).get(wish.name);
    this.#set({ dampening: dampen(dampening, wish, { nowMs: this.#clock.nowMs, present }) });
    this.#writeDue();
  }

  #writeDue(): void {
    if (!this.state.leads) return;
    const updates = dueAttributes(this.state.dampening, this.#clock.nowMs).filter((each) => each.kind === 'attribute');
    if (updates.length === 0) return;
    this.#set({ dampening: dueSaid(this.state.dampening, this.#clock.nowMs) });
    this.#send({ kind: 'status', updates });
  }

  /** Whether everybody has told what it runs, and everything ordered in a former term was answered. */
  #isSettled(cib: XmlElement): boolean {
    const { settlingUntilMs, reporting, heldUntilMs, fencer } = this.state;
    if (this.#clock.nowMs < heldUntilMs) return false;
    this.#set({ heldUntilMs: 0 });
    if (settlingUntilMs === undefined) return !isFencingMember(cib, fencer);
    const open = reporting.size > 0 ? [...reporting] : pendingOnMembers(cib);
    if (open.length > 0 && this.#clock.nowMs < settlingUntilMs) return false;
    if (open.length > 0) this.#log('error', `going on without what was awaited: ${open.join(', ')}`);
    this.#set({ settlingUntilMs: undefined, reporting: new Set() });
    return !isFencingMember(cib, fencer);
  }

  #schedule(cib: XmlElement): void {
    const { causes, term, transitions } = this.state;
    const { nowMs, now } = this.#clock;
    const number = transitions;
    const { document: input, warning } = decidedBy(cib, now, this.state.strangers);
    if (warning !== undefined) this.#log('warning', warning);
    const transition = transitionOf(schedule({ cib: input, now, reasons: false, secrets: 'compared' }), {
      number,
      uuid: term,
      nowSeconds: now.epochSeconds,
    });
    this.effects.push({
      kind: 'transition-begun',
      record: { number, term, causes, input, now, transition },
    });
    this.#set({
      engine: engines.engine(transition),
      engineStartMs: nowMs,
      transitions: number + 1,
      causes: [],
      recheckAtMs: recheckTime(transition.recheckBySeconds, this.#options(), this.#clock),
    });
    this.#engine({ kind: 'started' });
  }

  /** Steps the engine, and carries out what it says. */
  #engine(event: EventWithoutTime): void {
    const { engine } = this.state;
    if (engine === undefined) return;
    const done = engines.step(engine, { ...event, nowMs: this.#clock.nowMs } as engines.EngineEvent);
    this.#set({ engine: done.state });
    for (const effect of done.effects) this.#carryOut(effect);
  }

  #carryOut(effect: engines.EngineEffect): void {
    switch (effect.kind) {
      case 'perform':
        return this.#perform(effect.task);
      case 'lost':
        return this.#lost(effect.task);
      case 'finished': {
        const { engine } = this.state;
        if (engine !== undefined) this.#report({ engine, end: effect.end, reason: effect.reason });
      }
    }
  }

  #perform(task: Task): void {
    const { cib } = this.state;
    assert(cib !== undefined, 'there is a document while a transition is carried out');
    const performance = performanceOf(cib, task);
    switch (performance.kind) {
      case 'done-already':
        return this.#engine({ kind: 'confirmed', task: task.id });
      case 'send':
        for (const message of performance.messages) this.#send(message);
        return;
      case 'fence': {
        const { target, action, delayMs, transitionKey } = performance.work;
        return this.#fence({ target, action, delayMs, request: transitionKey, by: 'the scheduler' });
      }
    }
  }

  /** The node did not answer in time: that is a failure of the operation, recorded for it. */
  #lost(task: Task): void {
    const { cib } = this.state;
    const reason = `${task.key} was not answered in time`;
    this.#log('error', reason);
    this.#cause(reason);
    if (task.work.kind !== 'execute' || cib === undefined) return;
    const { node, order } = task.work;
    const updates = outcomeUpdates(cib, this.#clock.now, {
      node,
      order,
      outcome: { status: 'timeout', code: 1, reason: 'the node did not answer in time', durationMs: order.timeoutMs },
      callId: -1,
      atSeconds: this.#clock.now.epochSeconds,
      agent: { restartParameters: undefined, privateParameters: [] },
    });
    const plain = updates.filter((update) => update.kind !== 'node-history');
    this.#send({ kind: 'status', updates: plain });
  }

  #report({ engine, end, reason }: Pick<TransitionReport, 'end' | 'reason'> & { engine: engines.EngineState }): void {
    const { number } = engine.transition;
    const { engineStartMs, term, cib } = this.state;
    const outcomes = outcomesOf(engine, { engineStartMs, cib });
    this.effects.push({
      kind: 'transition-ended',
      record: { number, term, end, reason, outcomes, now: this.#clock.now },
    });
  }
}

type Timeless<Event> = Event extends unknown ? Omit<Event, 'nowMs'> : never;
type EventWithoutTime = Timeless<engines.EngineEvent>;
type TimelessFencerEvent = Timeless<fencers.FencerEvent>;
type Ended = Extract<fencers.FencerEffect, { kind: 'ended' }>;

function without(ids: ReadonlySet<string>, id: string): ReadonlySet<string> {
  return ids.has(id) ? new Set([...ids].filter((other) => other !== id)) : ids;
}
