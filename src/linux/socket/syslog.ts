// The system's log (RFC 3164, man 3 syslog): datagrams to the Unix socket that syslogd or the journal reads.
import { type LogLevel, ok } from '../../kit/index.ts';
import type { KernelResult } from '../error.ts';
import { openUnixDatagrams } from './unix-datagram.ts';

export const facilities = {
  user: 1,
  daemon: 3,
  local0: 16,
  local1: 17,
  local2: 18,
  local3: 19,
  local4: 20,
  local5: 21,
  local6: 22,
  local7: 23,
} as const;
export type Facility = keyof typeof facilities;

export type SyslogOptions = {
  /** The program's name at the beginning of each line. */
  readonly identity: string;
  readonly facility: Facility;
  /** Default `/dev/log`. */
  readonly path?: string;
};

export type Syslog = {
  /** Loses the line when the log's reader is gone or slow: nothing must wait for it. */
  readonly log: (level: LogLevel, message: string) => void;
  readonly close: () => void;
};

const severities: Readonly<Record<LogLevel, number>> = { error: 3, warning: 4, notice: 5, info: 6, debug: 7 };

export function openSyslog({ identity, facility, path = '/dev/log' }: SyslogOptions): KernelResult<Syslog> {
  const opened = openUnixDatagrams(path, `log to ${path}`);
  if (!opened.ok) return opened;
  const { send, close } = opened.value;
  return ok({
    log: (level, message) => {
      const priority = facilities[facility] * 8 + severities[level];
      send(Buffer.from(`<${priority}>${timestamp(new Date())} ${identity}[${process.pid}]: ${message}`));
    },
    close,
  });
}

/** `Nov 21 00:04:19`, in local time. */
function timestamp(now: Date): string {
  const [, month = '', day] = now.toDateString().split(' ');
  return `${month} ${String(Number(day)).padStart(2)} ${now.toTimeString().slice(0, 8)}`;
}
