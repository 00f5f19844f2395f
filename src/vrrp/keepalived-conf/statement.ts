// Lines become statements: a keyword, its words, and perhaps a block of statements. Braces may stand anywhere on a line.

import type { Findings, LinePlace } from './findings.ts';
import { splitBraces, splitWords, type Word } from './quoting.ts';

/** A line ready to be read: comments, conditions, parameters and sequences are done with. */
export type Line = { readonly text: string; readonly place: LinePlace };

export type Statement = {
  readonly keyword: string;
  /** The words after the keyword. */
  readonly words: readonly Word[];
  readonly place: LinePlace;
  /** Where its block is closed; without a block, `place`. */
  readonly end: LinePlace;
  readonly block: readonly Statement[] | undefined;
};

type OpenStatement = { -readonly [Key in keyof Omit<Statement, 'block'>]: Statement[Key] } & {
  block: OpenStatement[] | undefined;
};

/** Deeper than any block of the language goes, virtual_server > real_server > HTTP_GET > url included. */
const depthMax = 32;

/**
 * The tree of a configuration. Of unbalanced braces the block that is never closed is named: a keyword of
 * `blockKeywords` (those that only stand at top level) inside another block closes what is open.
 */
export function readStatements(
  lines: Iterable<Line>,
  blockKeywords: ReadonlySet<string>,
  findings: Findings,
): readonly Statement[] {
  const builder = new TreeBuilder(blockKeywords, findings);
  for (const line of lines) builder.addLine(line);
  return builder.finish();
}

class TreeBuilder {
  readonly #root: OpenStatement[] = [];
  /** Statements whose block is open, outermost first. */
  #open: OpenStatement[] = [];
  /** The statement that a `{` would belong to. */
  #last: OpenStatement | undefined;
  readonly #blockKeywords: ReadonlySet<string>;
  readonly #findings: Findings;

  constructor(blockKeywords: ReadonlySet<string>, findings: Findings) {
    this.#blockKeywords = blockKeywords;
    this.#findings = findings;
  }

  addLine(line: Line): void {
    for (const piece of splitBraces(line.text)) {
      if (piece.kind === 'open') this.#openBlock(line.place);
      else if (piece.kind === 'close') this.#closeBlock(line.place);
      else this.#addStatement(piece.text, line.place);
    }
  }

  finish(): readonly Statement[] {
    this.#reportUnclosed();
    return this.#root;
  }

  #addStatement(text: string, place: LinePlace): void {
    const { words, unterminatedQuote } = splitWords(text);
    if (unterminatedQuote !== undefined) {
      this.#findings.error(place, `Unterminated quote '${unterminatedQuote}'`, { fix: 'Close it on the same line' });
      this.#last = undefined;
      return;
    }
    const [first, ...rest] = words;
    if (first === undefined) return;
    if (this.#open.length > 0 && this.#blockKeywords.has(first.text)) {
      this.#reportUnclosed();
      this.#open = [];
    }
    const statement: OpenStatement = { keyword: first.text, words: rest, place, end: place, block: undefined };
    this.#siblings().push(statement);
    this.#last = statement;
  }

  #openBlock(place: LinePlace): void {
    const owner = this.#last ?? this.#ownerless(place);
    this.#last = undefined;
    if (this.#open.length >= depthMax) {
      this.#findings.error(place, `blocks are nested more than ${depthMax} deep`);
      return;
    }
    owner.block = [];
    this.#open.push(owner);
  }

  #ownerless(place: LinePlace): OpenStatement {
    this.#findings.error(place, "Unexpected '{' - ignoring", { why: 'no keyword stands before it' });
    return { keyword: '', words: [], place, end: place, block: undefined };
  }

  #closeBlock(place: LinePlace): void {
    this.#last = undefined;
    const closed = this.#open.pop();
    if (closed !== undefined) closed.end = place;
    else {
      this.#findings.error(place, "Extra '}' found", { why: 'every block is already closed here' });
    }
  }

  #siblings(): OpenStatement[] {
    return this.#open.at(-1)?.block ?? this.#root;
  }

  #reportUnclosed(): void {
    const block = this.#open[0];
    if (block === undefined) return;
    const name = [block.keyword, ...block.words.map((word) => word.text)].join(' ');
    this.#findings.error(block.place, `Missing '}': the block '${name}' is never closed`, {
      why: `${this.#open.length} of the blocks opened here have no '}'`,
    });
  }
}
