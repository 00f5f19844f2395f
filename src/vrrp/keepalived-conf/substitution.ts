// `$NAME=value`, `$NAME` and `${NAME}`, `@ID` and `@^ID`, `~SEQ`, `~SEQx` and `~LST`: one line in, any number out.
// Values are substituted when used, again and again until nothing is left to substitute; unknown names stay as text.
import type { Findings, LinePlace } from './findings.ts';
import type { Line } from './statement.ts';
import type { Surroundings } from './surroundings.ts';

const definitionPattern = /^\$([A-Za-z_]\w*)=\s*(.*)$/;
const parameterPattern = /\$(?:\{(_RANDOM)(?:\s+(\d+)(?:\s+(\d+))?)?\}|\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*)(?=\s|$))/g;

/** A definition that uses itself would never end. */
const expansionsMax = 64;
/** Rounds over the whole configuration: the manual's largest example, 65,024 instances of 15 lines, needs a million. */
const roundsMax = 4_000_000;
const lineCharactersMax = 65_536;

const randomMax = 32_767;

export class Substitution {
  readonly #surroundings: Surroundings;
  readonly #findings: Findings;
  readonly #emit: (line: Line) => void;
  readonly #definitions = new Map<string, readonly string[]>();
  #unfinished: { name: string; lines: string[] } | undefined;
  #rounds = 0;
  /** Set when the expansion of the line at hand is given up. */
  #givenUp = false;

  constructor(surroundings: Surroundings, findings: Findings, emit: (line: Line) => void) {
    this.#surroundings = surroundings;
    this.#findings = findings;
    this.#emit = emit;
  }

  /** True inside a definition of several lines, where nothing but its end is looked for. */
  get isDefining(): boolean {
    return this.#unfinished !== undefined;
  }

  /** `line.text` has no comment and no white space around it. */
  addLine(line: Line): void {
    if (this.#unfinished !== undefined) this.#continueDefinition(line.text);
    else if (line.text !== '') {
      this.#givenUp = false;
      this.#expand(line, 0);
    }
  }

  /** A definition ends with its file, whatever its last line says. */
  endOfFile(): void {
    if (this.#unfinished !== undefined) this.#continueDefinition('');
  }

  #continueDefinition(text: string): void {
    if (this.#unfinished === undefined) return;
    const { name, lines } = this.#unfinished;
    const continued = text.endsWith('\\');
    const line = continued ? text.slice(0, -1).trim() : text;
    if (line !== '') lines.push(line);
    if (continued) return;
    this.#definitions.set(name, lines);
    this.#unfinished = undefined;
  }

  #expand(line: Line, depth: number): void {
    const { text } = line;
    if (this.#givenUp) return;
    if (depth > expansionsMax || text.length > lineCharactersMax) this.#reportEndless(line);
    else if (this.#isExhausted(line)) return;
    else if (text.startsWith('@')) this.#expandCondition(line, depth);
    else if (definitionPattern.test(text)) this.#define(text);
    else if (text.startsWith('~')) this.#expandSequence(line, depth);
    else this.#expandParameters(line, depth);
  }

  #reportEndless({ text, place }: Line): void {
    this.#givenUp = true;
    this.#findings.error(place, `'${text.slice(0, 60)}' never stops growing when its parameters are replaced`, {
      why: 'a definition uses itself',
    });
  }

