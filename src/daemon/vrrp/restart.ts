// A daemon in the background has no service manager: its guardian starts it again after it died or hung. A daemon that dies
// at once each time is left dead after a few starts, which each start passes on to the next in its environment.
import { bootMs } from '../../linux/index.ts';

export const restartLimits = { restartsMax: 5, withinMs: 60_000 } as const;
const variable = 'HAVEN_VRRP_RESTARTED';

/** The command that does `words` again, or undefined when that was done often enough lately. */
export function restartWordsFor(words: readonly string[]): readonly string[] | undefined {
  const nowMs = Math.round(bootMs());
  const recent = (process.env[variable] ?? '')
    .split(',')
    .filter((text) => /^\d+$/.test(text) && nowMs - Number(text) < restartLimits.withinMs);
  if (recent.length >= restartLimits.restartsMax) return undefined;
  return ['/usr/bin/env', `${variable}=${[...recent, nowMs].join()}`, ...words];
}

/** Whether this process was started by a guardian. */
export function isRestarted(): boolean {
  return process.env[variable] !== undefined;
}
