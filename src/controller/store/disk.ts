// What the store needs of a disk: few calls, each with the durability it promises. The real one is driver/disk.ts; the
// simulator's (testing/faulty-disk.ts) tears, reorders and loses what was not synced.

/** An error that the user can understand and an operator can act on: `ENOSPC`, `EROFS`, `EIO`, `EACCES` … */
export class DiskError extends Error {
  override readonly name = 'DiskError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** One folder. Every call throws `DiskError`; after an error nothing may be assumed of the file but what was synced. */
export type Disk = {
  /** Whole contents, or undefined when there is no such file. */
  read(name: string): Uint8Array | undefined;
  list(): readonly string[];
  /** Creates or replaces; durable only after `sync` of the file and `syncFolder`. */
  write(name: string, bytes: Uint8Array): void;
  /** Adds to the end; durable only after `sync`. */
  append(name: string, bytes: Uint8Array): void;
  truncate(name: string, bytes: number): void;
  sync(name: string): void;
  /** Atomic; durable only after `syncFolder`. */
  rename(from: string, to: string): void;
  remove(name: string): void;
  syncFolder(): void;
};
