// What the kernel refused, as a value: which call, which errno, and what the program was trying to do with it.
import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import { CommandFailure, err, type Failure, type FailureKind, type Result } from '../kit/index.ts';

export type KernelError = {
  /** The system call or library function, as in its man page: `socket`, `setns`, `RTM_NEWADDR`. */
  readonly call: string;
  /** The symbolic errno: `EPERM`, `ENODEV`. */
  readonly errno: string;
  /** What was attempted, as the rest of "cannot …": `open a raw ipv4 socket for protocol 112`. */
  readonly attempted: string;
  /** What the kernel itself said, where it says more than a number (netlink extended acknowledgement). */
  readonly detail?: string;
  /** What to do about it, when that is known. */
  readonly fix?: string;
};

export type KernelResult<T> = Result<T, KernelError>;

/** Second names of a number (man 3 errno); the first is the one that man pages use. */
const aliases = ['EWOULDBLOCK', 'ENOTSUP'];
const names = new Map(
  Object.entries(constants.errno)
    .filter(([name]) => !aliases.includes(name))
    .map(([name, number]) => [number as number, name]),
);

/** The capability that a call wants when it answers EPERM or EACCES (man 7 capabilities). */
const capabilities: Readonly<Record<string, string>> = {
  socket: 'CAP_NET_RAW',
  setsockopt: 'CAP_NET_RAW or CAP_NET_ADMIN',
  bind: 'CAP_NET_BIND_SERVICE or CAP_NET_ADMIN',
  setns: 'CAP_SYS_ADMIN',
  sched_setscheduler: 'CAP_SYS_NICE',
  mlock: 'CAP_IPC_LOCK',
};

/** An error value of `call`; `errno` is the number that the call left behind, positive. */
export function kernelError(
  call: string,
  errno: number,
  attempted: string,
  detail?: string,
): { readonly ok: false; readonly error: KernelError } {
  const name = names.get(errno) ?? `errno ${errno}`;
  const fix = fixOf(call, name);
  return err({
    call,
    errno: name,
    attempted,
    ...(detail === undefined ? {} : { detail }),
    ...(fix === undefined ? {} : { fix }),
  });
}

/** The error value of what a synchronous `node:fs` call threw; anything else is thrown on. */
export function fromSystemError(
  thrown: unknown,
  attempted: string,
): { readonly ok: false; readonly error: KernelError } {
  const { errno, syscall } = thrown as NodeJS.ErrnoException;
  if (errno === undefined || syscall === undefined) throw thrown;
  return kernelError(syscall, -errno, attempted);
}

/** The error in words for a person: what, why, how to fix; its kind decides the exit code. */
export function kernelFailure(error: KernelError): Failure {
  const said = error.detail ?? meaningOf(error.errno);
  const failure = {
    kind: kindOf(error.errno),
    what: `cannot ${error.attempted}`,
    why: `${error.call} answered ${error.errno}${said === undefined ? '' : ` (${said})`}`,
  };
  return error.fix === undefined ? failure : { ...failure, fix: error.fix };
}

/** The value, or a `CommandFailure` for the command line: for code whose caller is a person. */
export function orFail<T>(result: KernelResult<T>): T {
  if (result.ok) return result.value;
  throw new CommandFailure(kernelFailure(result.error));
}

function fixOf(call: string, errno: string): string | undefined {
  if (errno === 'EPERM' || errno === 'EACCES') {
    const capability = call.startsWith('RTM_') ? 'CAP_NET_ADMIN' : capabilities[call];
    return capability === undefined ? 'Run it as root' : `Run it as root, or give the program ${capability}`;
  }
  if (errno === 'EMFILE') return 'Raise the limit of open files (ulimit -n, LimitNOFILE= of the unit)';
  if (errno === 'EAFNOSUPPORT') return 'Switch the address family on in this kernel (for IPv6: no ipv6.disable=1)';
  return undefined;
}

function kindOf(errno: string): FailureKind {
  switch (errno) {
    case 'EPERM':
    case 'EACCES':
      return 'permission';
    case 'ENOENT':
    case 'ENODEV':
    case 'ENXIO':
    case 'ESRCH':
    case 'EADDRNOTAVAIL':
      return 'not-found';
    case 'EEXIST':
    case 'EADDRINUSE':
      return 'exists';
    case 'ENOSYS':
    case 'EOPNOTSUPP':
    case 'EAFNOSUPPORT':
    case 'EPROTONOSUPPORT':
      return 'unavailable';
    case 'ETIMEDOUT':
      return 'timeout';
    default:
      return 'failed';
  }
}

function meaningOf(errno: string): string | undefined {
  const number = (constants.errno as Readonly<Record<string, number>>)[errno];
  return number === undefined ? undefined : getSystemErrorMap().get(-number)?.[1];
}
