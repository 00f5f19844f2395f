// What is tracked: vrrp_script, track_process, track_file and bfd_instance blocks, and the references to them.
import { canonicalAddress } from '../address.ts';
import type { BfdConfiguration, TrackedFile, TrackedProcess, TrackedScript, TrackerReference } from '../tracker.ts';
import { list, type Reader, readBlock, type Scope, type Table, wordsOf } from './block.ts';
import type { LinePlace } from './findings.ts';
import { commandOf, isRunnable, userOf } from './script-command.ts';
import type { Statement } from './statement.ts';
import { type Bounds, flag, integer, integerOf, notDone, onlyWord, orIgnored, orNothing, seconds } from './values.ts';

/** A reference before its defaults are taken from the tracker it names. */
export type ReferenceDraft = {
  readonly name: string;
  readonly weight: number | undefined;
  readonly reverse: boolean | undefined;
  readonly place: LinePlace;
};

export type TrackingDraft = {
  readonly trackInterfaces: ReferenceDraft[];
  readonly trackScripts: ReferenceDraft[];
  readonly trackProcesses: ReferenceDraft[];
  readonly trackFiles: ReferenceDraft[];
  readonly trackBfd: ReferenceDraft[];
};

export function emptyTracking(): TrackingDraft {
  return { trackInterfaces: [], trackScripts: [], trackProcesses: [], trackFiles: [], trackBfd: [] };
}

const weightBounds: Bounds = { min: -253, max: 253 };
const wideWeightBounds: Bounds = { min: -254, max: 254 };

/** The track_* blocks of an instance or a sync group. */
export const trackingKeywords: Table<TrackingDraft> = {
  track_interface: references((draft) => draft.trackInterfaces, weightBounds),
  track_script: references((draft) => draft.trackScripts, weightBounds),
  track_process: references((draft) => draft.trackProcesses, wideWeightBounds),
  track_file: references((draft) => draft.trackFiles, wideWeightBounds),
  track_bfd: references((draft) => draft.trackBfd, weightBounds),
};

/** `NAME [weight N] [reverse|noreverse]`, one a line. */
function references(target: (draft: TrackingDraft) => ReferenceDraft[], bounds: Bounds): Reader<TrackingDraft> {
  return list((draft, statement, scope) => {
    const [name = '', ...options] = wordsOf(statement);
    target(draft).push({ name, ...readWeightOptions(options, statement, bounds, scope), place: statement.place });
  });
}

type WeightOptions = { readonly weight: number | undefined; readonly reverse: boolean | undefined };

function readWeightOptions(
  options: readonly string[],
  statement: Statement,
  bounds: Bounds,
  scope: Scope,
): WeightOptions {
  let weight: number | undefined;
  let reverse: boolean | undefined;
  for (let index = 0; index < options.length; index++) {
    const option = options[index];
    if (option === 'reverse') reverse = true;
    else if (option === 'noreverse' || option === 'no_reverse') reverse = false;
    else if (option === 'weight' && index + 1 < options.length) {
      weight = integerOf(options[++index] ?? '', statement, bounds, scope);
    } else
      scope.findings.error(statement.place, `${scope.subject}unknown track option '${option}' - ignoring`, {
        fix: 'Write NAME [weight N] [reverse]',
      });
  }
  return { weight, reverse };
}

/** `weight N [reverse]` inside the tracker's own block. */
function weight<Draft extends { weight: number; reverse: boolean }>(bounds: Bounds): Reader<Draft> {
  return (draft, statement, scope) => {
    const word = onlyWord(statement, scope);
    if (word === undefined) return;
    const value = integerOf(word, statement, bounds, scope);
    if (value === undefined) return;
    draft.weight = value;
    const option = statement.words[1]?.text;
    draft.reverse = option === 'reverse';
    if (option === undefined || /^(no_?)?reverse$/.test(option)) return;
    scope.findings.error(statement.place, `${scope.subject}unknown weight option '${option}' - ignoring`, {
      fix: 'Write weight N [reverse]',
    });
  };
}

type Draft<Type> = { -readonly [Key in keyof Type]: Type[Key] };

