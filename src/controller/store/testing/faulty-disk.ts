// A disk that promises exactly what POSIX does and no more: contents since the last sync may be lost, kept in part, or
// cut within a write; names since the last sync of the folder may each have reached the disk or not, in any combination.
import type { Random } from '../../../kit/index.ts';
import { type Disk, DiskError } from '../disk.ts';

type Change =
  | { readonly kind: 'replace'; readonly bytes: Uint8Array }
  | { readonly kind: 'append'; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly length: number };

type Inode = { durable: Uint8Array; pending: Change[] };

type NameChange =
  | { readonly kind: 'link'; readonly name: string; readonly inode: Inode }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string; readonly inode: Inode }
  | { readonly kind: 'remove'; readonly name: string };

export class FaultyDisk implements Disk {
  #names = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();
  #pendingNames: NameChange[] = [];
  /** Calls that write or sync, so far: the points at which power can fail. */
  calls = 0;
  #failAt: { readonly call: number; readonly code: string; readonly lasting: boolean } | undefined;
  /** Called before each call that writes or syncs. */
  beforeCall: () => void = () => {};

  /** From the given call on (once, or for good) the disk answers with an error; half of a failing write arrives. */
  failAt(call: number, code: string, duration: 'once' | 'for-good'): void {
    this.#failAt = { call, code, lasting: duration === 'for-good' };
  }

  read(name: string): Uint8Array | undefined {
    const inode = this.#names.get(name);
    return inode === undefined ? undefined : contentsOf(inode, inode.pending.length);
  }

  list(): readonly string[] {
    return [...this.#names.keys()].sort();
  }

  write(name: string, bytes: Uint8Array): void {
    const fails = this.#call();
    const inode: Inode = { durable: new Uint8Array(), pending: [] };
    this.#names.set(name, inode);
    this.#pendingNames.push({ kind: 'link', name, inode });
    inode.pending.push({ kind: 'replace', bytes: fails ? bytes.slice(0, bytes.length / 2) : bytes.slice() });
    this.#throwIf(fails);
  }

  append(name: string, bytes: Uint8Array): void {
    const fails = this.#call();
    let inode = this.#names.get(name);
    if (inode === undefined) {
      inode = { durable: new Uint8Array(), pending: [] };
      this.#names.set(name, inode);
      this.#pendingNames.push({ kind: 'link', name, inode });
    }
    inode.pending.push({ kind: 'append', bytes: fails ? bytes.slice(0, bytes.length / 2) : bytes.slice() });
    this.#throwIf(fails);
  }

  truncate(name: string, length: number): void {
    const fails = this.#call();
    if (!fails) this.#names.get(name)?.pending.push({ kind: 'truncate', length });
    this.#throwIf(fails);
  }

  sync(name: string): void {
    const fails = this.#call();
    const inode = this.#names.get(name);
    // A failed sync drops the dirty pages: a later one that succeeds says nothing about them.
    if (inode !== undefined) {
      if (!fails) inode.durable = contentsOf(inode, inode.pending.length);
      inode.pending = [];
    }
    this.#throwIf(fails);
  }

  rename(from: string, to: string): void {
    const fails = this.#call();
    const inode = this.#names.get(from);
    if (!fails && inode !== undefined) {
      this.#names.delete(from);
      this.#names.set(to, inode);
      this.#pendingNames.push({ kind: 'rename', from, to, inode });
    }
    this.#throwIf(fails);
  }

  remove(name: string): void {
    const fails = this.#call();
    if (!fails) {
      this.#names.delete(name);
      this.#pendingNames.push({ kind: 'remove', name });
    }
    this.#throwIf(fails);
  }

  syncFolder(): void {
    const fails = this.#call();
    if (!fails) {
      this.#durableNames = new Map(this.#names);
      this.#pendingNames = [];
    }
    this.#throwIf(fails);
  }

  /** What the disk may hold when power comes back: one possibility of many, drawn by the random. */
  afterPowerLoss(random: Random): FaultyDisk {
    const names = new Map(this.#durableNames);
    for (const change of this.#pendingNames) if (random.chance(0.5)) applyName(names, change);
    const found = new FaultyDisk();
    const copies = new Map<Inode, Inode>();
    for (const [name, inode] of names) {
      const copy = copies.get(inode) ?? { durable: survivingBytes(inode, random), pending: [] };
      copies.set(inode, copy);
      found.#names.set(name, copy);
      found.#durableNames.set(name, copy);
    }
    return found;
  }

  /** Everything that the disk may hold when power comes back, as far as the cuts within a write go (`cutsWithin`). */
  *everyPowerLoss(): Generator<FaultyDisk> {
    for (let chosen = 0; chosen < 1 << this.#pendingNames.length; chosen++) {
      const names = new Map(this.#durableNames);
      this.#pendingNames.forEach((change, at) => {
        if ((chosen & (1 << at)) !== 0) applyName(names, change);
      });
      const inodes = [...new Set(names.values())];
      for (const contents of combinations(inodes.map(everySurvival))) {
        const found = new FaultyDisk();
        const copies = new Map(
          inodes.map((inode, at) => [inode, { durable: contents[at] ?? inode.durable, pending: [] }]),
        );
        for (const [name, inode] of names) {
          const copy = copies.get(inode) ?? { durable: inode.durable, pending: [] };
          found.#names.set(name, copy);
          found.#durableNames.set(name, copy);
        }
        yield found;
      }
    }
  }

  /** Damages a file: what a failing device or a stray hand does. */
  damage(name: string, change: (bytes: Uint8Array) => Uint8Array): void {
    const inode = this.#names.get(name);
    if (inode === undefined) return;
    inode.durable = change(contentsOf(inode, inode.pending.length).slice());
    inode.pending = [];
  }

  #call(): boolean {
    this.beforeCall();
    this.calls++;
    const fault = this.#failAt;
    return fault !== undefined && (fault.lasting ? this.calls >= fault.call : this.calls === fault.call);
  }

  #throwIf(fails: boolean): void {
    const code = this.#failAt?.code ?? 'EIO';
    if (fails) throw new DiskError(code, `the disk answers ${code}`);
  }
}

