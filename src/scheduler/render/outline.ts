// Text in nested lists, as the cluster tools print it: items are indented two blanks a level and marked with `*`.

export class Outline {
  readonly #lines: string[] = [];

  /** An item at `level` (1 and up), or a line of its own at level 0. */
  item(level: number, text: string): void {
    this.#lines.push(level === 0 ? text : `${'  '.repeat(level)}* ${text}`);
  }

  /** Opens a list: its entries follow as items one level deeper. */
  heading(level: number, text: string): void {
    this.item(level, `${text}:`);
  }

  blank(): void {
    this.#lines.push('');
  }

  append(other: Outline): void {
    for (const line of other.#lines) this.#lines.push(line);
  }

  get isEmpty(): boolean {
    return this.#lines.length === 0;
  }

  toString(): string {
    return this.#lines.map((line) => `${line}\n`).join('');
  }
}