const countMax = 2_147_483_647;
/** Longer than any check anyone waits for, and within what a timer can count. */
const scriptSecondsMax = 1_000_000;

type ScriptDraft = Draft<TrackedScript> & { place: LinePlace; userMissing: boolean };

const scriptKeywords: Table<ScriptDraft> = {
  script: orNothing((draft, statement, scope) => {
    const [command, ...rest] = statement.words;
    const words = command === undefined ? [] : commandOf(command);
    if (words.length === 0) return;
    draft.place = statement.place;
    draft.command = words;
    if (rest.length > 0) {
      scope.findings.info(
        statement.place,
        `${scope.subject}only '${command?.text}' is run: its arguments are not quoted`,
        {
          fix: 'Quote the whole command line: script "/path argument argument"',
        },
      );
    }
  }),
  // Fractions are beyond the peer, whose field issue 2546 asks for them.
  interval: seconds({ min: 0.001, max: scriptSecondsMax }, (draft, value) => {
    draft.intervalMs = value;
  }),
  timeout: seconds({ min: 0.001, max: scriptSecondsMax }, (draft, value) => {
    draft.timeoutMs = value;
  }),
  weight: weight(weightBounds),
  rise: integer({ min: 1, max: countMax }, (draft, value) => {
    draft.rise = value;
  }),
  fall: integer({ min: 1, max: countMax }, (draft, value) => {
    draft.fall = value;
  }),
  user: (draft, statement, scope) => {
    const name = onlyWord(statement, scope);
    if (name === undefined) return;
    const user = userOf(name, statement.words[1]?.text, scope);
    if (typeof user !== 'string') draft.user = user;
    else {
      scope.findings.error(statement.place, `${scope.subject}the script is not run: ${user}`);
      draft.userMissing = true;
    }
  },
  init_fail: flag((draft) => {
    draft.initFail = true;
  }),
};

/** `vrrp_script NAME { }`; nothing, with a message, when there is no script to run. */
export function readScript(name: string, statement: Statement, scope: Scope): TrackedScript | undefined {
  const draft: Draft<TrackedScript> = {
    name,
    command: [],
    intervalMs: 1000,
    timeoutMs: 0,
    weight: 0,
    reverse: false,
    rise: 1,
    fall: 1,
    initFail: false,
    user: undefined,
  };
  const wanted: ScriptDraft = { ...draft, place: statement.place, userMissing: false };
  readBlock(wanted, statement.block ?? [], scriptKeywords, { ...scope, subject: `(${name}) ` });
  const { place, userMissing, ...script } = wanted;
  if (userMissing) return undefined;
  if (script.command.length === 0) {
    scope.findings.error(statement.end, `No script set for vrrp_script ${name} - removing`);
    return undefined;
  }
  return isRunnable(script, { name: `track script ${name}`, place, absent: 'error' }, scope) ? script : undefined;
}

type ProcessDraft = Draft<TrackedProcess> & { parametersMatch: 'initial' | 'partial' | undefined };

const processKeywords: Table<ProcessDraft> = {
  process: (draft, statement, scope) => {
    if (onlyWord(statement, scope) === undefined) return;
    const words = statement.words.map((part) => part.unescaped);
    if (draft.command.length === 0) draft.command = words;
    else reportSecond(statement, draft.command.join(' '), scope);
  },
  param_match: orNothing((draft, statement, scope) => {
    const value = onlyWord(statement, scope);
    if (value === 'initial' || value === 'partial') draft.parametersMatch = value;
    else if (value !== undefined) {
      scope.findings.error(statement.place, `${scope.subject}unknown param_match '${value}'`, {
        fix: 'Write initial or partial',
      });
    }
  }),
  weight: orIgnored(weight(wideWeightBounds)),
  quorum: integer({ min: 1, max: 65_535 }, (draft, value) => {
    draft.quorumMin = value;
  }),
  quorum_max: integer({ min: 0, max: 65_535 }, (draft, value) => {
    draft.quorumMax = value;
    if (value === 0) draft.quorumMin = 0;
  }),
  delay: seconds({ min: 0.000001, max: 3600 }, (draft, value) => {
    draft.forkDelayMs = value;
    draft.terminateDelayMs = value;
  }),
  fork_delay: seconds({ min: 0.000001, max: 3600 }, (draft, value) => {
    draft.forkDelayMs = value;
  }),
  terminate_delay: seconds({ min: 0.000001, max: 3600 }, (draft, value) => {
    draft.terminateDelayMs = value;
  }),
  full_command: flag((draft) => {
    draft.fullCommand = true;
  }),
};

