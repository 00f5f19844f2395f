// From files to lines: comments go, includes are read in place, `@` conditions, `$` definitions and `~` sequences are
// worked out (keepalived.conf(5) "Advanced configuration").
import type { Findings, LinePlace } from './findings.ts';
import { withoutComment } from './quoting.ts';
import type { Line } from './statement.ts';
import { Substitution } from './substitution.ts';
import type { Surroundings } from './surroundings.ts';

const includeDepthMax = 32;
/** A configuration of 65,024 instances of twelve lines, the manual's own example of a large one, fits. */
const linesMax = 1_000_000;

/** What a missing include file is, from the weakest spelling of the keyword to the strictest. */
const includeKeywords: ReadonlyMap<string, readonly IncludeCheck[]> = new Map<string, readonly IncludeCheck[]>([
  ['include', []],
  ['includer', ['readable']],
  ['includem', ['readable', 'match']],
  ['includew', ['readable', 'wildcard_match']],
  ['includeb', ['readable', 'brace_match']],
  ['includea', ['readable', 'match', 'wildcard_match', 'brace_match']],
]);

const includeChecks = ['readable', 'match', 'wildcard_match', 'brace_match'] as const;
type IncludeCheck = (typeof includeChecks)[number];

export function isIncludeCheck(operand: string): boolean {
  return includeChecks.some((check) => check === operand.replace(/^[+-]/, ''));
}

/** All lines of the configuration that starts in the file `path`, or undefined when that file cannot be read. */
export function readLines(path: string, surroundings: Surroundings, findings: Findings): readonly Line[] | undefined {
  const text = surroundings.readFile(path);
  if (text === undefined) return undefined;
  const reader = new SourceReader(surroundings, findings);
  reader.readText(text, path, new Set());
  return reader.lines;
}

class SourceReader {
  readonly lines: Line[] = [];
  readonly #surroundings: Surroundings;
  readonly #findings: Findings;
  readonly #substitution: Substitution;
  #depth = 0;
  #full = false;

  constructor(surroundings: Surroundings, findings: Findings) {
    this.#surroundings = surroundings;
    this.#findings = findings;
    this.#substitution = new Substitution(surroundings, findings, (line) => this.#emit(line));
  }

  /** `checks` are those in force: `include_check` of this file and of those that include it. */
  readText(text: string, file: string, inherited: ReadonlySet<IncludeCheck>): void {
    const checks = new Set(inherited);
    this.#depth++;
    text.split(/\r?\n/).forEach((raw, index) => {
      const place = { file, line: index + 1 };
      const line = withoutComment(raw).trim();
      const [keyword = '', ...operands] = line.split(/\s+/);
      const added = this.#substitution.isDefining ? undefined : includeKeywords.get(keyword);
      if (added !== undefined) this.#include(operands, place, new Set([...checks, ...added]));
      else {
        if (keyword === 'include_check') adjustChecks(checks, operands);
        this.#substitution.addLine({ text: line, place });
      }
    });
    this.#substitution.endOfFile();
    this.#depth--;
  }

  #include(operands: readonly string[], place: LinePlace, checks: ReadonlySet<IncludeCheck>): void {
    const pattern = operands.join(' ').replace(/^(["'])(.*)\1$/, '$2');
    if (pattern === '') {
      this.#findings.error(place, 'include names no file');
      return;
    }
    if (this.#depth >= includeDepthMax) {
      this.#findings.error(place, `includes are nested more than ${includeDepthMax} deep`, {
        why: 'a file probably includes itself',
      });
      return;
    }
    const paths = this.#surroundings.glob(absolute(pattern, place.file));
    if (paths.length === 0) this.#reportMissing(pattern, place, checks);
    for (const path of paths) this.#includeFile(path, place, checks);
  }

  #includeFile(path: string, place: LinePlace, checks: ReadonlySet<IncludeCheck>): void {
    const text = this.#surroundings.readFile(path);
    if (text !== undefined) this.readText(text, path, checks);
    else if (checks.has('readable')) this.#findings.error(place, `include file '${path}' cannot be read`);
    else this.#findings.info(place, `include file '${path}' cannot be read - ignoring`);
  }

  #reportMissing(pattern: string, place: LinePlace, checks: ReadonlySet<IncludeCheck>): void {
    const what = `Config files missing '${pattern}'`;
    if (isMissingAnError(pattern, checks)) this.#findings.error(place, what, { why: 'include_check asks for them' });
    else this.#findings.info(place, what, { fix: 'Write includea, or include_check, to have this count as an error' });
  }

  #emit(line: Line): void {
    if (this.lines.length < linesMax) this.lines.push(line);
    else if (!this.#full) {
      this.#full = true;
      this.#findings.error(line.place, `the configuration has more than ${linesMax} lines; the rest is not read`);
    }
  }
}

function isMissingAnError(pattern: string, checks: ReadonlySet<IncludeCheck>): boolean {
  if (checks.has('wildcard_match')) return true;
  if (/\{/.test(pattern) && checks.has('brace_match')) return true;
  return checks.has('match') && !/[*?[]/.test(pattern);
}

/** `include_check [+|-]CHECK…`: without a word all of them, without signs exactly these. */
function adjustChecks(checks: Set<IncludeCheck>, operands: readonly string[]): void {
  const wanted = operands.length === 0 ? includeChecks : operands;
  if (!operands.some((operand) => /^[+-]/.test(operand))) checks.clear();
  let sign = '+';
  for (const operand of wanted) {
    if (/^[+-]/.test(operand)) sign = operand.charAt(0);
    const name = includeChecks.find((check) => check === operand.replace(/^[+-]/, ''));
    if (name === undefined) continue;
    if (sign === '-') checks.delete(name);
    else checks.add(name);
  }
}

function absolute(pattern: string, includingFile: string): string {
  if (pattern.startsWith('/')) return pattern;
  const slash = includingFile.lastIndexOf('/');
  return slash < 0 ? pattern : `${includingFile.slice(0, slash)}/${pattern}`;
}
