// A trial: a document, some random changes, both programs. Everything in it follows from its seed.
import { type XmlElement, xmlIndexOf } from '../../cib/index.ts';
import { Random } from '../../kit/index.ts';
import type { Aspect } from './answer.ts';
import { randomChange } from './changes/change.ts';
import { documentOf, type Source } from './document.ts';
import { consequences, type Difference, decisions, withoutInstanceNumbers, withoutStopsTold } from './generations.ts';
import { older } from './older.ts';
import { dated, havenAnswer, peerAnswer, textOf } from './programs.ts';

export type TrialOptions = {
  readonly sources: readonly Source[];
  readonly changesMax: number;
  /** What is compared of the two answers. */
  readonly aspects: readonly Aspect[];
  /** A file that the trial may overwrite. */
  readonly path: string;
};

export type Outcome =
  /** Says nothing of Haven: `why` is that the document is not for both, or a difference that is listed as such. */
  | { readonly kind: 'apart'; readonly why: string }
  | { readonly kind: 'equal' }
  | {
      readonly kind: 'different';
      readonly source: string;
      readonly changes: readonly string[];
      readonly cib: string;
      readonly peer: string;
      readonly haven: string;
    };

type Mutant = { readonly cib: XmlElement; readonly changes: readonly string[] };

/** Runs the trial of that seed. A difference is reported with the fewest changes that still show it. */
export function runTrial(seed: string, options: TrialOptions): Outcome {
  const random = new Random(seed);
  const source = random.pick(options.sources);
  if (source === undefined) return { kind: 'apart', why: 'no documents' };
  const base = dated(documentOf(source, random));
  if (!agreeOnBase(base, source, options))
    return { kind: 'apart', why: 'the programs differ on the document before any change' };
  const seeds = Array.from({ length: random.between(Math.min(1, options.changesMax), options.changesMax) }, () =>
    random.nextUint32(),
  );
  const outcome = verdict(mutant(base, seeds), options);
  if (outcome.kind !== 'different') return outcome;
  return { ...smallest(base, { seeds, outcome, options }), source: source.name };
}

/** Both programs on one document as it is; `path`: a file that may be overwritten. */
export function compareDecisions(cib: XmlElement, path: string, aspects: readonly Aspect[] = ['summary']): Outcome {
  return verdict({ cib: dated(cib), changes: [] }, { sources: [], changesMax: 0, aspects, path });
}

/** Files are asked for again and again: what was found is kept with the source. What is made here must not differ. */
function agreeOnBase(base: XmlElement, source: Source, options: TrialOptions): boolean {
  if (source.path === undefined) return true;
  source.agrees ??= verdict({ cib: base, changes: [] }, options).kind === 'equal';
  return source.agrees;
}

type Different = Extract<Outcome, { readonly kind: 'different' }>;

/** Leaves out one change after the other as long as the programs still differ. */
function smallest(
  base: XmlElement,
  found: { readonly seeds: readonly number[]; readonly outcome: Different; readonly options: TrialOptions },
): Different {
  for (const left of found.seeds) {
    const seeds = found.seeds.filter((each) => each !== left);
    const outcome = verdict(mutant(base, seeds), found.options);
    if (outcome.kind === 'different') return smallest(base, { ...found, seeds, outcome });
  }
  return found.outcome;
}

function mutant(base: XmlElement, seeds: readonly number[]): Mutant {
  const changes: string[] = [];
  let cib = base;
  for (const seed of seeds) {
    const changed = randomChange(cib, new Random(seed));
    cib = changed.cib;
    if (changed.what !== '') changes.push(changed.what);
  }
  return { cib, changes };
}

function verdict({ cib, changes }: Mutant, { path, aspects }: TrialOptions): Outcome {
  const decision = decisions.find(({ concerns }) => concerns(cib));
  if (decision !== undefined) return { kind: 'apart', why: `${decision.why} (${decision.section})` };
  const peer = peerAnswer(textOf(older(cib)), path);
  if (peer === undefined) return { kind: 'apart', why: 'crm_simulate refuses the document' };
  const haven = havenAnswer(textOf(cib));
  for (const aspect of aspects) {
    const [theirs, ours] = [comparableText(peer[aspect], aspect), comparableText(haven[aspect], aspect)];
    // A parameter that XML has no name for makes the graph unreadable: its inputs could not be compared before.
    const isUnclear = aspect === 'exact' && (numbersNotifications(cib) || peer.graph === '');
    if (theirs === ours || isUnclear) continue;
    const why = explanation({ cib, aspect, peer: peer[aspect], haven: haven[aspect] });
    if (why !== undefined) return { kind: 'apart', why };
    return { kind: 'different', source: '', changes, cib: textOf(cib), peer: theirs, haven: ours };
  }
  return { kind: 'equal' };
}

/** Where attempts, numbers and orders count, so do instances. */
function comparableText(text: string, aspect: Aspect): string {
  return aspect === 'summary' || aspect === 'graph' ? withoutInstanceNumbers(text) : text;
}

/** 2.1.5 makes the notifications of a start before the stop (2 §4.7), which moves every number after them. */
function numbersNotifications(cib: XmlElement): boolean {
  const pairs = [...xmlIndexOf(cib).allNamed('nvpair')];
  return pairs.some((each) => each.get('name') === 'notify' && each.get('value') !== 'false');
}

function explanation(difference: Omit<Difference, 'onlyPeer' | 'onlyHaven'>): string | undefined {
  const { aspect, peer, haven } = difference;
  const [theirs, ours] = [comparableText(peer, aspect), comparableText(haven, aspect)];
  const onlyPeer = linesOnlyIn(theirs, ours);
  const onlyHaven = linesOnlyIn(ours, theirs);
  const found = consequences.find(({ explains }) => explains({ ...difference, onlyPeer, onlyHaven }));
  if (found !== undefined) return `${found.why} (${found.section})`;
  // Of what stops are told there is much in a graph: whatever else differs is looked at without it.
  const told = { ...difference, peer: withoutStopsTold(peer), haven: withoutStopsTold(haven) };
  return told.peer === peer ? undefined : explanation(told);
}

function linesOnlyIn(text: string, other: string): string[] {
  const known = new Set(other.split('\n'));
  return text.split('\n').filter((line) => !known.has(line));
}