/** `vrrp_track_process NAME { }`. */
export function readProcess(name: string, statement: Statement, scope: Scope): TrackedProcess | undefined {
  const draft: ProcessDraft = {
    name,
    command: [],
    parameters: 'ignored',
    parametersMatch: undefined,
    fullCommand: false,
    weight: 1,
    reverse: false,
    quorumMin: 1,
    quorumMax: Number.POSITIVE_INFINITY,
    forkDelayMs: 0,
    terminateDelayMs: 0,
  };
  readBlock(draft, statement.block ?? [], processKeywords, { ...scope, subject: `(${name}) ` });
  const { parametersMatch, ...process } = draft;
  if (process.command.length === 0) {
    scope.findings.error(statement.end, `track process '${name}' process name not specified - removing`);
    return undefined;
  }
  if (process.quorumMax < process.quorumMin) {
    scope.findings.error(
      statement.place,
      `(${name}) quorum_max ${process.quorumMax} is below quorum ${process.quorumMin} - ignoring it`,
    );
    process.quorumMax = Number.POSITIVE_INFINITY;
  }
  const parameters = parametersMatch ?? (process.command.length > 1 ? 'exact' : 'ignored');
  return { ...process, parameters };
}

/** What is set once, and was set to something else before. */
function reportSecond({ keyword, words, place }: Statement, first: string, { findings, subject }: Scope): void {
  const what = `${subject}${keyword} already set to '${first}' - ignoring '${words[0]?.text}'`;
  findings.error(place, what, { fix: 'Write a block for each' });
}

const fileWeightBounds: Bounds = { min: -countMax, max: countMax };

const fileKeywords: Table<Draft<TrackedFile>> = {
  file: orIgnored((draft, statement, scope) => {
    const path = onlyWord(statement, scope) ?? '';
    if (draft.path === '') draft.path = path;
    else reportSecond(statement, draft.path, scope);
  }),
  weight: orIgnored(weight(fileWeightBounds)),
  init_file: (draft, statement, scope) => {
    const words = statement.words.map((part) => part.text);
    const valueWord = words.find((one) => one !== 'overwrite');
    const value = valueWord === undefined ? 0 : integerOf(valueWord, statement, fileWeightBounds, scope);
    if (value !== undefined) draft.initialise = { value, overwrite: words.includes('overwrite') };
  },
};

/** `track_file NAME { }`, once `vrrp_track_file`. */
export function readFile(name: string, statement: Statement, scope: Scope): TrackedFile | undefined {
  const draft: Draft<TrackedFile> = { name, path: '', weight: 1, reverse: false, initialise: undefined };
  readBlock(draft, statement.block ?? [], fileKeywords, { ...scope, subject: `(${name}) ` });
  if (draft.path !== '') return draft;
  scope.findings.error(statement.end, `No file set for track_file ${name} - removing`);
  return undefined;
}

type BfdDraft = Draft<BfdConfiguration> & { weight: number; reverse: boolean };

const bfdMillisecondsMax = 178_000;

