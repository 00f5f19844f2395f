// The store's folder on a real file system.
import * as fs from 'node:fs';
import { join } from 'node:path';
import { type Disk, DiskError } from '../store/disk.ts';

/** What an operator can do about it. */
const advice: Readonly<Record<string, string>> = {
  ENOSPC: 'the file system is full: free space on it',
  EDQUOT: 'the quota is used up: raise it',
  EROFS: 'the file system is mounted read-only: remount it, and look into the kernel log for why',
  EIO: 'the device reports an error: look into the kernel log, replace the disk',
  EACCES: 'permission denied: the folder belongs to root, mode 0750',
};

/** Makes the folder when it is not there. */
export function openDisk(folder: string): Disk {
  const path = (name: string) => join(folder, name);
  attempt(`make ${folder}`, () => fs.mkdirSync(folder, { recursive: true, mode: 0o750 }));
  const withFile = (name: string, flags: string, use: (fd: number) => void) => {
    const fd = fs.openSync(path(name), flags, 0o640);
    try {
      use(fd);
    } finally {
      fs.closeSync(fd);
    }
  };
  return {
    read: (name) =>
      attempt(`read ${path(name)}`, () =>
        fs.existsSync(path(name)) ? plainBytes(fs.readFileSync(path(name))) : undefined,
      ),
    list: () => attempt(`list ${folder}`, () => fs.readdirSync(folder)),
    write: (name, bytes) => attempt(`write ${path(name)}`, () => withFile(name, 'w', (fd) => writeAll(fd, bytes))),
    append: (name, bytes) => attempt(`append to ${path(name)}`, () => withFile(name, 'a', (fd) => writeAll(fd, bytes))),
    truncate: (name, bytes) => attempt(`truncate ${path(name)}`, () => fs.truncateSync(path(name), bytes)),
    sync: (name) => attempt(`sync ${path(name)}`, () => withFile(name, 'r', (fd) => fs.fdatasyncSync(fd))),
    rename: (from, to) => attempt(`rename ${path(from)}`, () => fs.renameSync(path(from), path(to))),
    remove: (name) => attempt(`remove ${path(name)}`, () => fs.rmSync(path(name), { force: true })),
    syncFolder: () => attempt(`sync ${folder}`, () => withFile('.', 'r', (fd) => fs.fsyncSync(fd))),
  };
}

/** Buffer's `slice` shares what Uint8Array's copies. */
function plainBytes(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

/** A short write is an error of its own kind: the rest did not fit. */
function writeAll(fd: number, bytes: Uint8Array): void {
  let at = 0;
  while (at < bytes.length) at += fs.writeSync(fd, bytes, at);
}

function attempt<T>(what: string, act: () => T): T {
  try {
    return act();
  } catch (thrown) {
    const { code = 'EIO', message } = thrown as NodeJS.ErrnoException;
    throw new DiskError(code, `cannot ${what}: ${advice[code] ?? message}`);
  }
}
