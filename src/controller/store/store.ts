// The document on disk: a snapshot and a journal of the changes since. A change counts as stored when `append` returns.
//
// Names: `cib.xml` is the snapshot; `journal.N` holds the records after index N. A new snapshot is written beside the old
// one, synced, renamed over it, and only then does its journal begin; so at every byte of every write there is exactly one
// whole snapshot, and a journal that continues it. Two journals may stand at once, the old one already contained in the
// snapshot: records are taken by what they continue, never by their file.
import { assert } from '../../kit/index.ts';
import { type Disk, DiskError } from './disk.ts';
import { chainOf, decodeRecord, encodeRecord, type JournalRecord } from './record.ts';
import { decodeSnapshot, encodeSnapshot, type Snapshot } from './snapshot.ts';

export const snapshotName = 'cib.xml';
const temporaryName = 'cib.xml.new';
const unusableName = 'journal.unusable';
const journalPattern = /^journal\.(\d+)$/;

/** A journal longer than this is folded into a snapshot at the next opportunity. */
export const journalRecordsMax = 256;
export const journalBytesMax = 8 << 20;

export type StoreRemark = { readonly severity: 'notice' | 'error'; readonly text: string };

export type Recovered = {
  /** Undefined: nothing was ever stored here. */
  readonly snapshot: Snapshot | undefined;
  /** Those that follow the snapshot without a gap. */
  readonly records: readonly JournalRecord[];
  readonly remarks: readonly StoreRemark[];
  /**
   * False when something that may have been acknowledged cannot be read: this copy must not be taken for the newest
   * while another member has one.
   */
  readonly trusted: boolean;
};

export class Store {
  readonly #disk: Disk;
  #journal: string;
  #records: number;
  #bytes: number;
  #lastIndex: number;
  #chain: number;
  #failed: DiskError | undefined;

  private constructor(
    disk: Disk,
    journal: { name: string; records: number; bytes: number; lastIndex: number; chain: number },
  ) {
    this.#disk = disk;
    this.#journal = journal.name;
    this.#records = journal.records;
    this.#bytes = journal.bytes;
    this.#lastIndex = journal.lastIndex;
    this.#chain = journal.chain;
  }

  /** Reads what is there, cuts off a torn tail, and stands ready to append. Throws `DiskError` when the disk does. */
  static open(disk: Disk): { readonly store: Store; readonly recovered: Recovered } {
    const recovered = recover(disk);
    const { index: lastIndex, chain } = endOf(recovered);
    const kept = recovered.journal;
    if (kept !== undefined && kept.wholeBytes < kept.bytes) {
      disk.truncate(kept.name, kept.wholeBytes);
      disk.sync(kept.name);
    }
    const name = kept?.name ?? `journal.${lastIndex}`;
    // Whatever stands there and leads nowhere would hide what is appended behind it.
    if (kept === undefined && disk.list().includes(name)) {
      disk.rename(name, unusableName);
      disk.syncFolder();
    }
    const store = new Store(disk, {
      name,
      records: recovered.records.length,
      bytes: kept?.wholeBytes ?? 0,
      lastIndex,
      chain,
    });
    return { store, recovered };
  }

  get lastIndex(): number {
    return this.#lastIndex;
  }

  /** Names the whole history stored here. */
  get chain(): number {
    return this.#chain;
  }

  /** Worth folding into a snapshot now? */
  get wantsSnapshot(): boolean {
    return this.#records >= journalRecordsMax || this.#bytes >= journalBytesMax;
  }