const bfdKeywords: Table<BfdDraft> = {
  neighbor_ip: address((draft, value) => {
    draft.neighbour = value;
  }),
  neighbour_ip: address((draft, value) => {
    draft.neighbour = value;
  }),
  source_ip: address((draft, value) => {
    draft.source = value;
  }),
  min_rx: milliseconds({ min: 1, max: bfdMillisecondsMax }, (draft, value) => {
    draft.minRxMs = value;
  }),
  min_tx: milliseconds({ min: 1, max: bfdMillisecondsMax }, (draft, value) => {
    draft.minTxMs = value;
  }),
  // RFC 5880 §6.8.3: not below one second while the session is not up.
  idle_tx: milliseconds({ min: 1000, max: bfdMillisecondsMax }, (draft, value) => {
    draft.idleTxMs = value;
  }),
  multiplier: integer({ min: 1, max: 255 }, (draft, value) => {
    draft.multiplier = value;
  }),
  passive: flag((draft) => {
    draft.passive = true;
  }),
  ttl: integer({ min: 1, max: 255 }, (draft, value) => {
    draft.ttl = value;
  }),
  hoplimit: integer({ min: 1, max: 255 }, (draft, value) => {
    draft.ttl = value;
  }),
  max_hops: integer({ min: 0, max: 255 }, (draft, value) => {
    draft.hopsMax = value;
  }),
  weight: weight(weightBounds),
  vrrp: flag(() => {}),
  checker: notDone('there are no checkers to tell'),
};

function address(assign: (draft: BfdDraft, value: string) => void): Reader<BfdDraft> {
  return (draft, statement, scope) => {
    const text = onlyWord(statement, scope);
    if (text === undefined) return;
    const value = canonicalAddress(text);
    if (value !== undefined) assign(draft, value);
    else scope.findings.error(statement.place, `${scope.subject}malformed ${statement.keyword} address '${text}'`);
  };
}

/** BFD times are written in milliseconds. */
function milliseconds(bounds: Bounds, assign: (draft: BfdDraft, valueMs: number) => void): Reader<BfdDraft> {
  const inSeconds = { min: bounds.min, max: bounds.max };
  return seconds(inSeconds, (draft, value) => assign(draft, value / 1000));
}

export type BfdWithDefaults = BfdConfiguration & { readonly weight: number; readonly reverse: boolean };

/** `bfd_instance NAME { }`, with the default weight of references to it. */
export function readBfd(name: string, statement: Statement, scope: Scope): BfdWithDefaults | undefined {
  const draft: BfdDraft = {
    name,
    neighbour: '',
    source: undefined,
    minRxMs: 10,
    minTxMs: 10,
    idleTxMs: 1000,
    multiplier: 5,
    passive: false,
    ttl: 0,
    hopsMax: 0,
    weight: 0,
    reverse: false,
  };
  readBlock(draft, statement.block ?? [], bfdKeywords, { ...scope, subject: `(${name}) ` });
  if (draft.neighbour === '') {
    scope.findings.error(statement.end, `(${name}) bfd_instance has no neighbor_ip - removing`);
    return undefined;
  }
  if (draft.ttl === 0) draft.ttl = draft.neighbour.includes(':') ? 64 : 255;
  if (draft.source !== undefined && draft.source.includes(':') !== draft.neighbour.includes(':')) {
    scope.findings.error(statement.place, `(${name}) source_ip and neighbor_ip are of different families - removing`);
    return undefined;
  }
  return draft;
}

export type TrackerDefaults = { readonly weight: number; readonly reverse: boolean };

/**
 * References with the defaults of what they name. One that names nothing is reported (the nearest name with it) and
 * dropped, as the peer does.
 */
export function resolveReferences(
  drafts: readonly ReferenceDraft[],
  kind: string,
  known: ReadonlyMap<string, TrackerDefaults>,
  scope: Scope,
): readonly TrackerReference[] {
  return withoutSecond(drafts, kind, scope).flatMap((draft) => {
    const tracker = known.get(draft.name);
    if (tracker !== undefined) {
      return [{ name: draft.name, weight: draft.weight ?? tracker.weight, reverse: draft.reverse ?? tracker.reverse }];
    }
    scope.findings.error(draft.place, `${scope.subject}track ${kind} ${draft.name} not found, ignoring...`);
    return [];
  });
}

/** Of two references to one thing the first counts. */
export function withoutSecond(
  drafts: readonly ReferenceDraft[],
  kind: string,
  scope: Scope,
): readonly ReferenceDraft[] {
  return drafts.filter((draft, index) => {
    const first = drafts.findIndex(({ name }) => name === draft.name);
    if (first === index) return true;
    scope.findings.warning(draft.place, `${scope.subject}duplicate track_${kind} ${draft.name} - ignoring`);
    return false;
  });
}
