// Every command line on some documents, and a table of what was compared.
import { Random } from '../../kit/index.ts';
import type { Source } from './document.ts';
import { commandLines, type OptionOutcome, runOptions } from './options.ts';

export type OptionSettings = {
  readonly sources: readonly Source[];
  readonly seed: string;
  /** Documents that each command line is to be compared on. */
  readonly documents: number;
  /** Files in it may be overwritten. */
  readonly folder: string;
};

/** Documents that are tried at most for each that can be compared. */
const triesMax = 4;

/** How many command lines were answered differently. `tell` gets the table and the differences, line by line. */
export function compareOptions(
  { sources, seed, documents, folder }: OptionSettings,
  tell: (line: string) => void,
): number {
  let different = 0;
  tell('equal  different  command line');
  for (const line of commandLines) {
    const random = new Random(`${seed}/${line.words}`);
    const counts = { equal: 0, different: 0 };
    for (let tries = 0; tries < documents * triesMax && counts.equal + counts.different < documents; tries++) {
      const source = random.pick(sources);
      if (source === undefined) break;
      const outcome = runOptions({ line, source, random, folder });
      if (outcome.kind === 'equal') counts.equal += 1;
      if (outcome.kind !== 'different') continue;
      counts.different += 1;
      for (const text of differences(outcome)) tell(text);
    }
    different += counts.different;
    const compared = counts.equal + counts.different > 0 ? '' : '  never compared';
    const note = line.note === undefined ? compared : `  (${line.note})${compared}`;
    tell(`${String(counts.equal).padStart(5)}  ${String(counts.different).padStart(9)}  ${line.words}${note}`);
  }
  return different;
}

type Different = Extract<OptionOutcome, { readonly kind: 'different' }>;

function differences({ document, peer, haven }: Different): string[] {
  const [theirs, ours] = [new Set(peer.split('\n')), new Set(haven.split('\n'))];
  return [
    `DIFFERENT on ${document}${sameLines(theirs, ours) ? ': only in order or number' : ''}`,
    ...[...theirs].filter((line) => !ours.has(line)).map((line) => `  peer     ${line}`),
    ...[...ours].filter((line) => !theirs.has(line)).map((line) => `  haven    ${line}`),
  ];
}

function sameLines(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((line) => other.has(line));
}
