// The guardian's judgement, pure: is the daemon dead, hung, merely starved, or fine?
//
// A daemon's death is certain at once (its end of the pipe closes). A hang is a judgement from silence, and silence has
// three causes that must be told apart, because acting on the wrong one costs an outage:
//   - the guardian itself did not run (a paused virtual machine, a stolen processor): its own looks are late. A late one
//     counts as one look, and after a very late one the count starts again;
//   - the thread waits for a processor, or in the kernel where no signal reaches it (a lock, a page from disk), or for the
//     timer of a processor that the hypervisor has taken away, or for another thread of its process that does any of these:
//     patience, up to `starvedMs`;
//   - the thread is stopped (SIGSTOP), sleeps where it should not, or spins: hung after `hungMs` of that. Stopped is certain,
//     and so is dead.
// So a look counts towards `hungMs` only as far as it shows the last of these: that is what lets it be short on a busy machine.
// A thread that is silent is poked: one that sleeps because nothing woke it answers, and what sleeps on is stuck.
import { emptyPledge, type GuardianMessage, type GuardLimits, type Lease, noLease, type Pledge } from './protocol.ts';

/**
 * A reading of the watched thread: its state (proc(5), stat, field 3), and how long it has run and has waited for a
 * processor in its life (schedstat, fields 1 and 2).
 */
export type ThreadReading = {
  readonly state: string;
  readonly ranMs: number;
  readonly waitedMs: number;
  /** Whether the processor that it ran on last is known to have run something since the look before. */
  readonly processorRuns: boolean;
  /** It sleeps until another thread lets it go (futex(2)), and one of its process is not asleep: that one may be held up. */
  readonly isKept: boolean;
  /** The function of the kernel that it sleeps in (proc(5), wchan), for whoever looks for the cause; '' where that is not told. */
  readonly sleepsIn: string;
};

export type GuardianEvent =
  | { readonly kind: 'message'; readonly nowMs: number; readonly message: GuardianMessage }
  | {
      readonly kind: 'tick';
      readonly nowMs: number;
      readonly bootMs: number;
      /** The daemon's count of its beats. */
      readonly beats: number;
      /** When it last beat, as it says. */
      readonly beatMs: number;
      readonly lease: Lease;
      /** Needed only when `wantsThread` asks for it. */
      readonly thread: ThreadReading | undefined;
    }
  | { readonly kind: 'gone'; readonly nowMs: number };

export type GuardianEffect =
  | { readonly kind: 'log'; readonly level: 'notice' | 'error'; readonly text: string }
  /** Wakes the daemon's thread, wherever it may be woken, to beat. */
  | { readonly kind: 'poke' }
  /** Makes the daemon unable to act any more, before anything is undone. */
  | { readonly kind: 'kill'; readonly pid: number }
  | { readonly kind: 'undo'; readonly pledge: Pledge }
  | { readonly kind: 'feed-watchdog' }
  | { readonly kind: 'restart'; readonly argv: readonly string[] }
  /** Leaves the machine to its watchdog, where that is armed; ends otherwise. */
  | { readonly kind: 'await-reset' }
  | { readonly kind: 'exit'; readonly code: number };

export type GuardianState = {
  readonly daemon: { readonly pid: number; readonly tid: number; readonly limits: GuardLimits } | undefined;
  readonly pledge: Pledge;
  readonly lease: Lease;
  /** The lease was over at the last tick. */
  readonly leaseOver: boolean;
  /** Of how many of its lapses the pledge was carried out. */
  readonly lapsesEnforced: number;
  readonly beats: number;
  /** When it last beat, if that was since the tick before the last. */
  readonly beatMs: number | undefined;
  readonly lastBeatMs: number;
  readonly lastTickMs: number;
  /** Since its silence was noticed: the thread at the last look, and how much of the silence is shown to be its own doing. */
  readonly silence: { readonly thread: ThreadReading; readonly hungForMs: number } | undefined;
  readonly over: boolean;
};

/** Before the daemon has said how often. */
const lookMsDefault = 20;

/** Two beats missed: below that nothing is judged, since beats and looks drift past each other. */
const silentLooks = 2;

/** A look later than this means that the guardian itself was not running. */
const ownLatenessMaxMs = 40;

/** `lapsesEnforced`: those of the lease that another guardian saw to. */
export function initialState(nowMs: number, lapsesEnforced = 0): GuardianState {
  return {
    daemon: undefined,
    pledge: emptyPledge,
    lease: noLease,
    leaseOver: false,
    lapsesEnforced,
    beats: 0,
    beatMs: undefined,
    lastBeatMs: nowMs,
    lastTickMs: nowMs,
    silence: undefined,
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
      return takeOver(state, goneText(state), []);
  }
}

