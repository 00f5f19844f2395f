// The guardian's judgement, pure: is the daemon dead, hung, merely starved, or fine?
//
// A daemon's death is certain at once (its end of the pipe closes). A hang is a judgement from silence, and silence has
// three causes that must be told apart, because acting on the wrong one costs an outage:
//   - the guardian itself did not run (a paused virtual machine, a stolen processor): its own ticks are late, so the
//     silence proves nothing and the count starts again;
//   - the thread waits for a processor: it is runnable and its processor time stands still: patience, up to `starvedMs`;
//   - the thread is stopped (SIGSTOP), sleeps where it should not, or spins: hung after `hungMs`. Stopped is certain.
import { emptyPledge, type GuardianMessage, type GuardLimits, type Pledge } from './protocol.ts';

/** A reading of the watched thread: /proc/PID/task/TID/stat, fields 3, 14 and 15 (proc(5)). */
export type ThreadReading = { readonly state: string; readonly cpuTicks: number };

export type GuardianEvent =
  | { readonly kind: 'message'; readonly nowMs: number; readonly message: GuardianMessage }
  | {
      readonly kind: 'tick';
      readonly nowMs: number;
      /** Boot clock; needed only while `wants(state).lease`. */
      readonly bootMs: number;
      /** The daemon's count of its beats. */
      readonly beats: number;
      /** Needed only when `wants` asks for it. */
      readonly thread: ThreadReading | undefined;
    }
  | { readonly kind: 'gone'; readonly nowMs: number };

export type GuardianEffect =
  | { readonly kind: 'log'; readonly level: 'notice' | 'error'; readonly text: string }
  /** Makes the daemon unable to act any more, before anything is undone. */
  | { readonly kind: 'kill'; readonly pid: number }
  | { readonly kind: 'undo'; readonly pledge: Pledge }
  | { readonly kind: 'feed-watchdog' }
  | { readonly kind: 'restart'; readonly argv: readonly string[] }
  | { readonly kind: 'exit'; readonly code: number };

export type GuardianState = {
  readonly daemon: { readonly pid: number; readonly tid: number; readonly limits: GuardLimits } | undefined;
  readonly pledge: Pledge;
  readonly leaseUntilBootMs: number | undefined;
  readonly leaseEnforced: boolean;
  readonly beats: number;
  readonly lastBeatMs: number;
  readonly lastTickMs: number;
  /** Processor time of the thread when its silence was first noticed: tells spinning from starving. */
  readonly cpuTicksInSilence: number | undefined;
  readonly over: boolean;
};

/** The guardian looks this often. */
export const tickMs = 25;

/** Two beats missed: time to look at the thread. */
const silenceMs = 2 * tickMs;

/** A tick this late means that the guardian itself was not running. */
const ownLatenessMaxMs = 60;

export function initialState(nowMs: number): GuardianState {
  return {
    daemon: undefined,
    pledge: emptyPledge,
    leaseUntilBootMs: undefined,
    leaseEnforced: false,
    beats: 0,
    lastBeatMs: nowMs,
    lastTickMs: nowMs,
    cpuTicksInSilence: undefined,
    over: false,
  };
}

export type GuardianStep = { readonly state: GuardianState; readonly effects: readonly GuardianEffect[] };

export function step(state: GuardianState, event: GuardianEvent): GuardianStep {
  if (state.over) return { state, effects: [] };
  switch (event.kind) {
    case 'message':
      return receive(state, event.nowMs, event.message);
    case 'tick':
      return tick(state, event);
    case 'gone':
      return takeOver(state, `the daemon${pidOf(state)} is gone without a word`, []);
  }
}

function receive(state: GuardianState, nowMs: number, message: GuardianMessage): GuardianStep {
  switch (message.kind) {
    case 'hello': {
      const daemon = { pid: message.pid, tid: message.tid, limits: message.limits };
      return { state: { ...state, daemon, lastBeatMs: nowMs, cpuTicksInSilence: undefined }, effects: [] };
    }
    case 'pledge':
      return { state: { ...pledged(state, message.pledge), lastBeatMs: nowMs }, effects: [] };
    case 'lease':
      return renewLease(state, message);
    case 'release':
      return { state: { ...state, over: true }, effects: [{ kind: 'exit', code: 0 }] };
  }
}

/** What the next tick has to look up; reading it each time would be most of the guardian's work. */
export function wants(
  state: GuardianState,
  nowMs: number,
  beats: number,
): { readonly lease: boolean; readonly thread: boolean } {
  const silent = beats === state.beats && nowMs - state.lastBeatMs >= silenceMs;
  return { lease: state.leaseUntilBootMs !== undefined && !state.leaseEnforced, thread: silent };
}

