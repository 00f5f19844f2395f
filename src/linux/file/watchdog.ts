// The watchdog device (Linux Documentation/watchdog/watchdog-api.rst): from its opening on, the machine is reset unless
// it is written to within its timeout. A FIFO stands for one whose driver is a program: a host's, or a machine's next to it.
import { fstatSync } from 'node:fs';
import { constants } from 'node:os';
import { ok } from '../../kit/index.ts';
import { type KernelResult, kernelError } from '../error.ts';
import { close, errno, flock, ioctl, open, write } from '../libc.ts';

export type Watchdog = {
  readonly path: string;
  /** The time after the last keep-alive at which the machine is reset, as the driver rounded it; 0 when it does not say. */
  readonly timeoutS: number;
  /** Puts the reset off by the timeout. */
  readonly keepAlive: () => KernelResult<void>;
  /** Disarms and closes it (magic close), unless the driver was loaded with nowayout: then the machine is reset. */
  readonly disarm: () => KernelResult<void>;
};

/** Not blocking: a FIFO that nobody reads is refused (ENXIO) instead of waited for. */
const O_WRONLY_CLOEXEC_NONBLOCK = 0o2004001;
const [LOCK_EX, LOCK_NB] = [2, 4];
const [WDIOC_SETTIMEOUT, WDIOC_GETTIMEOUT] = [0xc004_5706, 0x8004_5707];
const magicClose = Buffer.from('V');
const anyByte = Buffer.from('\0');

/**
 * Arms the watchdog. From here on the machine resets when `keepAlive` is not called in time, this process's death
 * included. An error after the opening leaves it disarmed.
 */
export function armWatchdog(path: string, timeoutS: number): KernelResult<Watchdog> {
  const attempted = `arm the watchdog ${path} with ${timeoutS} s`;
  const fd = open(path, O_WRONLY_CLOEXEC_NONBLOCK, 0);
  if (fd < 0) return kernelError('open', errno(), attempted);
  if (fstatSync(fd).isFIFO()) return armFifo(fd, { path, timeoutS, attempted });
  const value = Buffer.alloc(4);
  value.writeInt32LE(timeoutS);
  if (ioctl(fd, WDIOC_SETTIMEOUT, value) !== 0) {
    const refused = kernelError('ioctl', errno(), attempted);
    if (refused.error.errno === 'ENOTTY') {
      // Some other file: not a byte is written to it.
      close(fd);
      return kernelError('ioctl', constants.errno.ENOTTY, attempted, 'it is no watchdog device');
    }
    // A driver with one fixed timeout says EOPNOTSUPP; the caller sees that timeout.
    if (refused.error.errno !== 'EOPNOTSUPP') {
      disarm(fd, path);
      return refused;
    }
  }
  const granted = ioctl(fd, WDIOC_GETTIMEOUT, value) === 0 ? value.readInt32LE(0) : 0;
  return ok(watchdogOf(fd, path, granted));
}

/** As a device can be opened once, a FIFO can be locked once; whoever reads it was told the timeout by other means. */
function armFifo(
  fd: number,
  { path, timeoutS, attempted }: { readonly path: string; readonly timeoutS: number; readonly attempted: string },
): KernelResult<Watchdog> {
  if (flock(fd, LOCK_EX | LOCK_NB) === 0) return ok(watchdogOf(fd, path, timeoutS));
  close(fd);
  return kernelError('flock', constants.errno.EBUSY, attempted, 'another process feeds it');
}

/** A watchdog over an open descriptor, without asking the driver anything: what reads the other end sees its protocol. */
export function watchdogOf(fd: number, path: string, timeoutS: number): Watchdog {
  return {
    path,
    timeoutS,
    keepAlive: () => {
      if (write(fd, anyByte, 1) === 1) return ok(undefined);
      return kernelError('write', errno(), `keep the watchdog ${path} quiet`);
    },
    disarm: () => disarm(fd, path),
  };
}

function disarm(fd: number, path: string): KernelResult<void> {
  const written = write(fd, magicClose, 1) === 1 ? ok(undefined) : kernelError('write', errno(), `disarm ${path}`);
  close(fd);
  return written;
}
