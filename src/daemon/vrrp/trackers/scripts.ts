// Runs a vrrp_script again and again.
import { monotonicMs } from '../../../linux/index.ts';
import {
  nextScriptDeadline,
  runScript,
  type ScriptEffect,
  type ScriptRun,
  type ScriptUser,
  scriptTracker,
  stepScript,
  type TrackedScript,
} from '../../../vrrp/index.ts';
import { Alarm } from './alarm.ts';
import { logLevelOf, type RunningTracker, type TrackerListener } from './listener.ts';

/** `user` runs it when the script names none. */
export function trackScript(
  script: TrackedScript,
  user: ScriptUser | undefined,
  listener: TrackerListener,
): RunningTracker {
  const tracker = scriptTracker(script, monotonicMs());
  let run: ScriptRun | undefined;
  let closed = false;
  const alarm = new Alarm(() => {
    carryOut(stepScript(tracker, { kind: 'deadline', nowMs: monotonicMs() }));
  });
  const carryOut = (effects: readonly ScriptEffect[]): void => {
    for (const effect of effects) {
      if (effect.kind === 'run') start();
      else if (effect.kind === 'signal') run?.signal(effect.signal);
      else if (effect.kind === 'report')
        listener.onNews({ tracker: 'script', name: script.name, report: effect.report });
      else listener.log(logLevelOf(effect.level), effect.message);
    }
    alarm.set(nextScriptDeadline(tracker));
  };
  const start = (): void => {
    run = runScript({ command: script.command, user: script.user ?? user }, (outcome) => {
      if (!closed) carryOut(stepScript(tracker, { kind: 'ended', nowMs: monotonicMs(), outcome }));
    });
  };
  alarm.set(nextScriptDeadline(tracker));
  return {
    report: () => tracker.report,
    close: () => {
      closed = true;
      alarm.close();
      if (tracker.phase.kind !== 'idle') run?.signal('SIGKILL');
    },
  };
}
