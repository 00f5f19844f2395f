// Carries a transition out: fires what may be done, waits for what is on the way, and says how it ended.
//
// A task fires when all its inputs are confirmed; the higher priority goes first, then the order of the graph. A task
// that fails is never confirmed, so nothing that depends on it fires, while the rest goes on. An abort at some priority
// lets nothing below it fire any more; what is on the way is waited for, because what it comes to decides what is done
// next. Nothing here waits for time to pass, except for an answer that does not come.
import { assert, INFINITY_SCORE } from '../../kit/index.ts';
import type { Task, Transition, Work } from './task.ts';

export type EngineEvent =
  | { readonly kind: 'started'; readonly nowMs: number }
  | { readonly kind: 'confirmed'; readonly task: number; readonly nowMs: number }
  | { readonly kind: 'failed'; readonly task: number; readonly nowMs: number }
  /** Nothing of lower priority is begun any more. */
  | { readonly kind: 'abort'; readonly reason: string; readonly priority: number; readonly nowMs: number }
  /** What is on the way there will never be answered. */
  | { readonly kind: 'node-gone'; readonly node: string; readonly nowMs: number }
  | { readonly kind: 'tick'; readonly nowMs: number };

export type EngineEffect =
  | { readonly kind: 'perform'; readonly task: Task }
  /** No answer came in time; it counts as failed. */
  | { readonly kind: 'lost'; readonly task: Task }
  | {
      readonly kind: 'finished';
      readonly end: TransitionEnd;
      /** Of the first abort, or of what could not be done. */
      readonly reason: string;
    };

export type TransitionEnd = 'complete' | 'aborted' | 'failed';

/** `waiting` for inputs or for its turn, `flying`: begun and not answered. */
export type TaskState = 'waiting' | 'flying' | 'confirmed' | 'failed';

export type TaskTiming = { readonly task: number; readonly startedMs: number; readonly endedMs: number };

export type EngineState = {
  readonly transition: Transition;
  readonly index: TransitionIndex;
  /** By position, how many inputs are not confirmed yet. */
  readonly missing: Uint32Array;
  /** By position. */
  readonly states: readonly TaskState[];
  /** Positions of those that may fire, in the order in which they should. */
  readonly ready: readonly number[];
  /** Positions of those begun and not answered. */
  readonly flying: ReadonlyMap<number, Flight>;
  readonly timings: readonly TaskTiming[];
  readonly abort: { readonly reason: string; readonly priority: number } | undefined;
  readonly finished: boolean;
};

type Flight = { readonly startedMs: number; readonly deadlineMs: number };

/** What is looked up again and again; made once. */
export type TransitionIndex = {
  readonly positions: ReadonlyMap<number, number>;
  /** By position, the positions that wait for it. */
  readonly dependents: readonly (readonly number[])[];
};

export type EngineStep = { readonly state: EngineState; readonly effects: readonly EngineEffect[] };

export function engine(transition: Transition): EngineState {
  const { tasks } = transition;
  const positions = new Map(tasks.map((task, position) => [task.id, position]));
  const dependents: number[][] = tasks.map(() => []);
  tasks.forEach((task, position) => {
    for (const input of task.inputs) {
      const before = positions.get(input);
      if (before !== undefined) dependents[before]?.push(position);
    }
  });
  const missing = Uint32Array.from(tasks, (task) => task.inputs.length);
  const ready = tasks.flatMap((_, position) => (missing[position] === 0 ? [position] : []));
  return {
    transition,
    index: { positions, dependents },
    missing,
    states: tasks.map(() => 'waiting'),
    ready: ready.sort((a, b) => compareTurns(tasks, a, b)),
    flying: new Map(),
    timings: [],
    abort: undefined,
    finished: false,
  };
}

export function step(state: EngineState, event: EngineEvent): EngineStep {
  if (state.finished) return { state, effects: [] };
  const run = new EngineRun(state, event.nowMs);
  run.handle(event);
  run.fire();
  return run.result();
}

/** When a `tick` is wanted (monotonic ms), or undefined while no answer is due. */
export function nextDeadline({ flying, finished }: EngineState): number | undefined {
  if (finished || flying.size === 0) return undefined;
  const earliest = Math.min(...[...flying.values()].map(({ deadlineMs }) => deadlineMs));
  return Number.isFinite(earliest) ? earliest : undefined;
}

/** What was done, as far as it was answered, is told by its state; undefined for a task that is not of this transition. */
export function stateOfTask({ index, states }: EngineState, task: number): TaskState | undefined {
  const position = index.positions.get(task);
  return position === undefined ? undefined : states[position];
}

