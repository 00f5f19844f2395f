// A process held by a descriptor (man 2 pidfd_open): its end is told at once, and a signal never reaches a stranger that
// was given the same number later.
import { constants } from 'node:os';
import { ok } from '../../kit/index.ts';
import { type KernelResult, kernelError } from '../error.ts';
import { close, errno, syscall } from '../libc.ts';
import { watchShared } from '../readiness/shared.ts';

export type ProcessHandle = {
  readonly pid: number;
  /** Sends a signal, such as `SIGTERM`; ESRCH when the process has ended. */
  readonly signal: (signal: NodeJS.Signals) => KernelResult<void>;
  /** Calls `onEnd` once, in a later turn, when the process has ended: at once if it has already. */
  readonly onEnd: (onEnd: () => void) => KernelResult<void>;
  /** Lets this process end although it waits for the other's end. */
  readonly unref: () => void;
  readonly close: () => void;
};

const [pidfdSendSignal, pidfdOpen] = [424, 434];

/** Takes hold of a running process; ESRCH when there is none. The exit status is for its parent alone. */
export function openProcess(pid: number): KernelResult<ProcessHandle> {
  // The descriptor is close-on-exec by itself.
  const fd = syscall(pidfdOpen, pid, 0, 0, 0);
  if (fd < 0) return kernelError('pidfd_open', errno(), `take hold of process ${pid}`);
  let watch: { readonly close: () => void; readonly unref: () => void } | undefined;
  let open = true;
  const end = () => {
    if (!open) return;
    open = false;
    watch?.close();
    close(fd);
  };
  return ok({
    pid,
    signal: (signal) => {
      const number = constants.signals[signal];
      if (open && syscall(pidfdSendSignal, fd, number, 0, 0) === 0) return ok(undefined);
      return kernelError(
        'pidfd_send_signal',
        open ? errno() : constants.errno.ESRCH,
        `send ${signal} to process ${pid}`,
      );
    },
    onEnd: (onEnd) => {
      const watched = watchShared(fd, `process ${pid}`, () => {
        watch?.close();
        onEnd();
      });
      if (watched.ok) watch = watched.value;
      return watched.ok ? ok(undefined) : watched;
    },
    unref: () => watch?.unref(),
    close: end,
  });
}