  #isExhausted({ place }: Line): boolean {
    if (++this.#rounds === roundsMax) {
      this.#findings.error(place, `definitions and sequences make more than ${roundsMax} lines; the rest is not read`);
    }
    return this.#rounds >= roundsMax;
  }

  #expandCondition({ text, place }: Line, depth: number): void {
    const [, negated = '', name = '', rest = ''] = /^@(\^?)(\S*)\s*(.*)$/.exec(text) ?? [];
    const matches = name === this.#surroundings.configId;
    if (matches !== (negated === '^') && rest !== '') this.#expand({ text: rest, place }, depth + 1);
  }

  #define(text: string): void {
    const [, name = '', value = ''] = definitionPattern.exec(text) ?? [];
    if (value.endsWith('\\')) {
      this.#unfinished = { name, lines: [] };
      this.#continueDefinition(value);
    } else this.#definitions.set(name, value === '' ? [] : [value]);
  }

  /** Each round replaces the parameters of the line as it stands; what comes out is read like a line of the file. */
  #expandParameters({ text, place }: Line, depth: number): void {
    let changed = false;
    let lines = [''];
    let start = 0;
    for (const match of text.matchAll(parameterPattern)) {
      const value = this.#valueOf(match, place);
      if (value === undefined) continue;
      changed = true;
      lines = appended(lines, [text.slice(start, match.index)]);
      lines = appended(lines, value);
      start = match.index + match[0].length;
    }
    if (!changed) {
      this.#emit({ text: withPlainCharacters(text), place });
      return;
    }
    lines = appended(lines, [text.slice(start)]);
    for (const produced of lines.map((line) => line.trim())) {
      if (this.#unfinished !== undefined) this.#continueDefinition(produced);
      else if (produced !== '') this.#expand({ text: produced, place }, depth + 1);
    }
  }

  #valueOf(match: RegExpExecArray, place: LinePlace): readonly string[] | undefined {
    const [, random, low, high, braced, bare] = match;
    if (random !== undefined) return [String(this.#randomBetween(low, high))];
    const name = braced ?? bare ?? '';
    if (name === '_PWD') return [folderOf(place.file)];
    if (name === '_INSTANCE') return [this.#surroundings.configId];
    return this.#definitions.get(name);
  }

  #randomBetween(low: string | undefined, high: string | undefined): number {
    const smallest = Number(low ?? 0);
    return this.#surroundings.random.between(smallest, Math.max(smallest, Number(high ?? randomMax)));
  }

  #expandSequence(line: Line, depth: number): void {
    const sequence = readSequence(line.text);
    if (sequence === undefined) {
      this.#findings.error(line.place, `'${line.text.slice(0, 60)}' is no sequence`, {
        fix: 'Write ~SEQ(NAME, start, step, end) or ~LST(NAME, value, value …) before the line it repeats',
      });
      return;
    }
    for (const values of sequence.rows) {
      if (this.#isExhausted(line)) return;
      sequence.names.forEach((name, index) => {
        this.#definitions.set(name, [values[index] ?? '']);
      });
      if (sequence.rest !== '') this.#expand({ text: sequence.rest, place: line.place }, depth + 1);
    }
  }
}

/** The last of `lines` and the first of `more` become one. */
function appended(lines: readonly string[], more: readonly string[]): string[] {
  return [...lines.slice(0, -1), (lines.at(-1) ?? '') + (more[0] ?? ''), ...more.slice(1)];
}

/** Characters that would have begun a comment. */
function withPlainCharacters(text: string): string {
  return text.replace(/\$\{_HASH\}/g, '#').replace(/\$\{_BANG\}/g, '!');
}

function folderOf(file: string): string {
  const slash = file.lastIndexOf('/');
  return slash < 0 ? '.' : file.slice(0, Math.max(1, slash));
}

type Sequence = {
  readonly names: readonly string[];
  readonly rows: Iterable<readonly string[]>;
  readonly rest: string;
};

function readSequence(text: string): Sequence | undefined {
  const [, kind, inside = '', rest = ''] = /^~(SEQx?|LST)\(([^)]*)\)\s*(.*)$/.exec(text) ?? [];
  if (kind === 'LST') return readList(inside, rest);
  return kind === undefined ? undefined : readRange(inside, rest, kind === 'SEQx' ? 16 : 10);
}

/** `NAME[, start][, step], end`. */
function readRange(inside: string, rest: string, radix: number): Sequence | undefined {
  const [name = '', ...operands] = inside.split(',').map((part) => part.trim());
  const numbers = operands.map(Number);
  const end = numbers.at(-1);
  if (!/^[A-Za-z_]\w*$/.test(name) || end === undefined || numbers.length > 3) return undefined;
  if (numbers.some((number) => !Number.isInteger(number))) return undefined;
  const start = numbers.length > 1 ? (numbers[0] ?? 0) : end > 0 ? 1 : -1;
  const step = numbers.length > 2 ? (numbers[1] ?? 0) : end >= start ? 1 : -1;
  return step === 0 ? undefined : { names: [name], rows: countRows({ start, step, end, radix }), rest };
}

function* countRows(range: { start: number; step: number; end: number; radix: number }): Generator<readonly string[]> {
  const { start, step, end, radix } = range;
  for (let value = start; step > 0 ? value <= end : value >= end; value += step) yield [value.toString(radix)];
}

/** `NAME, a, b` or `{N1, N2}, {a, b}, {c, d}`. */
function readList(inside: string, rest: string): Sequence | undefined {
  const groups = inside.match(/\{[^}]*\}|[^,\s][^,]*/g)?.map((group) => group.trim()) ?? [];
  const [names, ...rows] = groups.map((group) =>
    group
      .replace(/^\{|\}$/g, '')
      .split(',')
      .map((part) => part.trim()),
  );
  if (names === undefined || rows.length === 0) return undefined;
  if (names.some((name) => !/^[A-Za-z_]\w*$/.test(name))) return undefined;
  return { names, rows, rest };
}
