// What a process asks of the kernel about itself (man 2 prctl).
import { constants } from 'node:os';
import { assert, ok } from '../../kit/index.ts';
import { type KernelResult, kernelError } from '../error.ts';
import { errno, prctl, prctlMemory } from '../libc.ts';

const [PR_SET_PDEATHSIG, PR_SET_NAME, PR_SET_CHILD_SUBREAPER] = [1, 15, 36];
const nameBytesMax = 15;

/**
 * Has the kernel send this process a signal when its parent ends; `parentPid` is the parent as the caller knows it from
 * its start. ESRCH when that one has ended already: the signal would never come. "Parent" is the thread that started this
 * process, so start it from the main thread.
 */
export function dieWithParent(signal: NodeJS.Signals, parentPid: number): KernelResult<void> {
  const attempted = `be told of the end of the parent process ${parentPid}`;
  if (prctl(PR_SET_PDEATHSIG, constants.signals[signal], 0, 0, 0) !== 0)
    return kernelError('prctl', errno(), attempted);
  return process.ppid === parentPid ? ok(undefined) : kernelError('prctl', constants.errno.ESRCH, attempted);
}

/** Names the calling thread; on the main thread that is the process's name in `ps` and `top`, at most 15 bytes of it. */
export function setThreadName(name: string): void {
  const bytes = Buffer.alloc(nameBytesMax + 1);
  bytes.write(name, 0, nameBytesMax);
  assert(prctlMemory(PR_SET_NAME, bytes) === 0, 'a thread can be named');
}

/** Makes orphans among this process's descendants its own children, so that none escapes its end. */
export function adoptOrphans(): KernelResult<void> {
  if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) === 0) return ok(undefined);
  return kernelError('prctl', errno(), 'adopt orphaned descendants');
}
