// Transitions on disk: what the scheduler was given (NUMBER.xml) and what came of it (NUMBER.json), the latest so many and
// no more than so much. They outlive the daemon. A disk that takes nothing costs the record, not the cluster.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TransitionView } from '../../api/index.ts';
import { serialiseXmlDocument, type XmlElement } from '../../cib/index.ts';

const recordsMax = 200;
const bytesMax = 64 << 20;

export class TransitionRecords {
  readonly #folder: string;
  readonly #complain: (text: string) => void;
  readonly #views: TransitionView[];
  /** Inputs that are not on the disk yet. */
  readonly #unwritten = new Map<number, XmlElement>();
  readonly #bytes = new Map<number, number>();
  #complained = false;

  /** Reads the records of earlier daemons; one that was under way when its daemon ended was aborted by that. */
  constructor(folder: string, complain: (text: string) => void) {
    this.#folder = folder;
    this.#complain = complain;
    mkdirSync(folder, { recursive: true });
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
    if (this.#views.length > recordsMax) this.#views.shift();
    this.#bytes.set(view.number, 0);
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

  input(number: number): string | undefined {
    const unwritten = this.#unwritten.get(number);
    if (unwritten !== undefined) return serialiseXmlDocument(unwritten);
    const file = this.#file(number, 'xml');
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  }

  #write(number: number): void {
    const view = this.#views.find((each) => each.number === number);
    const input = this.#unwritten.get(number);
    if (view === undefined) return;
    try {
      if (input !== undefined) {
        const text = serialiseXmlDocument(input);
        writeFileSync(this.#file(number, 'xml'), text);
        this.#bytes.set(number, text.length);
        this.#unwritten.delete(number);
      } else if (this.#bytes.get(number) === 0) rmSync(this.#file(number, 'xml'), { force: true });
      writeFileSync(this.#file(number, 'json'), JSON.stringify(view));
      this.#prune();
      this.#complained = false;
    } catch (thrown) {
      this.#unwritten.delete(number);
      if (!this.#complained) this.#complain(`cannot record transition ${number}: ${(thrown as Error).message}`);
      this.#complained = true;
    }
  }

  #prune(): void {
    const total = () => [...this.#bytes.values()].reduce((sum, bytes) => sum + bytes, 0);
    while (this.#bytes.size > recordsMax || (this.#bytes.size > 1 && total() > bytesMax)) {
      const oldest = Math.min(...this.#bytes.keys());
      this.#bytes.delete(oldest);
      for (const kind of ['xml', 'json'] as const) rmSync(this.#file(oldest, kind), { force: true });
      const index = this.#views.findIndex(({ number }) => number === oldest);
      if (index >= 0) this.#views.splice(index, 1);
    }
  }

  /** A record that was not written whole is as if it were not there. */
  #readView(number: number): TransitionView | undefined {
    try {
      const view = JSON.parse(readFileSync(this.#file(number, 'json'), 'utf8')) as TransitionView;
      return view.state === 'running' ? { ...view, state: 'aborted' } : view;
    } catch {
      return undefined;
    }
  }

  #file(number: number, kind: 'xml' | 'json'): string {
    return join(this.#folder, `${number}.${kind}`);
  }
}
