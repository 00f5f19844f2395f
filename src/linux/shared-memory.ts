// Memory that processes have in common (man 2 memfd_create, mmap): to read or to write it takes no system call.
import { ok } from '../kit/index.ts';
import { type KernelResult, kernelError } from './error.ts';
import { close, errno, ftruncate, mapShared, memfdCreate } from './libc.ts';

const MFD_CLOEXEC = 1;

/** New memory, all zero, and the descriptor by which another process maps it. `name` is shown in /proc only. */
export function createSharedMemory(
  name: string,
  bytes: number,
): KernelResult<{ readonly fd: number; readonly memory: ArrayBuffer }> {
  const attempted = `share memory for ${name}`;
  const fd = memfdCreate(name, MFD_CLOEXEC);
  if (fd < 0) return kernelError('memfd_create', errno(), attempted);
  const sized = ftruncate(fd, bytes);
  const failed = sized < 0 ? kernelError('ftruncate', errno(), attempted) : undefined;
  const mapped = failed ?? mapSharedMemory(fd, bytes, name);
  if (mapped.ok) return ok({ fd, memory: mapped.value });
  close(fd);
  return mapped;
}

/** The memory behind a descriptor of `createSharedMemory`. It stays mapped as long as the process lives. */
export function mapSharedMemory(fd: number, bytes: number, name: string): KernelResult<ArrayBuffer> {
  const memory = mapShared(fd, bytes);
  return memory === undefined ? kernelError('mmap', errno(), `map the memory of ${name}`) : ok(memory);
}
