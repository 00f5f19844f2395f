// The values of a parsed corosync.conf by key.
import type { ConfigEntry } from './parse.ts';

/** The values of the file by key. */
export class ConfigValues {
  readonly #entries: ReadonlyMap<string, ConfigEntry>;

  constructor(entries: ReadonlyMap<string, ConfigEntry>) {
    this.#entries = entries;
  }

  text(key: string): string | undefined {
    return this.#entries.get(key)?.value;
  }

  number(key: string): number | undefined {
    const value = this.text(key);
    return value === undefined ? undefined : Number(value);
  }

  flag(key: string): boolean {
    return this.number(key) === 1;
  }

  line(key: string): number | undefined {
    return this.#entries.get(key)?.line;
  }

  /** The numbers that stand after `prefix.` in any key, ascending. */
  numbersUnder(prefix: string): number[] {
    const numbers = [...this.#entries.keys()]
      .filter((key) => key.startsWith(`${prefix}.`))
      .map((key) => Number(key.slice(prefix.length + 1).split('.')[0]));
    return [...new Set(numbers)].sort((left, right) => left - right);
  }

  under(prefix: string): ReadonlyMap<string, string> {
    const found = [...this.#entries].filter(([key]) => key.startsWith(`${prefix}.`));
    return new Map(found.map(([key, entry]) => [key.slice(prefix.length + 1), entry.value]));
  }
}