function contentsOf(inode: Inode, changes: number): Uint8Array {
  return inode.pending.slice(0, changes).reduce(applyChange, inode.durable);
}

function applyChange(bytes: Uint8Array, change: Change): Uint8Array {
  switch (change.kind) {
    case 'replace':
      return change.bytes;
    case 'append': {
      const longer = new Uint8Array(bytes.length + change.bytes.length);
      longer.set(bytes);
      longer.set(change.bytes, bytes.length);
      return longer;
    }
    case 'truncate':
      return bytes.slice(0, change.length);
  }
}

/** Some of the unsynced changes, the last of them perhaps cut short, perhaps with its length kept and its bytes zero. */
function survivingBytes(inode: Inode, random: Random): Uint8Array {
  const kept = random.between(0, inode.pending.length);
  const bytes = contentsOf(inode, kept);
  const next = inode.pending[kept];
  if (next === undefined || next.kind === 'truncate' || random.chance(0.3)) return bytes;
  const cut = next.bytes.slice(0, random.between(0, next.bytes.length));
  const torn = random.chance(0.3) ? new Uint8Array(cut.length) : cut;
  return applyChange(bytes, { kind: next.kind, bytes: torn });
}

function applyName(names: Map<string, Inode>, change: NameChange): void {
  switch (change.kind) {
    case 'link':
      names.set(change.name, change.inode);
      return;
    case 'rename':
      names.delete(change.from);
      names.set(change.to, change.inode);
      return;
    case 'remove':
      names.delete(change.name);
  }
}

/** Prefixes of the unsynced changes, and of the next one a part: cut short, or with its length kept and either part zero. */
function everySurvival(inode: Inode): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let kept = 0; kept <= inode.pending.length; kept++) {
    const bytes = contentsOf(inode, kept);
    found.push(bytes);
    const next = inode.pending[kept];
    if (next === undefined || next.kind === 'truncate') continue;
    for (const cut of cutsWithin(next.bytes.length)) {
      const start = next.bytes.slice(0, cut);
      const startOnly = next.bytes.slice().fill(0, cut);
      const endOnly = next.bytes.slice().fill(0, 0, cut);
      for (const torn of [start, startOnly, endOnly]) found.push(applyChange(bytes, { kind: next.kind, bytes: torn }));
    }
  }
  return found;
}

const cutStep = 32;

/** The edges of a journal record's fields, and steps through the rest. */
function cutsWithin(length: number): number[] {
  const steps = Array.from({ length: Math.floor(length / cutStep) }, (_, step) => step * cutStep);
  return [...new Set([1, 4, 8, 16, 24, 28, ...steps, length - 1])].filter((cut) => cut > 0 && cut < length);
}

function combinations<T>(choices: readonly (readonly T[])[]): T[][] {
  return choices.reduce<T[][]>((found, each) => found.flatMap((before) => each.map((one) => [...before, one])), [[]]);
}
