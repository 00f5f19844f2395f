// A resource's allowed nodes: for each node it may be considered on, a score, what that entry says about probing, and
// how many instances were placed there. Dense typed arrays by node index: assignment reads and copies little else.
//
// A node without an entry is not the same as one with a score: it counts as -INFINITY and is left out of listings.

import { addScores, INFINITY_SCORE } from '../../kit/index.ts';

/** Where a resource may be looked for: everywhere, not on this node, or only on the nodes marked so. Ordered. */
export const probeModes = { always: 0, never: 1, exclusive: 2 } as const;
export type ProbeMode = (typeof probeModes)[keyof typeof probeModes];

const absent = 255;

export class NodeTable {
  /** Score by node index; meaningful where `has`. */
  scores: Int32Array;
  /** Instances counted by node index. */
  counts: Int32Array;
  /** Probe mode by node index; `absent` where there is no entry. */
  #modes: Uint8Array;
  /** Grows with each change that can alter a merge of preferences; lets derived sums know that they are stale. */
  version = 0;
  /** How often it was copied on its way here: the peer's order of entries may depend on it (`slotOrder`). */
  copies = 0;

  /** Empty, or a copy of `original`. */
  constructor(nodesMax = 0, original?: NodeTable) {
    this.scores = original?.scores.slice() ?? new Int32Array(nodesMax);
    this.counts = original?.counts.slice() ?? new Int32Array(nodesMax);
    this.#modes = original === undefined ? new Uint8Array(nodesMax).fill(absent) : original.#modes.slice();
  }

  /** One more than the highest node index that can have an entry. */
  get length(): number {
    return this.#modes.length;
  }

  get isEmpty(): boolean {
    return this.#modes.every((mode) => mode === absent);
  }

  has(node: number): boolean {
    return node < this.#modes.length && this.#modes[node] !== absent;
  }

  /** The entry's score, -INFINITY when there is none. */
  score(node: number): number {
    return this.scoreOr(node, -INFINITY_SCORE);
  }

  /** The entry's score, `without` when there is none. */
  scoreOr(node: number, without: number): number {
    const modes = this.#modes;
    return node < modes.length && modes[node] !== absent ? (this.scores[node] ?? without) : without;
  }

  count(node: number): number {
    return this.counts[node] ?? 0;
  }

  probeMode(node: number): ProbeMode {
    const mode = this.#modes[node];
    return mode === undefined || mode === absent ? probeModes.always : (mode as ProbeMode);
  }

  /** Makes the entry, or replaces its score and probe mode. */
  set(node: number, score: number, mode: ProbeMode): void {
    if (node >= this.#modes.length) this.#grow(node + 1);
    this.scores[node] = score;
    this.#modes[node] = mode;
    this.version += 1;
  }

  /** Replaces the score of an entry that exists. */
  setScore(node: number, score: number): void {
    this.scores[node] = score;
    this.version += 1;
  }

  /** Adds to the score of an entry that exists. */
  add(node: number, score: number): void {
    this.scores[node] = addScores(this.scores[node] ?? 0, score);
    this.version += 1;
  }

  /** Raises the probe mode of an entry that exists. */
  raiseProbeMode(node: number, mode: ProbeMode): void {
    if (this.probeMode(node) < mode) this.#modes[node] = mode;
  }

  /** Drops the entry. */
  remove(node: number): void {
    if (node < this.#modes.length) this.#modes[node] = absent;
    this.version += 1;
  }

  clear(): void {
    this.#modes.fill(absent);
    this.counts.fill(0);
    this.version += 1;
  }

  copy(): NodeTable {
    const table = new NodeTable(this.length, this);
    table.copies = this.copies + 1;
    return table;
  }

  /** Takes over every entry of `other`. */
  assign(other: NodeTable): void {
    if (this.length !== other.length) {
      this.scores = new Int32Array(other.length);
      this.counts = new Int32Array(other.length);
      this.#modes = new Uint8Array(other.length);
    }
    this.scores.set(other.scores);
    this.counts.set(other.counts);
    this.#modes.set(other.#modes);
    this.copies = other.copies;
    this.version += 1;
  }

  #grow(nodesMax: number): void {
    const [scores, counts, modes] = [this.scores, this.counts, this.#modes];
    this.scores = new Int32Array(nodesMax);
    this.scores.set(scores);
    this.counts = new Int32Array(nodesMax);
    this.counts.set(counts);
    this.#modes = new Uint8Array(nodesMax).fill(absent);
    this.#modes.set(modes);
  }
}
