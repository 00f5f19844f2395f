// Changes of files and directories, told by the kernel (man 7 inotify).
import { ok } from '../../kit/index.ts';
import { type KernelError, type KernelResult, kernelError } from '../error.ts';
import { flagBits, flagNames } from '../flag.ts';
import { close, errno, inotifyAddWatch, inotifyInit, inotifyRemoveWatch, read } from '../libc.ts';
import { watchReadable } from '../readiness/watch.ts';

const flags = {
  modify: 0x2,
  attributes: 0x4,
  'close-write': 0x8,
  'moved-from': 0x40,
  'moved-to': 0x80,
  create: 0x100,
  delete: 0x200,
  'delete-self': 0x400,
  'move-self': 0x800,
  unmount: 0x2000,
  lost: 0x4000,
  ended: 0x8000,
} as const;

/** `lost` (the queue overflowed: look at everything anew), `ended` (the watch is no more) and `unmount` come unasked. */
export type FileChange = keyof typeof flags;

export type FileEvent = {
  /** The path that was watched; empty for `lost`. */
  readonly path: string;
  readonly changes: readonly FileChange[];
  /** Inside a watched directory: the entry that changed. */
  readonly entry?: string;
  /** The same number on the `moved-from` and the `moved-to` of one rename; 0 otherwise. */
  readonly cookie: number;
};

export type FileWatch = {
  /** Watches one more file or directory; watching a path again replaces what it is watched for. */
  readonly add: (path: string, changes: readonly FileChange[]) => KernelResult<void>;
  /** Stops watching a path; nothing happens when it was not watched. */
  readonly remove: (path: string) => void;
  readonly unref: () => void;
  readonly close: () => void;
};

export type FileListener = {
  readonly onEvent: (event: FileEvent) => void;
  readonly onError: (error: KernelError) => void;
};

const IN_CLOEXEC_NONBLOCK = 0o2004000;
const eventHeaderBytes = 16;
const buffer = Buffer.alloc(65_536);

/** Opens a queue of file events; it watches nothing yet. */
export function watchFiles(listener: FileListener): KernelResult<FileWatch> {
  const fd = inotifyInit(IN_CLOEXEC_NONBLOCK);
  if (fd < 0) return kernelError('inotify_init1', errno(), 'watch files');
  const paths = new Map<number, string>();
  let open = true;
  const watch = watchReadable(fd, 'file events', () => {
    const size = read(fd, buffer, buffer.length);
    if (size < 0) return reportUnlessEmpty(errno(), listener);
    for (const { descriptor, event } of decodeEvents(Buffer.from(buffer.subarray(0, size)), paths)) {
      if (event.changes.includes('ended')) paths.delete(descriptor);
      if (open) listener.onEvent(event);
    }
  });
  if (!watch.ok) {
    close(fd);
    return watch;
  }
  return ok({
    add: (path, changes) => {
      const descriptor = inotifyAddWatch(fd, path, flagBits(flags, changes));
      if (descriptor < 0) return kernelError('inotify_add_watch', errno(), `watch ${path}`);
      paths.set(descriptor, path);
      return ok(undefined);
    },
    remove: (path) => {
      for (const [descriptor, watched] of paths) if (watched === path) inotifyRemoveWatch(fd, descriptor);
    },
    unref: watch.value.unref,
    close: () => {
      if (!open) return;
      open = false;
      watch.value.close();
      close(fd);
    },
  });
}

function reportUnlessEmpty(number: number, { onError }: FileListener): void {
  const { error } = kernelError('read', number, 'read file events');
  if (error.errno !== 'EAGAIN' && error.errno !== 'EINTR') onError(error);
}

/** `struct inotify_event`: watch, mask, cookie, length of the name, name padded with zeros. */
function* decodeEvents(
  bytes: Buffer,
  paths: ReadonlyMap<number, string>,
): Generator<{ readonly descriptor: number; readonly event: FileEvent }> {
  for (let at = 0; at + eventHeaderBytes <= bytes.length; ) {
    const nameBytes = bytes.readUInt32LE(at + 12);
    const name = bytes.toString('utf8', at + eventHeaderBytes, at + eventHeaderBytes + nameBytes).replace(/\0.*$/s, '');
    const descriptor = bytes.readInt32LE(at);
    const event = {
      path: paths.get(descriptor) ?? '',
      changes: flagNames(flags, bytes.readUInt32LE(at + 4)),
      ...(name === '' ? {} : { entry: name }),
      cookie: bytes.readUInt32LE(at + 8),
    };
    yield { descriptor, event };
    at += eventHeaderBytes + nameBytes;
  }
}