function receive(state: GuardianState, nowMs: number, message: GuardianMessage): GuardianStep {
  switch (message.kind) {
    case 'hello': {
      const daemon = { pid: message.pid, tid: message.tid, limits: message.limits };
      return { state: { ...state, daemon, lastBeatMs: nowMs, silence: undefined }, effects: [] };
    }
    case 'pledge':
      return { state: { ...pledged(state, message.pledge), lastBeatMs: nowMs }, effects: [] };
    case 'release':
      return { state: { ...state, over: true }, effects: [{ kind: 'exit', code: 0 }] };
  }
}

/** Whether the next tick has to look at the thread; reading it each time would be most of the guardian's work. */
export function wantsThread(state: GuardianState, nowMs: number, beats: number): boolean {
  return state.daemon !== undefined && beats === state.beats && nowMs - state.lastBeatMs >= silenceMsOf(state);
}

/** Milliseconds until the next look is due: the regular one, or the end of the lease. */
export function nextLookInMs(state: GuardianState, bootMs: number): number {
  const { lease, leaseOver } = state;
  const leftMs = lease.untilBootMs === undefined || leaseOver ? Infinity : Math.max(0, lease.untilBootMs - bootMs);
  return Math.min(regularLookInMs(state), leftMs);
}

/**
 * A daemon that had beaten at the last look is given as long as it may be silent until the next, counted from that beat. A
 * lease that begins meanwhile may end soon, so without one its beginning is waited for as long as a silence is at least.
 */
function regularLookInMs(state: GuardianState): number {
  const { daemon, beatMs, lastTickMs, lease, leaseOver } = state;
  const calmMs = daemon?.limits.calmMs;
  if (beatMs === undefined || calmMs === undefined) return lookMsOf(state);
  if (lease.untilBootMs === undefined || leaseOver) return silenceMsOf(state);
  return Math.max(beatMs + calmMs - lastTickMs, lookMsOf(state));
}

function lookMsOf({ daemon }: GuardianState): number {
  return daemon?.limits.lookMs ?? lookMsDefault;
}

function silenceMsOf(state: GuardianState): number {
  return silentLooks * lookMsOf(state);
}

function tick(state: GuardianState, event: Extract<GuardianEvent, { kind: 'tick' }>): GuardianStep {
  const beats = event.beats !== state.beats;
  const alive = beats || event.nowMs - state.lastTickMs > regularLookInMs(state) + ownLatenessMaxMs;
  const ticked: GuardianState = {
    ...state,
    beats: event.beats,
    beatMs: beats ? beatMsOf(state, event) : undefined,
    lastTickMs: event.nowMs,
    lastBeatMs: alive ? event.nowMs : state.lastBeatMs,
    silence: alive ? undefined : silenceOf(state, event),
  };
  const { state: leased, effects } = enforceLease(ticked, event);
  // A silence that begins now is noticed with the next look.
  if (effects.length > 0) return { state: { ...leased, silence: state.silence && leased.silence }, effects };
  const hang = hangOf(leased, event.nowMs, event.thread);
  if (hang !== undefined && leased.daemon !== undefined) {
    return takeOver(leased, hang, [{ kind: 'kill', pid: leased.daemon.pid }]);
  }
  const pokes = leased.silence !== undefined && state.silence === undefined;
  const feeds = leased.daemon?.limits.watchdog !== undefined && !leased.leaseOver;
  return {
    state: leased,
    effects: [...(pokes ? [{ kind: 'poke' } as const] : []), ...(feeds ? [{ kind: 'feed-watchdog' } as const] : [])],
  };
}

/** It beat since the look before and until now, whatever a daemon that is not itself may say. */
function beatMsOf({ lastTickMs }: GuardianState, { beatMs, nowMs }: Extract<GuardianEvent, { kind: 'tick' }>): number {
  return Math.min(Math.max(beatMs, lastTickMs), nowMs);
}

/** An address that is new while the lease is over is taken too. */
function pledged(state: GuardianState, pledge: Pledge): GuardianState {
  const same = JSON.stringify(state.pledge.addresses) === JSON.stringify(pledge.addresses);
  const again = state.leaseOver && !same ? 1 : 0;
  return { ...state, pledge, lapsesEnforced: state.lapsesEnforced - again };
}

/**
 * What a lapsed lease takes away: addresses. The daemon lives, so nobody is told that it is dead: peers that took it for
 * gone would form a ring without it, and without its vote.
 */