export function taskOf({ index, transition }: EngineState, task: number): Task | undefined {
  const position = index.positions.get(task);
  return position === undefined ? undefined : transition.tasks[position];
}

/** Tasks begun and not answered, in the order of the graph. */
export function tasksInFlight({ flying, transition }: EngineState): readonly Task[] {
  return transition.tasks.filter((_, position) => flying.has(position));
}

export function invariants(state: EngineState): void {
  const { transition, states, missing, flying, index } = state;
  transition.tasks.forEach((task, position) => {
    const begun = states[position] !== 'waiting';
    assert(!begun || missing[position] === 0, `${task.key} was begun before its inputs were confirmed`);
    assert(flying.has(position) === (states[position] === 'flying'), `${task.key} is on the way or it is not`);
    const open = task.inputs.filter((input) => states[index.positions.get(input) ?? -1] !== 'confirmed');
    assert(open.length === missing[position], `${task.key} waits for ${open.length} inputs`);
  });
  assert(!state.finished || flying.size === 0, 'nothing is on the way when a transition has ended');
}

function compareTurns(tasks: readonly Task[], a: number, b: number): number {
  return (tasks[b]?.priority ?? 0) - (tasks[a]?.priority ?? 0) || a - b;
}

/** One step in the making. */
class EngineRun {
  readonly #before: EngineState;
  readonly #nowMs: number;
  readonly #effects: EngineEffect[] = [];
  readonly #missing: Uint32Array;
  readonly #states: TaskState[];
  #ready: number[];
  readonly #flying: Map<number, Flight>;
  readonly #timings: TaskTiming[];
  #abort: EngineState['abort'];
  #finished = false;

  constructor(state: EngineState, nowMs: number) {
    this.#before = state;
    this.#nowMs = nowMs;
    this.#missing = state.missing.slice();
    this.#states = [...state.states];
    this.#ready = [...state.ready];
    this.#flying = new Map(state.flying);
    this.#timings = [...state.timings];
    this.#abort = state.abort;
  }

  handle(event: EngineEvent): void {
    switch (event.kind) {
      case 'started':
        return;
      case 'confirmed':
        return this.#answered(event.task, 'confirmed');
      case 'failed':
        return this.#answered(event.task, 'failed');
      case 'abort':
        if (this.#abort === undefined || event.priority > this.#abort.priority) {
          this.#abort = { reason: this.#abort?.reason ?? event.reason, priority: event.priority };
        }
        return;
      case 'node-gone':
        return this.#endWhere((task) => placeOf(task.work) === event.node);
      case 'tick':
        return this.#endOverdue();
    }
  }

