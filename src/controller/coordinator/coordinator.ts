// The coordinator's steps (state.ts says what it is).
import { type Instant, intervalMsOf, type XmlElement, xmlIndexOf } from '../../cib/index.ts';
import { assert, INFINITY_SCORE } from '../../kit/index.ts';
import { schedule } from '../../scheduler/index.ts';
import { clusterOptionsOf, isMember, nodeNameOf, nodeStatesOf, recordedOperations } from '../document/query.ts';
import type { StatusUpdate } from '../document/status.ts';
import * as engines from '../transition/engine.ts';
import { transitionOf } from '../transition/planning.ts';
import { parseTransitionKey, type Task } from '../transition/task.ts';
import { judge } from './judgement.ts';
import { outcomeUpdates } from './operation-entry.ts';
import { isAnsweredBy, isExpectedBy, performanceOf } from './performance.ts';
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
const fencingAttemptsDefault = 10;

export function step(state: CoordinatorState, event: CoordinatorEvent): CoordinatorStep {
  const run = new CoordinatorRun(state, { nowMs: event.nowMs, now: event.now });
  run.handle(event);
  run.settle();
  return { state: run.state, effects: run.effects };
}

/** When a `tick` is wanted (monotonic ms), or undefined while nothing is due by time. */
export function nextDeadline({ leads, engine, recheckAtMs, settlingUntilMs }: CoordinatorState): number | undefined {
  if (!leads) return undefined;
  const due = [engine === undefined ? undefined : engines.nextDeadline(engine), recheckAtMs, settlingUntilMs];
  const known = due.filter((each) => each !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

export function invariants(state: CoordinatorState): void {
  if (state.engine !== undefined) engines.invariants(state.engine);
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
      case 'changed':
        return this.#changed(event);
      case 'delivered':
        return this.#delivered(event);
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

  #cause(reason: string): void {
    if (!this.state.leads || this.state.causes.includes(reason)) return;
    this.#set({ causes: [...this.state.causes, reason] });
  }

  #together(event: Extract<CoordinatorEvent, { kind: 'together' }>): void {
    this.#dropTransition('the membership changed');
    const { leads, term, cib, reporting } = event;
    this.#set({
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
    });
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
    this.#cause(value === undefined ? `${name} of ${node.name} was removed` : `${name} of ${node.name} is ${value}`);
  }

  #left({ node, how }: Extract<StatusUpdate, { kind: 'node-left' }>): void {
    this.#set({ reporting: without(this.state.reporting, node.id) });
    this.#engine({ kind: 'node-gone', node: node.name });
    // A node that was dismissed, or fenced as decided, is gone as foreseen.
    if (how === 'lost') this.#cause(`${node.name} was lost`);
  }

  #delivered({ message }: Extract<CoordinatorEvent, { kind: 'delivered' }>): void {
    if (message.kind !== 'fenced' || !this.state.leads) return;
    const key = parseTransitionKey(message.transitionKey);
    if (key === undefined || key.uuid !== this.state.term) return;
    if (message.failure === undefined) return this.#fenced(message.target, key.action);
    this.#fencingFailed(message.target, key.action, message.failure);
  }

  #fenced(target: string, task: number): void {
    const fencingFailures = new Map(this.state.fencingFailures);
    fencingFailures.delete(target);
    this.#set({ fencingFailures });
    this.#engine({ kind: 'confirmed', task });
  }

  #fencingFailed(target: string, task: number, failure: string): void {
    const failures = (this.state.fencingFailures.get(target) ?? 0) + 1;
    this.#set({ fencingFailures: new Map(this.state.fencingFailures).set(target, failures) });
    this.#engine({ kind: 'failed', task });
    const attemptsMax = this.#fencingAttemptsMax();
    if (failures < attemptsMax) return this.#cause(`fencing ${target} failed: ${failure}`);
    this.#log('error', `fencing ${target} failed ${failures} times, the last time because ${failure}: not tried again`);
  }

  #fencingAttemptsMax(): number {
    const options = this.#options();
    const attempts = Number(options.get('fencing-max-attempts') ?? options.get('stonith-max-attempts'));
    return attempts > 0 ? attempts : fencingAttemptsDefault;
  }

  #options(): ReadonlyMap<string, string> {
    const { cib } = this.state;
    return cib === undefined ? new Map() : clusterOptionsOf(cib, this.#clock.now);
  }

  #tick(): void {
    if (!this.state.leads) return;
    this.#engine({ kind: 'tick' });
    const { recheckAtMs } = this.state;
    if (recheckAtMs === undefined || recheckAtMs > this.#clock.nowMs) return;
    this.#set({ recheckAtMs: undefined });
    this.#cause('time passed');
  }

  /** Whether everybody has told what it runs, and everything ordered in a former term was answered. */
  #isSettled(cib: XmlElement): boolean {
    const { settlingUntilMs, reporting } = this.state;
    if (settlingUntilMs === undefined) return true;
    const open = reporting.size > 0 ? [...reporting] : pendingOnMembers(cib);
    if (open.length > 0 && this.#clock.nowMs < settlingUntilMs) return false;
    if (open.length > 0) this.#log('error', `going on without what was awaited: ${open.join(', ')}`);
    this.#set({ settlingUntilMs: undefined, reporting: new Set() });
    return true;
  }

  #schedule(cib: XmlElement): void {
    const { causes, term, transitions } = this.state;
    const { nowMs, now } = this.#clock;
    const number = transitions;
    const transition = transitionOf(schedule({ cib, now, reasons: false }), {
      number,
      uuid: term,
      nowSeconds: now.epochSeconds,
    });
    this.effects.push({
      kind: 'transition-begun',
      record: { number, term, causes, input: cib, now, transition },
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
        for (const message of performance.messages) this.effects.push({ kind: 'multicast', message });
        return;
      case 'fence':
        return this.#fencingFailed(performance.work.target.name, task.id, 'no device can fence it');
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
    this.effects.push({ kind: 'multicast', message: { kind: 'status', updates: plain } });
  }

  #report({ engine, end, reason }: Pick<TransitionReport, 'end' | 'reason'> & { engine: engines.EngineState }): void {
    const { number } = engine.transition;
    const { engineStartMs, term } = this.state;
    const timings = engine.timings.map(({ task, startedMs, endedMs }) => ({
      task,
      startedMs: startedMs - engineStartMs,
      endedMs: endedMs - engineStartMs,
    }));
    this.effects.push({
      kind: 'transition-ended',
      record: { number, term, end, reason, timings, now: this.#clock.now },
    });
    const text = `transition ${number} ${end === 'complete' ? 'is complete' : `${end}: ${reason}`}`;
    this.#log(end === 'failed' ? 'warning' : 'info', text);
  }
}

