// A lock that ends with its holder (man 2 flock), in a file that names the holder, or on a folder: at most one daemon of a
// kind runs.
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { ok } from '../../kit/index.ts';
import { fromSystemError, type KernelResult, kernelError } from '../error.ts';
import { errno, flock } from '../libc.ts';

export type FileLock = {
  readonly path: string;
  /** Gives the lock up, and removes the file that names us. The end of the process gives it up too, and leaves the file. */
  readonly release: () => void;
};

const [LOCK_EX, LOCK_NB] = [2, 4];

/** Takes the lock and writes this process's pid into the file; EAGAIN, naming the holder, when another has it. */
export function lockPidFile(path: string): KernelResult<FileLock> {
  const attempted = `lock ${path}`;
  try {
    for (;;) {
      const lock = lockOnce(path, attempted);
      if (!lock.ok || lock.value !== 'replaced') return lock as KernelResult<FileLock>;
    }
  } catch (error) {
    return fromSystemError(error, attempted);
  }
}

/** A folder's own lock, on a disk that may be full or read-only: nothing is written, so nobody is named. EAGAIN when it is held. */
export function lockFolder(path: string): KernelResult<FileLock> {
  const attempted = `lock ${path}`;
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
    if (flock(fd, LOCK_EX | LOCK_NB) === 0) return ok({ path, release: () => closeSync(fd) });
    const number = errno();
    closeSync(fd);
    return kernelError('flock', number, attempted, 'held by another process');
  } catch (error) {
    return fromSystemError(error, attempted);
  }
}

/** 'replaced' when the holder removed the file between our opening and our locking: then our lock is of no file. */
function lockOnce(path: string, attempted: string): KernelResult<FileLock | 'replaced'> {
  // Opened without O_TRUNC: the pid in it is the holder's until the lock is ours.
  const fd = openSync(path, 'a+', 0o644);
  if (flock(fd, LOCK_EX | LOCK_NB) !== 0) {
    const number = errno();
    const holder = readFileSync(path, 'latin1').trim();
    closeSync(fd);
    return kernelError('flock', number, attempted, `held by process ${holder}`);
  }
  if (statSync(path, { throwIfNoEntry: false })?.ino !== fstatSync(fd).ino) {
    closeSync(fd);
    return ok('replaced');
  }
  nameHolder(fd);
  return ok({ path, release: () => release(path, fd) });
}

/** For people: on a full disk the lock holds all the same. */
function nameHolder(fd: number): void {
  ftruncateSync(fd);
  try {
    writeSync(fd, `${process.pid}\n`);
  } catch {
    // Whoever asks is told of a process without a number.
  }
}

/** The file goes first: whoever opens it after that makes a new one, and never locks a file without a name. */
function release(path: string, fd: number): void {
  try {
    unlinkSync(path);
  } catch {
    // Somebody removed it; the lock itself ends with the descriptor.
  }
  closeSync(fd);
}
