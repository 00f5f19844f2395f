// Bytes behind a descriptor that were never in a file system (man 2 memfd_create): a program's standard input of any size.
import { closeSync, writeSync } from 'node:fs';
import { ok } from '../../kit/index.ts';
import { fromSystemError, type KernelResult, kernelError } from '../error.ts';
import { errno, memfdCreate } from '../libc.ts';

const MFD_CLOEXEC = 1;

/** A descriptor from which `text` is read. Whoever asked closes it. */
export function openContent(name: string, text: string): KernelResult<number> {
  const fd = memfdCreate(name, MFD_CLOEXEC);
  if (fd < 0) return kernelError('memfd_create', errno(), `keep ${name}`);
  const bytes = Buffer.from(text);
  try {
    // At a position: the reader begins where nothing has been read yet.
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, at);
    return ok(fd);
  } catch (thrown) {
    closeSync(fd);
    return fromSystemError(thrown, `keep ${name}`);
  }
}
