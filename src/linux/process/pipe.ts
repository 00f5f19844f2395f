// Pipes whose reading end is ours to read as we like (man 2 pipe).
import { ok } from '../../kit/index.ts';
import { type KernelResult, kernelError } from '../error.ts';
import { errno, pipe2 } from '../libc.ts';

const O_CLOEXEC = 0o2000000;

/** A pipe's two ends; no program that is started has them unless it is given one. Whoever asked closes both. */
export function openPipe(): KernelResult<{ readonly readFd: number; readonly writeFd: number }> {
  const ends = Buffer.alloc(8);
  if (pipe2(ends, O_CLOEXEC) < 0) return kernelError('pipe2', errno(), 'open a pipe');
  return ok({ readFd: ends.readInt32LE(0), writeFd: ends.readInt32LE(4) });
}