export function heldUnderLease(pledge: Pledge): Pledge {
  return { ...emptyPledge, addresses: pledge.addresses };
}

/** How often the lease has run out, now included. */
export function lapsesOf(lease: Lease, bootMs: number): number {
  return lease.lapses + (isOver(lease, bootMs) ? 1 : 0);
}

function isOver({ untilBootMs }: Lease, bootMs: number): boolean {
  return untilBootMs !== undefined && bootMs >= untilBootMs;
}

/**
 * Each lapse is enforced once, even where the daemon seems well: it may be about to wake from a freeze. That goes for a
 * lapse which is over by now, too: a machine may have stood still meanwhile.
 */
function enforceLease(
  state: GuardianState,
  { lease, bootMs }: { readonly lease: Lease; readonly bootMs: number },
): { readonly state: GuardianState; readonly effects: readonly GuardianEffect[] } {
  // What is pledged is not known before the daemon has said who it is.
  if (state.daemon === undefined) return { state, effects: [] };
  const leaseOver = isOver(lease, bootMs);
  const lapses = lapsesOf(lease, bootMs);
  const seen = { ...state, lease, leaseOver, lapsesEnforced: Math.max(state.lapsesEnforced, lapses) };
  if (lapses <= state.lapsesEnforced || state.pledge.addresses.length === 0) return { state: seen, effects: [] };
  const when = leaseOver ? `${Math.round(bootMs - (lease.untilBootMs ?? 0))} ms ago` : 'and was renewed meanwhile';
  const text = `the lease ran out ${when}: taking down what was held under it`;
  return {
    state: seen,
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
  if (silentMs < silenceMsOf(state)) return undefined;
  const daemon = `the daemon${pidOf(state)}`;
  // Killed: the pipe to it is closed when the last of its threads has ended, which takes a busy machine a while.
  if (thread.state === 'Z' || thread.state === 'X') return goneText(state);
  if (thread.state === 'T' || thread.state === 't') return `${daemon} is stopped (silent for ${silentMs} ms)`;
  if ((state.silence?.hungForMs ?? 0) < hungMs && silentMs < starvedMs) return undefined;
  const where = thread.sleepsIn === '' ? '' : ` in ${thread.sleepsIn}`;
  return `${daemon} hangs (silent for ${silentMs} ms, thread state ${thread.state}${where})`;
}

function goneText(state: GuardianState): string {
  return `the daemon${pidOf(state)} is gone without a word`;
}

/** What was before the first reading is taken for the thread's own doing, unless this guardian itself was late. */
function silenceOf(state: GuardianState, event: Extract<GuardianEvent, { kind: 'tick' }>): GuardianState['silence'] {
  const { thread, nowMs } = event;
  if (thread === undefined || nowMs - state.lastBeatMs < silenceMsOf(state)) return undefined;
  if (state.silence === undefined) return { thread, hungForMs: silenceMsOf(state) };
  const lookedMs = Math.min(nowMs - state.lastTickMs, lookMsOf(state));
  return { thread, hungForMs: state.silence.hungForMs + ownDoingMs(state.silence.thread, thread, lookedMs) };
}

/** How long of a look the thread itself has spun, or has slept where nothing wakes it. */
function ownDoingMs(before: ThreadReading, thread: ThreadReading, lookedMs: number): number {
  if (thread.state === 'D' || thread.isKept || !thread.processorRuns) return 0;
  if (thread.state === 'R') return Math.min(thread.ranMs - before.ranMs, lookedMs);
  return Math.max(0, lookedMs - (thread.waitedMs - before.waitedMs));
}

/**
 * With a watchdog this is not the end of the guardian: services of the dead daemon may still run, and the others wait for
 * the reset. So it holds the device, which nobody else can open then, and feeds it no more.
 */
function takeOver(state: GuardianState, why: string, first: readonly GuardianEffect[]): GuardianStep {
  const { restart, watchdog } = state.daemon?.limits ?? {};
  const held = state.pledge.addresses.length;
  const text = `${why}: taking down ${held} ${held === 1 ? 'address' : 'addresses'} and telling the peers`;
  const effects: GuardianEffect[] = [
    ...first,
    { kind: 'undo', pledge: state.pledge },
    { kind: 'log', level: 'error', text },
  ];
  if (restart !== undefined) effects.push({ kind: 'restart', argv: restart.argv });
  effects.push(watchdog === undefined ? { kind: 'exit', code: 0 } : { kind: 'await-reset' });
  return { state: { ...state, over: true }, effects };
}

function pidOf(state: GuardianState): string {
  return state.daemon === undefined ? '' : ` (pid ${state.daemon.pid})`;
}
