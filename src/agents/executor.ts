// A node's executor, pure: which operation runs now, which waits, when a recurring one is due, what is reported.
//
// Rules (Pacemaker's executor, as an administrator knows it):
//   - one operation at a time for a resource; resources run beside each other, up to `runsMax`
//   - a recurring operation keeps its beat: due at first start + n × interval, a beat missed while it ran is left out
//   - a recurring result is reported when it differs from the one before; every other result always
//   - a stop cancels what recurs for the resource and goes before what only waits
//   - what an agent notices by itself counts as the result of the resource's most frequent monitor, unless the resource
//     is just being changed
import { assert } from '../kit/index.ts';
import type { Agent } from './agent.ts';
import type { Operation } from './environment.ts';
import type { Outcome } from './outcome.ts';

export type Request = {
  /** Unique on this node for the life of the daemon; the document's `call-id`. */
  readonly callId: number;
  readonly agent: Agent;
  readonly operation: Operation;
  readonly startDelayMs: number;
  /** A recurring operation that goes on after a restart of the daemon: the result that the cluster knows already. */
  readonly knownCode?: number;
};

export type ExecutorEvent =
  | { readonly kind: 'request'; readonly nowMs: number; readonly request: Request }
  | {
      readonly kind: 'cancel';
      readonly nowMs: number;
      readonly resource: string;
      readonly action: string;
      readonly intervalMs: number;
    }
  | {
      readonly kind: 'finished';
      readonly nowMs: number;
      readonly runId: number;
      readonly outcome: Outcome;
      /** What it found is being undone already: a recurring one is neither reported nor compared with the next. */
      readonly passing?: boolean;
    }
  /** This node lost the right to begin anything, for a while at least: what is starting is given up, and failed. */
  | { readonly kind: 'revoke'; readonly nowMs: number; readonly reason: string }
  /** A built-in agent saw by itself what the next monitor would have found. */
  | { readonly kind: 'noticed'; readonly nowMs: number; readonly resource: string; readonly outcome: Outcome }
  | { readonly kind: 'tick'; readonly nowMs: number };

export type ExecutorEffect =
  /** `queueMs`: how long it was due and had to wait. */
  | { readonly kind: 'run'; readonly runId: number; readonly request: Request; readonly queueMs: number }
  /** It is to end; `finished` follows. */
  | { readonly kind: 'kill'; readonly runId: number }
  | { readonly kind: 'report'; readonly request: Request; readonly outcome: Outcome }
  | { readonly kind: 'cancelled'; readonly request: Request };

type Waiting = { readonly request: Request; readonly dueMs: number; readonly lastCode: number | undefined };
type Running = Waiting & {
  readonly runId: number;
  readonly cancelled: boolean;
  /** Why it counts as failed, whatever it comes to. */
  readonly revoked: string | undefined;
};

export type ExecutorState = {
  readonly runsMax: number;
  readonly nextRunId: number;
  readonly waiting: readonly Waiting[];
  readonly running: readonly Running[];
};

export type ExecutorStep = { readonly state: ExecutorState; readonly effects: readonly ExecutorEffect[] };

/** `runsMax` is Pacemaker's node-action-limit: twice the processors unless configured. */
export function executor(runsMax: number): ExecutorState {
  assert(runsMax > 0, `an executor runs at least one operation, not ${runsMax}`);
  return { runsMax, nextRunId: 1, waiting: [], running: [] };
}

export function step(state: ExecutorState, event: ExecutorEvent): ExecutorStep {
  const changed = apply(state, event);
  const dispatched = dispatch(changed.state, event.nowMs);
  return { state: dispatched.state, effects: [...changed.effects, ...dispatched.effects] };
}

/** When `tick` is wanted next (monotonic ms), or undefined while nothing is due by time. */
export function nextDeadline(state: ExecutorState): number | undefined {
  if (state.running.length >= state.runsMax) return undefined;
  const free = state.waiting.filter((entry) => !isBusy(state, entry.request.operation.resource));
  return free.length === 0 ? undefined : Math.min(...free.map((entry) => entry.dueMs));
}

function apply(state: ExecutorState, event: ExecutorEvent): ExecutorStep {
  switch (event.kind) {
    case 'request':
      return accept(state, event.nowMs, event.request);
    case 'cancel':
      return cancel(state, (request) => isSameRecurring(request, event));
    case 'finished':
      return finish(state, event);
    case 'revoke':
      return revoke(state, event.reason);
    case 'noticed':
      return notice(state, event);
    case 'tick':
      return { state, effects: [] };
  }
}

function accept(state: ExecutorState, nowMs: number, request: Request): ExecutorStep {
  const { operation } = request;
  const isStop = operation.action === 'stop';
  const before = cancel(state, (other) => {
    if (isStop) return other.operation.resource === operation.resource && other.operation.intervalMs > 0;
    return isSameRecurring(other, operation);
  });
  const entry: Waiting = { request, dueMs: nowMs + request.startDelayMs, lastCode: request.knownCode };
  const waiting = isStop ? [entry, ...before.state.waiting] : [...before.state.waiting, entry];
  return { state: { ...before.state, waiting }, effects: before.effects };
}

