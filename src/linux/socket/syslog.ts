// The system's log (RFC 3164, man 3 syslog): datagrams to the Unix socket that syslogd or the journal reads. Node has no
// Unix datagram sockets.
import { assert, type LogLevel, ok } from '../../kit/index.ts';
import { type KernelResult, kernelError } from '../error.ts';
import { close, errno, sendto, socket } from '../libc.ts';

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
const [AF_UNIX, SOCK_DGRAM_CLOEXEC_NONBLOCK] = [1, 2 | 0o2004000];
const MSG_DONTWAIT_NOSIGNAL = 0x4040;
/** `sun_path` of man 7 unix, with its final zero. */
const pathBytesMax = 107;

export function openSyslog({ identity, facility, path = '/dev/log' }: SyslogOptions): KernelResult<Syslog> {
  assert(Buffer.byteLength(path) <= pathBytesMax, `the path of a Unix socket is short: ${path}`);
  const fd = socket(AF_UNIX, SOCK_DGRAM_CLOEXEC_NONBLOCK, 0);
  if (fd < 0) return kernelError('socket', errno(), `log to ${path}`);
  const address = Buffer.alloc(3 + Buffer.byteLength(path));
  address.writeUInt16LE(AF_UNIX, 0);
  address.write(path, 2);
  const send = (line: Buffer) => sendto(fd, line, line.length, MSG_DONTWAIT_NOSIGNAL, address, address.length);
  return ok({
    log: (level, message) => {
      const priority = facilities[facility] * 8 + severities[level];
      send(Buffer.from(`<${priority}>${timestamp(new Date())} ${identity}[${process.pid}]: ${message}`));
    },
    close: () => void close(fd),
  });
}

/** `Nov 21 00:04:19`, in local time. */
function timestamp(now: Date): string {
  const [, month = '', day] = now.toDateString().split(' ');
  return `${month} ${String(Number(day)).padStart(2)} ${now.toTimeString().slice(0, 8)}`;
}
