// Transitions on disk: what the scheduler was given (NUMBER.xml) and what came of it (NUMBER.json), the latest so many and
// no more than so much. They outlive the daemon. A disk that takes nothing costs the record, not the cluster; one that gives
// back something else than it was given is found out by checksums, so that nobody explains a decision by a wrong input.
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TransitionView } from '../../api/index.ts';
import { serialiseXmlDocument, type XmlElement } from '../../cib/index.ts';
import { CommandFailure } from '../../kit/index.ts';

/** What NUMBER.json holds in its first line; the second is the line's checksum. */
type StoredRecord = { readonly view: TransitionView; readonly inputChecksum: string | undefined };

/** What is kept of transitions: how many, and how many bytes of inputs. */
export const recordLimits = { recordsMax: 200, bytesMax: 64 << 20 } as const;
/** Documents may hold secrets. */
const privateMode = 0o700;

type RecordLimits = { readonly [limit in keyof typeof recordLimits]: number };

export class TransitionRecords {
  readonly #folder: string;
  readonly #complain: (text: string) => void;
  readonly #limits: RecordLimits;
  readonly #views: TransitionView[];
  /** Inputs that are not on the disk yet. */
  readonly #unwritten = new Map<number, XmlElement>();
  readonly #bytes = new Map<number, number>();
  readonly #inputChecksums = new Map<number, string>();
  #complained = false;

  /** Reads the records of earlier daemons; one that was under way when its daemon ended was aborted by that. */
  constructor(folder: string, complain: (text: string) => void, limits: RecordLimits = recordLimits) {
    this.#folder = folder;
    this.#limits = limits;
    this.#complain = complain;
    mkdirSync(folder, { recursive: true, mode: privateMode });
    this.#keepPrivate();
    const numbers = readdirSync(folder)
      .flatMap((name) => /^(\d+)\.json$/.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((left, right) => left - right);
    for (const number of numbers) {
      this.#bytes.set(number, statSync(this.#file(number, 'xml'), { throwIfNoEntry: false })?.size ?? 0);
    }
    this.#views = numbers.flatMap((number) => this.#readView(number) ?? []);
  }

  /** Oldest first. */
  get views(): readonly TransitionView[] {
    return this.#views;
  }

  get nextNumber(): number {
    return Math.max(0, ...this.#bytes.keys(), ...this.#views.map(({ number }) => number)) + 1;
  }

  /** Without an input when this node did not have it. What was recorded under the same number before is gone. */
  begin(view: TransitionView, input: XmlElement | undefined): void {
    const index = this.#views.findIndex(({ number }) => number >= view.number);
    if (index < 0) this.#views.push(view);
    else this.#views.splice(index, this.#views[index]?.number === view.number ? 1 : 0, view);
    if (this.#views.length > this.#limits.recordsMax) this.#views.shift();
    this.#bytes.set(view.number, 0);
    this.#inputChecksums.delete(view.number);
    // Whoever carried those out is gone, or they would have been told to be over.
    for (const other of this.#views.filter(({ number, state }) => number !== view.number && state === 'running'))
      this.update({ ...other, state: 'aborted' });
    if (input !== undefined) this.#unwritten.set(view.number, input);
    // After the orders of the transition have gone out: they are not to wait for a disk.
    setImmediate(() => this.#write(view.number));
  }

  /** Replaces the view of that number. */
  update(view: TransitionView): void {
    const index = this.#views.findIndex(({ number }) => number === view.number);
    if (index < 0) return;
    this.#views[index] = view;
    if (!this.#unwritten.has(view.number)) setImmediate(() => this.#write(view.number));
  }

  /** Undefined when this node did not have it. @throws CommandFailure `failed` when the file holds something else. */
  input(number: number): string | undefined {
    const unwritten = this.#unwritten.get(number);
    if (unwritten !== undefined) return serialiseXmlDocument(unwritten);
    const file = this.#file(number, 'xml');
    const checksum = this.#inputChecksums.get(number);
    if (checksum === undefined || !existsSync(file)) return undefined;
    const text = readFileSync(file, 'utf8');
    if (checksumOf(text) === checksum) return text;
    const what = `the recorded input of transition ${number} is damaged`;
    const fix = 'Ask on another node that was a member then: each keeps its own';
    throw new CommandFailure({ kind: 'failed', what, why: `the checksum of ${file} does not match`, fix });
  }

  /** Somebody else may have made the folder, or opened it. */
  #keepPrivate(): void {
    if ((statSync(this.#folder).mode & 0o777) === privateMode) return;
    try {
      chmodSync(this.#folder, privateMode);
    } catch (thrown) {
      this.#complain(`others may read ${this.#folder}, whose documents may hold secrets: ${(thrown as Error).message}`);
    }
  }

  #write(number: number): void {
    const view = this.#views.find((each) => each.number === number);
    const input = this.#unwritten.get(number);
    if (view === undefined) return;
    try {
      if (input !== undefined) {
        const text = serialiseXmlDocument(input);
        writeFileSync(this.#file(number, 'xml'), text, { mode: 0o600 });
        this.#bytes.set(number, text.length);
        this.#inputChecksums.set(number, checksumOf(text));
        this.#unwritten.delete(number);
      } else if (this.#bytes.get(number) === 0) rmSync(this.#file(number, 'xml'), { force: true });
      const stored: StoredRecord = { view, inputChecksum: this.#inputChecksums.get(number) };
      const line = JSON.stringify(stored);
      writeFileSync(this.#file(number, 'json'), `${line}\n${checksumOf(line)}\n`);
      this.#prune();
      this.#complained = false;
    } catch (thrown) {
      this.#unwritten.delete(number);
      if (!this.#complained) this.#complain(`cannot record transition ${number}: ${(thrown as Error).message}`);
      this.#complained = true;
    }
  }

  #prune(): void {
    const { recordsMax, bytesMax } = this.#limits;
    const total = () => [...this.#bytes.values()].reduce((sum, bytes) => sum + bytes, 0);
    while (this.#bytes.size > recordsMax || (this.#bytes.size > 1 && total() > bytesMax)) {
      const oldest = Math.min(...this.#bytes.keys());
      this.#bytes.delete(oldest);
      this.#inputChecksums.delete(oldest);
      for (const kind of ['xml', 'json'] as const) rmSync(this.#file(oldest, kind), { force: true });
      const index = this.#views.findIndex(({ number }) => number === oldest);
      if (index >= 0) this.#views.splice(index, 1);
    }
  }

  /** A record that was not written whole, or is damaged, is left out. */
  #readView(number: number): TransitionView | undefined {
    const file = this.#file(number, 'json');
    const leftOut = (why: string): undefined => {
      const what = `${why}: transition ${number} is left out of this node's history`;
      this.#complain(`${what}. Nothing else depends on it: remove the file, or ask on another node`);
    };
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (thrown) {
      return leftOut(`cannot read ${file} (${(thrown as Error).message})`);
    }
    const [line = '', checksum] = text.split('\n');
    if (checksumOf(line) !== checksum) return leftOut(`the checksum of ${file} does not match`);
    const { view, inputChecksum } = JSON.parse(line) as StoredRecord;
    if (inputChecksum !== undefined) this.#inputChecksums.set(number, inputChecksum);
    return view.state === 'running' ? { ...view, state: 'aborted' } : view;
  }

  #file(number: number, kind: 'xml' | 'json'): string {
    return join(this.#folder, `${number}.${kind}`);
  }
}

function checksumOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