/** A cancelled operation that is running ends by itself; its result is no longer reported. */
function cancel(state: ExecutorState, matches: (request: Request) => boolean): ExecutorStep {
  const removed = state.waiting.filter((entry) => matches(entry.request));
  const stopped = state.running.filter((entry) => !entry.cancelled && matches(entry.request));
  if (removed.length + stopped.length === 0) return { state, effects: [] };
  return {
    state: {
      ...state,
      waiting: state.waiting.filter((entry) => !matches(entry.request)),
      running: state.running.map((entry) => (matches(entry.request) ? { ...entry, cancelled: true } : entry)),
    },
    effects: [...removed, ...stopped].map((entry) => ({ kind: 'cancelled', request: entry.request })),
  };
}

function finish(state: ExecutorState, event: Extract<ExecutorEvent, { kind: 'finished' }>): ExecutorStep {
  const run = state.running.find((entry) => entry.runId === event.runId);
  assert(run !== undefined, `run ${event.runId} finished twice or never began`);
  const freed: ExecutorState = { ...state, running: state.running.filter((entry) => entry !== run) };
  if (run.cancelled) return { state: freed, effects: [] };
  const outcome = run.revoked === undefined ? event.outcome : revokedOutcome(run.revoked, event.outcome);
  const report: ExecutorEffect = { kind: 'report', request: run.request, outcome };
  const { intervalMs } = run.request.operation;
  if (intervalMs === 0) return { state: freed, effects: [report] };
  const beatsPassed = Math.floor((event.nowMs - run.dueMs) / intervalMs) + 1;
  const passing = event.passing === true;
  const next: Waiting = {
    request: run.request,
    dueMs: run.dueMs + beatsPassed * intervalMs,
    lastCode: passing ? run.lastCode : event.outcome.code,
  };
  const isNews = !passing && (run.lastCode !== event.outcome.code || event.outcome.status !== 'done');
  return { state: { ...freed, waiting: [...freed.waiting, next] }, effects: isNews ? [report] : [] };
}

function revoke(state: ExecutorState, reason: string): ExecutorStep {
  const given = state.waiting.filter(isBeginning);
  const begun = state.running.filter((entry) => isBeginning(entry) && entry.revoked === undefined);
  const failed = revokedOutcome(reason, { output: '', durationMs: 0 });
  return {
    state: {
      ...state,
      waiting: state.waiting.filter((entry) => !given.includes(entry)),
      running: state.running.map((entry) => (begun.includes(entry) ? { ...entry, revoked: reason } : entry)),
    },
    effects: [
      ...given.map(({ request }): ExecutorEffect => ({ kind: 'report', request, outcome: failed })),
      ...begun.map(({ runId }): ExecutorEffect => ({ kind: 'kill', runId })),
    ],
  };
}

function isBeginning({ request: { operation } }: Waiting): boolean {
  return ['start', 'promote', 'migrate_from'].includes(operation.action);
}

function revokedOutcome(reason: string, { output, durationMs }: Pick<Outcome, 'output' | 'durationMs'>): Outcome {
  return { status: 'revoked', code: 1, reason, output, durationMs };
}

function notice(state: ExecutorState, event: Extract<ExecutorEvent, { kind: 'noticed' }>): ExecutorStep {
  const own = [...state.waiting, ...state.running.filter((entry) => !entry.cancelled)].filter(
    ({ request }) => request.operation.resource === event.resource,
  );
  const isMonitor = ({ request }: Waiting) => request.operation.action === 'monitor';
  if (!own.every(isMonitor)) return { state, effects: [] };
  const [monitor] = own
    .filter(({ request }) => request.operation.intervalMs > 0)
    .sort((left, right) => left.request.operation.intervalMs - right.request.operation.intervalMs);
  if (monitor === undefined || monitor.lastCode === event.outcome.code) return { state, effects: [] };
  const { callId } = monitor.request;
  const known = <Entry extends Waiting>(entry: Entry): Entry =>
    entry.request.callId === callId ? { ...entry, lastCode: event.outcome.code } : entry;
  return {
    state: { ...state, waiting: state.waiting.map(known), running: state.running.map(known) },
    effects: [{ kind: 'report', request: monitor.request, outcome: event.outcome }],
  };
}

/** Starts what is due, in order of arrival, as far as resources and processors are free. */
function dispatch(state: ExecutorState, nowMs: number): ExecutorStep {
  const effects: ExecutorEffect[] = [];
  const running = [...state.running];
  const busy = new Set(running.map((entry) => entry.request.operation.resource));
  const waiting: Waiting[] = [];
  let { nextRunId } = state;
  for (const entry of state.waiting) {
    const { resource } = entry.request.operation;
    if (entry.dueMs > nowMs || busy.has(resource) || running.length >= state.runsMax) {
      waiting.push(entry);
      continue;
    }
    const runId = nextRunId++;
    busy.add(resource);
    running.push({ ...entry, runId, cancelled: false, revoked: undefined });
    effects.push({ kind: 'run', runId, request: entry.request, queueMs: nowMs - entry.dueMs });
  }
  return { state: { ...state, nextRunId, waiting, running }, effects };
}

function isBusy(state: ExecutorState, resource: string): boolean {
  return state.running.some((entry) => entry.request.operation.resource === resource);
}

function isSameRecurring(
  request: Request,
  other: { readonly resource: string; readonly action: string; readonly intervalMs: number },
): boolean {
  const { operation } = request;
  return (
    operation.resource === other.resource &&
    operation.action === other.action &&
    operation.intervalMs === other.intervalMs &&
    operation.intervalMs > 0
  );
}
