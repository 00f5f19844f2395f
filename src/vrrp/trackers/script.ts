// The vrrp_script tracker: when to run it, how long it may take, and what its results mean (keepalived.conf(5)
// "VRRP script(s)"). The first result decides at once, in both directions; after it `rise` successes in a row bring the
// tracker up and `fall` failures in a row take it down, so that one bad run of a sound service changes nothing.
import { assert } from '../../kit/index.ts';
import type { TrackedScript, TrackerReport } from '../tracker.ts';

export type ScriptTracker = {
  readonly script: TrackedScript;
  report: TrackerReport;
  phase: Phase;
  /** When the next run is due; runs keep the beat of the first one. */
  nextRunMs: number;
  /** Results in a row that speak against `report`. */
  contrary: number;
  /** Whether a result has counted yet: `init_fail` is an assumption, not a result. */
  settled: boolean;
  /** What the last run said, so that only a change is told. */
  lastOutcome: string;
};

type Phase =
  | { readonly kind: 'idle' }
  | { readonly kind: 'running'; readonly timeoutAtMs: number }
  /** SIGTERM was sent; SIGKILL follows. Its result has been counted already. */
  | { readonly kind: 'terminating'; readonly killAtMs: number }
  | { readonly kind: 'killed' };

export type ScriptEvent = { readonly nowMs: number } & (
  | { readonly kind: 'deadline' }
  | { readonly kind: 'ended'; readonly outcome: ScriptOutcome }
);

export type ScriptOutcome =
  | { readonly kind: 'exited'; readonly status: number }
  | { readonly kind: 'signalled'; readonly signal: string }
  /** It could not be started at all. */
  | { readonly kind: 'not-started'; readonly why: string };

export type ScriptEffect =
  | { readonly kind: 'run' }
  /** To the whole process group of the run, so that what a script started goes with it. */
  | { readonly kind: 'signal'; readonly signal: 'SIGTERM' | 'SIGKILL' }
  | { readonly kind: 'report'; readonly report: TrackerReport }
  | { readonly kind: 'log'; readonly level: 'info' | 'detail'; readonly message: string };

/** From SIGTERM to SIGKILL, as the peer gives. */
const terminationMs = 2000;

/** The first run is due at once. */
export function scriptTracker(script: TrackedScript, nowMs: number): ScriptTracker {
  return {
    script,
    report: { kind: script.initFail ? 'down' : 'unknown' },
    phase: { kind: 'idle' },
    nextRunMs: nowMs,
    contrary: 0,
    settled: false,
    lastOutcome: 'exited with status 0',
  };
}

export function stepScript(tracker: ScriptTracker, event: ScriptEvent): readonly ScriptEffect[] {
  return event.kind === 'deadline' ? passTime(tracker, event.nowMs) : endRun(tracker, event.outcome);
}

/** When stepScript wants a `deadline` event. */
export function nextScriptDeadline({ phase, nextRunMs }: ScriptTracker): number {
  if (phase.kind === 'running') return phase.timeoutAtMs;
  if (phase.kind === 'terminating') return phase.killAtMs;
  return phase.kind === 'killed' ? Number.POSITIVE_INFINITY : nextRunMs;
}

function passTime(tracker: ScriptTracker, nowMs: number): readonly ScriptEffect[] {
  const { phase, script } = tracker;
  if (phase.kind === 'idle' && nowMs >= tracker.nextRunMs) return startRun(tracker, nowMs);
  if (phase.kind === 'running' && nowMs >= phase.timeoutAtMs) {
    tracker.phase = { kind: 'terminating', killAtMs: nowMs + terminationMs };
    return [{ kind: 'signal', signal: 'SIGTERM' }, ...count(tracker, false, 'timed_out')];
  }
  if (phase.kind === 'terminating' && nowMs >= phase.killAtMs) {
    tracker.phase = { kind: 'killed' };
    const message = `Track script ${script.name} did not end on SIGTERM: killing it`;
    return [
      { kind: 'signal', signal: 'SIGKILL' },
      { kind: 'log', level: 'info', message },
    ];
  }
  return [];
}

function startRun(tracker: ScriptTracker, nowMs: number): readonly ScriptEffect[] {
  const { intervalMs, timeoutMs } = tracker.script;
  // After a pause of the host the beats that were missed are not made up for.
  const missed = Math.floor((nowMs - tracker.nextRunMs) / intervalMs);
  tracker.nextRunMs += (missed + 1) * intervalMs;
  tracker.phase = { kind: 'running', timeoutAtMs: nowMs + (timeoutMs === 0 ? intervalMs : timeoutMs) };
  return [{ kind: 'run' }];
}

function endRun(tracker: ScriptTracker, outcome: ScriptOutcome): readonly ScriptEffect[] {
  assert(tracker.phase.kind !== 'idle', 'only a run that was started ends');
  const counted = tracker.phase.kind !== 'running';
  tracker.phase = { kind: 'idle' };
  // Its leader is gone; whatever it left in its group is what did not end in time.
  if (counted) return [{ kind: 'signal', signal: 'SIGKILL' }];
  const good = outcome.kind === 'exited' && outcome.status === 0;
  return count(tracker, good, describe(outcome));
}

function describe(outcome: ScriptOutcome): string {
  if (outcome.kind === 'exited') return `exited with status ${outcome.status}`;
  return outcome.kind === 'signalled' ? `due to signal ${outcome.signal}` : `could not be run: ${outcome.why}`;
}

function count(tracker: ScriptTracker, good: boolean, outcome: string): readonly ScriptEffect[] {
  const { name } = tracker.script;
  const effects: ScriptEffect[] = [];
  if (tracker.lastOutcome !== outcome) {
    const now = outcome.replace(/^exited with status/, 'returning');
    effects.push({ kind: 'log', level: 'info', message: `Script \`${name}\` now ${now}` });
  }
  tracker.lastOutcome = outcome;
  const agrees = tracker.report.kind === (good ? 'up' : 'down');
  tracker.contrary = agrees ? 0 : tracker.contrary + 1;
  const needed = good ? tracker.script.rise : tracker.script.fall;
  if (tracker.settled && (agrees || tracker.contrary < needed)) return effects;
  return [...effects, ...settle(tracker, good, outcome)];
}

function settle(tracker: ScriptTracker, good: boolean, outcome: string): readonly ScriptEffect[] {
  tracker.settled = true;
  tracker.contrary = 0;
  tracker.report = { kind: good ? 'up' : 'down' };
  const how = outcome === 'timed_out' ? 'timed_out' : `failed (${outcome})`;
  const message = `VRRP_Script(${tracker.script.name}) ${good ? 'succeeded' : how}`;
  return [
    { kind: 'log', level: 'info', message },
    { kind: 'report', report: tracker.report },
  ];
}