function tick(state: GuardianState, event: Extract<GuardianEvent, { kind: 'tick' }>): GuardianStep {
  const alive = event.beats !== state.beats || event.nowMs - state.lastTickMs > ownLatenessMaxMs;
  const ticked: GuardianState = {
    ...state,
    beats: event.beats,
    lastTickMs: event.nowMs,
    lastBeatMs: alive ? event.nowMs : state.lastBeatMs,
    cpuTicksInSilence: alive ? undefined : (state.cpuTicksInSilence ?? event.thread?.cpuTicks),
  };
  const leased = enforceLease(ticked, event.bootMs);
  if (leased !== undefined) return leased;
  const hang = hangOf(ticked, event.nowMs, event.thread);
  if (hang !== undefined && ticked.daemon !== undefined) {
    return takeOver(ticked, hang, [{ kind: 'kill', pid: ticked.daemon.pid }]);
  }
  const feeds = ticked.daemon?.limits.watchdogDevice !== undefined;
  return { state: ticked, effects: feeds ? [{ kind: 'feed-watchdog' }] : [] };
}

/** An address that is new since the lease was enforced is taken too. */
function pledged(state: GuardianState, pledge: Pledge): GuardianState {
  const before = JSON.stringify(state.pledge.addresses);
  const same = before === JSON.stringify(pledge.addresses);
  return { ...state, pledge, leaseEnforced: state.leaseEnforced && same };
}

/**
 * What a lapsed lease takes away: addresses. The daemon lives, so nobody is told that it is dead: peers that took it for
 * gone would form a ring without it, and without its vote.
 */
function heldUnderLease(pledge: Pledge): Pledge {
  return { ...emptyPledge, addresses: pledge.addresses };
}

/** A renewal proved after the end of the lease before does not hide that end: a machine may have stood still in between. */
function renewLease(state: GuardianState, lease: Extract<GuardianMessage, { kind: 'lease' }>): GuardianStep {
  const before = enforceLease(state, lease.fromBootMs) ?? { state, effects: [] };
  return {
    state: { ...before.state, leaseUntilBootMs: lease.untilBootMs, leaseEnforced: false },
    effects: before.effects,
  };
}

/** A lease that ran out is enforced once, even where the daemon seems well: it may be about to wake from a freeze. */
function enforceLease(state: GuardianState, bootMs: number): GuardianStep | undefined {
  if (state.leaseEnforced || state.leaseUntilBootMs === undefined || bootMs < state.leaseUntilBootMs) return undefined;
  const enforced: GuardianState = { ...state, leaseEnforced: true };
  if (state.pledge.addresses.length === 0) return { state: enforced, effects: [] };
  const late = Math.round(bootMs - state.leaseUntilBootMs);
  const text = `the lease ran out ${late} ms ago: taking down what was held under it`;
  return {
    state: enforced,
    effects: [
      { kind: 'undo', pledge: heldUnderLease(state.pledge) },
      { kind: 'log', level: 'error', text },
    ],
  };
}

function hangOf(state: GuardianState, nowMs: number, thread: ThreadReading | undefined): string | undefined {
  if (state.daemon === undefined || thread === undefined) return undefined;
  const { hungMs, starvedMs } = state.daemon.limits;
  const silentMs = Math.round(nowMs - state.lastBeatMs);
  if (silentMs < silenceMs) return undefined;
  const daemon = `the daemon${pidOf(state)}`;
  if (thread.state === 'T' || thread.state === 't') return `${daemon} is stopped (silent for ${silentMs} ms)`;
  const starved = thread.state === 'R' && thread.cpuTicks === state.cpuTicksInSilence;
  if (silentMs < (starved ? starvedMs : hungMs)) return undefined;
  return `${daemon} hangs (silent for ${silentMs} ms, thread state ${thread.state})`;
}

function takeOver(state: GuardianState, why: string, first: readonly GuardianEffect[]): GuardianStep {
  const restart = state.daemon?.limits.restart;
  const held = state.pledge.addresses.length;
  const text = `${why}: taking down ${held} ${held === 1 ? 'address' : 'addresses'} and telling the peers`;
  const effects: GuardianEffect[] = [
    ...first,
    { kind: 'undo', pledge: state.pledge },
    { kind: 'log', level: 'error', text },
  ];
  if (restart !== undefined) effects.push({ kind: 'restart', argv: restart.argv });
  effects.push({ kind: 'exit', code: 0 });
  return { state: { ...state, over: true }, effects };
}

function pidOf(state: GuardianState): string {
  return state.daemon === undefined ? '' : ` (pid ${state.daemon.pid})`;
}
