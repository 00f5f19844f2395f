// The ring number (and the votes that are tracked) on stable storage: what must survive a power failure for ring ids never
// to be used twice. The file of the ring number has Corosync's name and content: 8 bytes, least significant first.
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandFailure } from '../../../kit/index.ts';

export class RingStorage {
  readonly ringSeq: number;
  readonly trackedVotes: number;
  readonly #directory: string;
  readonly #nodeId: number;
  /** Writes one after another: a later one never comes before an earlier one. */
  #last: Promise<void> = Promise.resolve();

  private constructor(directory: string, nodeId: number, stored: { ringSeq: number; trackedVotes: number }) {
    this.#directory = directory;
    this.#nodeId = nodeId;
    this.ringSeq = stored.ringSeq;
    this.trackedVotes = stored.trackedVotes;
  }

  /** @throws CommandFailure when the directory cannot be made or read. */
  static async open(directory: string, nodeId: number): Promise<RingStorage> {
    try {
      await mkdir(directory, { recursive: true, mode: 0o755 });
      const ringSeq = await readBytes(join(directory, ringFile(nodeId)), 8);
      const trackedVotes = await readBytes(join(directory, votesFile), 4);
      return new RingStorage(directory, nodeId, {
        ringSeq: ringSeq === undefined ? 0 : Number(ringSeq.readBigUInt64LE()),
        trackedVotes: trackedVotes?.readUInt32LE() ?? 0,
      });
    } catch (thrown) {
      const why = (thrown as Error).message;
      const fix = 'The ring keeps its number there: make the directory writable, or name another';
      throw new CommandFailure({ kind: 'unavailable', what: `cannot use the state directory ${directory}`, why, fix });
    }
  }

  /** Resolves when the number would survive a power failure. */
  storeRingSeq(ringSeq: number): Promise<void> {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(ringSeq));
    return this.#store(ringFile(this.#nodeId), bytes);
  }

  storeTrackedVotes(votes: number): Promise<void> {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(votes);
    return this.#store(votesFile, bytes);
  }

  #store(name: string, bytes: Buffer): Promise<void> {
    const write = () => writeDurably(this.#directory, name, bytes);
    this.#last = this.#last.then(write, write);
    return this.#last;
  }
}

const ringFile = (nodeId: number) => `ringid_${nodeId}`;
const votesFile = 'ev_tracking';

/** A file that is short is as good as none, as in Corosync. */
async function readBytes(file: string, size: number): Promise<Buffer | undefined> {
  try {
    const bytes = await readFile(file);
    return bytes.length >= size ? bytes : undefined;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw thrown;
  }
}

/** Either the old content or the new one is there after a crash at any moment. */
async function writeDurably(directory: string, name: string, bytes: Buffer): Promise<void> {
  const file = join(directory, name);
  const fresh = `${file}.new`;
  const handle = await open(fresh, 'w', 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(fresh, file);
  const folder = await open(directory, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