  /**
   * Stores the records; on return they survive a power loss. After a `DiskError` the store takes nothing more until a
   * snapshot has succeeded: what is on the disk past the last sync is unknown (fsync errors lose pages, PostgreSQL 2018).
   */
  append(records: readonly JournalRecord[]): void {
    this.#refuseAfterFailure();
    const begins = this.#records === 0 && this.#bytes === 0;
    try {
      for (const record of records) {
        assert(record.index === this.#lastIndex + 1, `record ${record.index} follows ${this.#lastIndex}`);
        assert(record.previous === this.#chain, `record ${record.index} continues the stored history`);
        const bytes = encodeRecord(record);
        this.#disk.append(this.#journal, bytes);
        this.#lastIndex = record.index;
        this.#chain = chainOf(record);
        this.#records++;
        this.#bytes += bytes.length;
      }
      this.#disk.sync(this.#journal);
      if (begins) this.#disk.syncFolder();
    } catch (thrown) {
      throw this.#fail(thrown);
    }
  }

  /** Replaces the whole history by this document: when the journal is long, or another member's document is taken over. */
  replace(snapshot: Snapshot): void {
    try {
      this.#disk.write(temporaryName, encodeSnapshot(snapshot));
      this.#disk.sync(temporaryName);
      this.#disk.rename(temporaryName, snapshotName);
      this.#disk.syncFolder();
      for (const name of this.#disk.list()) if (journalPattern.test(name)) this.#disk.remove(name);
      this.#disk.syncFolder();
    } catch (thrown) {
      throw this.#fail(thrown);
    }
    this.#failed = undefined;
    this.#journal = `journal.${snapshot.index}`;
    this.#records = 0;
    this.#bytes = 0;
    this.#lastIndex = snapshot.index;
    this.#chain = snapshot.chain;
  }

  /** Keeps a document aside under a name of its own, for a person to look at; never loaded again. */
  keepAside(name: string, snapshot: Snapshot): void {
    this.#disk.write(name, encodeSnapshot(snapshot));
    this.#disk.sync(name);
    this.#disk.syncFolder();
  }

  /** Shows that as much as a document takes can be written. Throws `DiskError`. */
  prove(bytes: number): void {
    this.#disk.write(temporaryName, new Uint8Array(bytes));
    this.#disk.sync(temporaryName);
    this.#disk.remove(temporaryName);
  }

  #fail(thrown: unknown): unknown {
    if (thrown instanceof DiskError) this.#failed = thrown;
    return thrown;
  }

  #refuseAfterFailure(): void {
    if (this.#failed === undefined) return;
    throw new DiskError(this.#failed.code, `nothing is stored since an earlier error: ${this.#failed.message}`);
  }
}

type Found = Recovered & {
  readonly journal: { readonly name: string; readonly bytes: number; readonly wholeBytes: number } | undefined;
};

function recover(disk: Disk): Found {
  const remarks: StoreRemark[] = [];
  const names = disk.list();
  let trusted = true;
  let snapshot: Snapshot | undefined;
  const bytes = disk.read(snapshotName);
  if (bytes !== undefined) {
    const decoded = decodeSnapshot(bytes);
    if (decoded.ok) snapshot = decoded.value;
    else {
      remarks.push({ severity: 'error', text: `${snapshotName} cannot be used: ${decoded.error}` });
      trusted = false;
    }
  }
  const journals = names.flatMap((name) => {
    const start = journalPattern.exec(name)?.[1];
    return start === undefined ? [] : [{ name, start: Number(start) }];
  });
  journals.sort((left, right) => left.start - right.start);
  const read = journals.map(({ name }) => readJournal(disk, name));
  for (const journal of read) {
    remarks.push(...journal.remarks);
    trusted &&= journal.trusted;
  }
  const all = read.flatMap((journal) => journal.records);
  const records = following(snapshot, all);
  const end = endOf({ snapshot, records });
  const lost = all.find(({ record }) => record.index > end.index && record.term >= (snapshot?.term ?? 0));
  if (lost !== undefined) {
    const text = `the journal has a record ${lost.record.index}, but nothing leads from ${end.index} to it`;
    remarks.push({ severity: 'error', text });
    trusted = false;
  }
  const continues = read.at(-1)?.records.at(-1)?.chain === end.chain;
  return { snapshot, records, remarks, trusted, journal: continues ? read.at(-1) : undefined };
}

/** Where the recovered history ends. */
export function endOf(recovered: Pick<Recovered, 'snapshot' | 'records'>): {
  readonly term: number;
  readonly index: number;
  readonly chain: number;
} {
  const last = recovered.records.at(-1);
  if (last !== undefined) return { term: last.term, index: last.index, chain: chainOf(last) };
  const { term = 0, index = 0, chain = 0 } = recovered.snapshot ?? {};
  return { term, index, chain };
}

/** The places that the document went through, as far back as the disk tells; the last is where it stands. */
export function placesOf(recovered: Pick<Recovered, 'snapshot' | 'records'>): {
  readonly index: number;
  readonly chain: number;
}[] {
  const { index = 0, chain = 0 } = recovered.snapshot ?? {};
  return [{ index, chain }, ...recovered.records.map((record) => ({ index: record.index, chain: chainOf(record) }))];
}

type ReadRecord = { readonly record: JournalRecord; readonly chain: number };

/** The records that continue the snapshot's history, one by one. */
function following(snapshot: Snapshot | undefined, records: readonly ReadRecord[]): JournalRecord[] {
  const byPrevious = new Map(records.map((read) => [`${read.record.index}/${read.record.previous}`, read]));
  const found: JournalRecord[] = [];
  let [index, chain] = [snapshot?.index ?? 0, snapshot?.chain ?? 0];
  for (;;) {
    const next = byPrevious.get(`${index + 1}/${chain}`);
    if (next === undefined) return found;
    found.push(next.record);
    [index, chain] = [next.record.index, next.chain];
  }
}

type ReadJournal = {
  readonly name: string;
  readonly bytes: number;
  readonly wholeBytes: number;
  readonly records: readonly ReadRecord[];
  readonly remarks: readonly StoreRemark[];
  readonly trusted: boolean;
};

/**
 * A broken record at the very end is a write that power loss cut off: it was never acknowledged. A broken record with
 * whole ones behind it is damage: what it said is lost, and nothing behind it can be applied.
 */
function readJournal(disk: Disk, name: string): ReadJournal {
  const bytes = disk.read(name) ?? new Uint8Array();
  const records: ReadRecord[] = [];
  let at = 0;
  for (let next = decodeRecord(bytes, at); ; next = decodeRecord(bytes, at)) {
    if (next.kind === 'end') break;
    if (next.kind === 'broken') {
      const damaged = hasRecordAfter(bytes, at + 1);
      const text = damaged
        ? `${name} is damaged at byte ${at} (${next.why}), with whole records behind it: something acknowledged is lost`
        : `${name} ends in a write that was cut off at byte ${at} (${next.why}); it was never acknowledged`;
      const remark: StoreRemark = { severity: damaged ? 'error' : 'notice', text };
      return { name, bytes: bytes.length, wholeBytes: at, records, remarks: [remark], trusted: !damaged };
    }
    records.push({ record: next.record, chain: next.chain });
    at = next.end;
  }
  return { name, bytes: bytes.length, wholeBytes: at, records, remarks: [], trusted: true };
}

function hasRecordAfter(bytes: Uint8Array, from: number): boolean {
  for (let at = from; at < bytes.length; at++) {
    if (bytes[at] === 0x48 && decodeRecord(bytes, at).kind === 'record') return true;
  }
  return false;
}