type Timeless<Event> = Event extends unknown ? Omit<Event, 'nowMs'> : never;
type EventWithoutTime = Timeless<engines.EngineEvent>;

function without(ids: ReadonlySet<string>, id: string): ReadonlySet<string> {
  return ids.has(id) ? new Set([...ids].filter((other) => other !== id)) : ids;
}

/** Operations ordered and not answered, of nodes that are here. */
function pendingOnMembers(cib: XmlElement): string[] {
  const members = new Set(
    nodeStatesOf(cib)
      .filter(isMember)
      .map((state) => nodeNameOf(state).id),
  );
  return recordedOperations(cib)
    .filter(({ node, entry }) => members.has(node.id) && entry.get('op-status') === '-1')
    .map(({ node, entry }) => `${entry.get('operation_key')} on ${node.name}`);
}

const timeoutMsDefault = 20_000;

/** No operation of the document can take longer, the way to the node and back included. */
function longestOperationMs(cib: XmlElement): number {
  const index = xmlIndexOf(cib);
  const written = [
    ...index.allNamed('op').map((operation) => operation.get('timeout')),
    ...index
      .allNamed('nvpair')
      .filter((pair) => pair.get('name') === 'timeout')
      .map((pair) => pair.get('value')),
  ];
  return timeoutMsDefault + Math.max(timeoutMsDefault, ...written.map(intervalMsOf));
}

/** When time alone may change what is right: as the scheduler says, and at the latest after cluster-recheck-interval. */
function recheckTime(
  recheckBySeconds: number | undefined,
  options: ReadonlyMap<string, string>,
  { nowMs, now }: Clock,
): number | undefined {
  const intervalMs = intervalMsOf(options.get('cluster-recheck-interval') ?? '15min');
  const untilMs = [
    ...(intervalMs > 0 ? [intervalMs] : []),
    ...(recheckBySeconds === undefined ? [] : [millisecondsUntil(recheckBySeconds, now)]),
  ];
  return untilMs.length === 0 ? undefined : nowMs + Math.min(...untilMs);
}

/** Never now: the same moment would bring the same answer. */
function millisecondsUntil(epochSeconds: number, now: Instant): number {
  return Math.max(1, epochSeconds - now.epochSeconds) * 1000;
}
