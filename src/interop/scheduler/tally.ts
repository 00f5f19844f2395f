// What the trials came to.
import type { Outcome } from './trial.ts';

export class Tally {
  equal = 0;
  different = 0;
  readonly #apart = new Map<string, number>();

  add(outcome: Outcome): void {
    if (outcome.kind === 'equal') this.equal++;
    else if (outcome.kind === 'different') this.different++;
    else this.#apart.set(outcome.why, (this.#apart.get(outcome.why) ?? 0) + 1);
  }

  text(): string {
    const apart = [...this.#apart].map(([why, count]) => `  ${count} not compared: ${why}\n`);
    return `${this.equal + this.different} compared, ${this.equal} equal, ${this.different} different\n${apart.join('')}`;
  }
}

/** The seed, what was changed, and the lines that only one of the programs prints. */
export function tellDifference(seed: string, outcome: Extract<Outcome, { readonly kind: 'different' }>): string {
  const { source, changes, peer, haven } = outcome;
  const changed = changes.map((change) => `  changed  ${change}`);
  const lines = [...only('peer ', peer, haven), ...only('haven', haven, peer)];
  return [`DIFFERENT trial ${seed}, ${source}`, ...changed, ...lines].join('\n');
}

function only(who: string, text: string, other: string): string[] {
  const known = new Set(other.split('\n'));
  const lines = text.split('\n').filter((line) => !known.has(line));
  return lines.map((line) => `  ${who}    ${line}`);
}
