// What a program writes to one stream; of much of it, the end. All are read into the same memory: a stream of Node.js takes
// new memory for each read, and the daemon would grow by what a program that floods its output has thrown away.
import { closeSync, readSync } from 'node:fs';
import { ok } from '../../kit/index.ts';
import { type KernelResult, openPipe, type Watch, watchShared } from '../../linux/index.ts';

/** Kept of each stream: the end, where agents say why they failed. */
export const outputBytesMax = 64 * 1024;

const keptBytesMin = 1024;
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);

export class Capture {
  /** Resolves when nobody has the other end any more, or after `close`. */
  readonly ended: Promise<void>;
  readonly #readFd: number;
  #writeFd: number | undefined;
  #watch: Watch | undefined;
  #tellEnd = () => {};
  #open = true;
  #kept = Buffer.alloc(keptBytesMin);
  #bytes = 0;

  /** Fails when no descriptors are left. */
  static open(): KernelResult<Capture> {
    const pipe = openPipe();
    if (!pipe.ok) return pipe;
    const capture = new Capture(pipe.value);
    const watch = watchShared(pipe.value.readFd, 'the output of a program', () => capture.#read());
    if (!watch.ok) {
      capture.close();
      return watch;
    }
    capture.#watch = watch.value;
    return ok(capture);
  }

  private constructor({ readFd, writeFd }: { readonly readFd: number; readonly writeFd: number }) {
    this.#readFd = readFd;
    this.#writeFd = writeFd;
    this.ended = new Promise((resolve) => {
      this.#tellEnd = resolve;
    });
  }

  /** The end that the program is to have. */
  get writeFd(): number {
    return this.#writeFd ?? -1;
  }

  /** The program has its end now: ours would keep the stream from ending. */
  handedOver(): void {
    if (this.#writeFd !== undefined) closeSync(this.#writeFd);
    this.#writeFd = undefined;
  }

  close(): void {
    this.handedOver();
    if (!this.#open) return;
    this.#open = false;
    this.#watch?.close();
    closeSync(this.#readFd);
    this.#tellEnd();
  }

  get text(): string {
    return this.#kept.subarray(Math.max(0, this.#bytes - outputBytesMax), this.#bytes).toString('utf8');
  }

  /** Once for each time that there is something: nobody else reads, so it never waits. */
  #read(): void {
    const bytes = readSync(this.#readFd, readBuffer);
    if (bytes > 0) this.#keep(readBuffer.subarray(0, bytes));
    else this.close();
  }

  /** Twice what is kept has room, so that it is moved up once for as much as it holds. */
  #keep(chunk: Buffer): void {
    const needed = this.#bytes + chunk.length;
    if (needed > this.#kept.length && this.#kept.length < 2 * outputBytesMax) {
      const larger = Buffer.alloc(Math.min(2 * outputBytesMax, Math.max(needed, 2 * this.#kept.length)));
      this.#kept.copy(larger, 0, 0, this.#bytes);
      this.#kept = larger;
    }
    if (needed > this.#kept.length) {
      const left = outputBytesMax - chunk.length;
      this.#kept.copyWithin(0, this.#bytes - left, this.#bytes);
      this.#bytes = left;
    }
    chunk.copy(this.#kept, this.#bytes);
    this.#bytes += chunk.length;
  }
}