  fire(): void {
    for (let again = true; again; ) {
      again = false;
      const [turn, left] = this.#takeReady();
      this.#ready = left;
      for (const position of turn) again = this.#begin(position) || again;
    }
    if (this.#flying.size === 0 && this.#turns().length === 0) this.#finish();
  }

  result(): EngineStep {
    const state: EngineState = {
      transition: this.#before.transition,
      index: this.#before.index,
      missing: this.#missing,
      states: this.#states,
      ready: this.#ready,
      flying: this.#flying,
      timings: this.#timings,
      abort: this.#abort,
      finished: this.#finished,
    };
    return { state, effects: this.#effects };
  }

  /** Those that may fire by priority and limits, and those that stay. */
  #takeReady(): [number[], number[]] {
    const turn = new Set(this.#turns());
    return [[...turn], this.#ready.filter((position) => !turn.has(position))];
  }

  #turns(): number[] {
    const { tasksMax, migrationsMax } = this.#before.transition.limits;
    let free = tasksMax - this.#flying.size;
    const migrations = this.#migrationsByNode();
    for (const position of this.#ready) {
      const task = this.#task(position);
      if (isMigration(task) && !isFirstHalf(task)) countMigration(migrations, task);
    }
    return this.#ready.filter((position) => {
      const task = this.#task(position);
      if (!this.#mayBegin(task)) return false;
      if (isAnsweredAtOnce(task.work)) return true;
      if (free <= 0) return false;
      // Only the first half is held back: a guest in between the two nodes must arrive.
      if (isFirstHalf(task)) {
        if (migrationNodes(task).some((node) => (migrations.get(node) ?? 0) >= migrationsMax)) return false;
        countMigration(migrations, task);
      }
      free -= 1;
      return true;
    });
  }

  #mayBegin({ priority }: Task): boolean {
    if (this.#abort === undefined) return true;
    return this.#abort.priority < INFINITY_SCORE && priority >= this.#abort.priority;
  }

  #migrationsByNode(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const position of this.#flying.keys()) {
      const task = this.#task(position);
      if (isMigration(task)) countMigration(counts, task);
    }
    return counts;
  }

  /** Whether others may fire because of it. */
  #begin(position: number): boolean {
    const task = this.#task(position);
    if (task.work.kind === 'milestone') {
      this.#confirm(position);
      return true;
    }
    this.#effects.push({ kind: 'perform', task });
    this.#states[position] = 'flying';
    const allowedMs = allowanceMs(task.work, this.#before.transition);
    this.#flying.set(position, { startedMs: this.#nowMs, deadlineMs: this.#nowMs + allowedMs });
    return false;
  }

  #answered(id: number, answer: 'confirmed' | 'failed'): void {
    const position = this.#before.index.positions.get(id);
    if (position === undefined || this.#states[position] !== 'flying') return;
    if (answer === 'confirmed') this.#confirm(position);
    else this.#fail(position);
  }

  #confirm(position: number): void {
    this.#land(position);
    this.#states[position] = 'confirmed';
    for (const dependent of this.#before.index.dependents[position] ?? []) {
      const left = (this.#missing[dependent] ?? 0) - 1;
      this.#missing[dependent] = left;
      if (left === 0) this.#enqueue(dependent);
    }
  }

  #fail(position: number): void {
    this.#land(position);
    this.#states[position] = 'failed';
  }

  #land(position: number): void {
    const startedMs = this.#flying.get(position)?.startedMs;
    if (startedMs === undefined) return;
    this.#flying.delete(position);
    this.#timings.push({ task: this.#task(position).id, startedMs, endedMs: this.#nowMs });
  }

  #enqueue(position: number): void {
    const { tasks } = this.#before.transition;
    let [low, high] = [0, this.#ready.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareTurns(tasks, this.#ready[middle] ?? 0, position) < 0) low = middle + 1;
      else high = middle;
    }
    this.#ready.splice(low, 0, position);
  }

  #endOverdue(): void {
    for (const [position, { deadlineMs }] of [...this.#flying]) {
      if (deadlineMs > this.#nowMs) continue;
      this.#effects.push({ kind: 'lost', task: this.#task(position) });
      this.#fail(position);
    }
  }

  #endWhere(matches: (task: Task) => boolean): void {
    for (const position of [...this.#flying.keys()]) {
      if (matches(this.#task(position))) this.#fail(position);
    }
  }

  #finish(): void {
    this.#finished = true;
    const { tasks } = this.#before.transition;
    const undone = tasks.filter((_, position) => this.#states[position] !== 'confirmed');
    if (undone.length === 0) return this.#end('complete', '');
    if (this.#abort !== undefined) return this.#end('aborted', this.#abort.reason);
    const failed = tasks.filter((_, position) => this.#states[position] === 'failed');
    const keys = (failed.length > 0 ? failed : undone).map(({ key }) => key).join(', ');
    return this.#end('failed', failed.length > 0 ? `${keys} failed` : `${keys} can never be done`);
  }

  #end(end: TransitionEnd, reason: string): void {
    this.#effects.push({ kind: 'finished', end, reason });
  }

  #task(position: number): Task {
    const task = this.#before.transition.tasks[position];
    assert(task !== undefined, `position ${position} is one of the transition`);
    return task;
  }
}

/** These wait for no node. */
function isAnsweredAtOnce({ kind }: Work): boolean {
  return kind === 'milestone' || kind === 'guest-gone' || kind === 'forget-history' || kind === 'forget-failures';
}

function isFirstHalf({ work }: Task): boolean {
  return work.kind === 'execute' && work.order.operation === 'migrate_to';
}

function isMigration({ work }: Task): boolean {
  return work.kind === 'execute' && work.order.operation.startsWith('migrate_');
}

function countMigration(counts: Map<string, number>, task: Task): void {
  for (const node of migrationNodes(task)) counts.set(node, (counts.get(node) ?? 0) + 1);
}

function migrationNodes({ work }: Task): string[] {
  if (work.kind !== 'execute') return [];
  return [work.order.meta.migrate_source, work.order.meta.migrate_target].filter((name) => name !== undefined);
}

/** The node without which there is no answer. */
function placeOf(work: Work): string | undefined {
  switch (work.kind) {
    case 'execute':
    case 'cancel':
      return work.via;
    case 'dismiss':
      return work.node.name;
    default:
      return undefined;
  }
}

/** How long an answer may take. The fencer answers by itself, after its own timeouts. */
function allowanceMs(work: Work, { limits }: Transition): number {
  switch (work.kind) {
    case 'execute':
      return work.order.startDelayMs + work.order.timeoutMs + limits.clusterDelayMs;
    case 'cancel':
      return limits.clusterDelayMs;
    case 'dismiss':
      return limits.dismissalMs;
    default:
      return Number.POSITIVE_INFINITY;
  }
}
