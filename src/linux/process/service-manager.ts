// What a service of Type=notify tells the service manager that started it (man 3 sd_notify): lines in a datagram to the
// Unix socket that its environment names. The socket is this process's alone: what it starts is not to speak for it.

import { monotonicMs } from '../clock.ts';
import { openUnixDatagrams } from '../socket/unix-datagram.ts';

export type ServiceManager = {
  /** It serves from now on, or again after `reloading`; `status` is what `systemctl status` shows. */
  readonly ready: (status: string) => void;
  /** It reads its configuration anew; `ready` has to follow. */
  readonly reloading: () => void;
  /** It is about to end. */
  readonly stopping: (status: string) => void;
  /** Stops to say that it lives. */
  readonly close: () => void;
};

/** WatchdogSec= is met with twice as many signs of life as are wanted (man 3 sd_watchdog_enabled). */
const signsOfLifePerPeriod = 2;
const silent: ServiceManager = { ready: () => {}, reloading: () => {}, stopping: () => {}, close: () => {} };

/**
 * From now on says that this thread gets on as often as the manager wants to hear it. Takes the variables out of the
 * environment. Says nothing when no manager listens.
 */
export function serviceManager(environment: NodeJS.ProcessEnv = process.env): ServiceManager {
  const { NOTIFY_SOCKET: path, WATCHDOG_USEC: period, WATCHDOG_PID: watched } = environment;
  for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete environment[name];
  const opened = path === undefined ? undefined : openUnixDatagrams(path, `notify the service manager at ${path}`);
  if (opened === undefined || !opened.ok) return silent;
  const { send, close } = opened.value;
  const tell = (...lines: string[]) => send(Buffer.from(lines.join('\n')));
  const isWatched = period !== undefined && (watched === undefined || Number(watched) === process.pid);
  const everyMs = Number(period) / 1000 / signsOfLifePerPeriod;
  const beat = isWatched && everyMs >= 1 ? setInterval(() => tell('WATCHDOG=1'), everyMs) : undefined;
  beat?.unref();
  return {
    ready: (status) => tell('READY=1', `STATUS=${status}`),
    reloading: () => tell('RELOADING=1', `MONOTONIC_USEC=${Math.round(monotonicMs() * 1000)}`),
    stopping: (status) => tell('STOPPING=1', `STATUS=${status}`),
    close: () => {
      clearInterval(beat);
      close();
    },
  };
}
