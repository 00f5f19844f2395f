// The fast way to read XML: one pass over the characters of a plain, well-formed document, about twenty times as fast
// as the full parser. It knows only the XML that programs write (ASCII names, the five entities and character
// references, comments) and gives up, without saying why, at anything else: an error, CDATA, a DOCTYPE, carriage
// returns, characters outside the basic plane. The full parser (parse.ts) then reads or diagnoses the text. So what is
// accepted here must be accepted there, with the same tree; a test holds them together.
//
// The text may come in pieces. What is read item by item (a tag, a comment, the text before them) begins anew, with the next
// piece behind it, when its end is not at hand; what was read is let go of, so nothing of it may be referred to later.
import { XmlElement, type XmlNode, type XmlOrigin } from './element.ts';
import type { XmlLimits } from './parse.ts';
import { decodedText } from './references.ts';

const declaration =
  /<\?xml version=(["'])1\.0\1(?: encoding=(["'])[Uu][Tt][Ff]-8\2)?(?: standalone=(["'])(?:yes|no)\3)?\s*\?>/y;

const [tab, newline, blank, exclamation, quote, apostrophe, slash] = [9, 10, 32, 33, 34, 39, 47];
const [less, equals, more] = [60, 61, 62];
/** Control characters, carriage return among them; surrogates, and behind them the few of the basic plane that XML forbids. */
const unusual = /[^\t\n\u0020-\ud7ff]/;
/** What has a meaning within a value. */
const special = /[<&\t\n]/g;

/** Which ASCII characters may begin a name (2 and 3) and continue it (1 and 3). The colon is left to the full parser. */
const nameCharacters = new Uint8Array(128);
for (const character of '-.0123456789') nameCharacters[character.charCodeAt(0)] = 1;
for (const character of '_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ')
  nameCharacters[character.charCodeAt(0)] = 3;

const noPairs: readonly string[] = [];
const noElements: readonly XmlElement[] = [];

/** The next piece of a text; undefined at its end. */
export type NextPiece = () => string | undefined;

/** What has not ended after so many characters is left to the full parser. */
const itemMax = 1024 * 1024;

type OpenElement = {
  readonly name: string;
  readonly pairs: readonly string[];
  /** How many nodes were read before those inside. */
  readonly firstNode: number;
  readonly line: number;
  readonly column: number;
  /** What is inside the element that this one is like, and how much of it was passed. */
  readonly models: readonly XmlElement[];
  modelsPassed: number;
};

/** The root element, or undefined when the text is not plain enough for this reader. */
export function scanPlainXml(text: string, limits: XmlLimits): XmlElement | undefined {
  let rest: string | undefined = text;
  const once = () => {
    const piece = rest;
    rest = undefined;
    return piece;
  };
  return scanPlainPieces(once, limits);
}

/** The same of a text that comes in pieces, of which none is kept longer than it takes to read it. */
export function scanPlainPieces(nextPiece: NextPiece, limits: XmlLimits): XmlElement | undefined {
  return new Scanner(nextPiece, limits).document();
}

class Scanner {
  readonly #nextPiece: NextPiece;
  readonly #limits: XmlLimits;
  #text = '';
  #at = 0;
  /** Where the item begins that is being read. */
  #itemAt = 0;
  #isBeginning = true;
  #isOver = false;
  #line = 1;
  /** In pieces behind the first it may be negative, as the line began before them. */
  #lineStart = 0;
  #nextNewline = -1;
  /** Where the next character stands that has a meaning within a value, as of when it was last looked for. */
  #nextSpecial = -1;
  /** How many are finished. */
  #elements = 0;
  #root: XmlElement | undefined;
  /** Whether the attributes of this element, so far, have the names of its model's. */
  #isAsBefore = false;
  /** Whether the values of this element, so far, are what stands between their quotation marks. */
  #isVerbatim = true;
  readonly #names = new Map<string, string>();
  /**
   * The last element of each name. The next one mostly has the same attributes, in the same order, and half of their values,
   * too: what stands there once more is read as it was. So only elements whose values are verbatim.
   */
  readonly #last = new Map<string, XmlElement>();
  /** The attributes of the other elements: few documents have any. */
  readonly #notVerbatim = new Set<readonly string[]>();
  readonly #open: OpenElement[] = [];
  /** What was read inside the open elements, outermost first: a list of its own for each would be made too large. */
  readonly #nodes: XmlNode[] = [];

  constructor(nextPiece: NextPiece, limits: XmlLimits) {
    this.#nextPiece = nextPiece;
    this.#limits = limits;
  }

  document(): XmlElement | undefined {
    for (;;) {
      if (this.#open.length === 0 ? this.#outside() : this.#inside()) continue;
      if (this.#refill()) continue;
      const isFinished = this.#isOver && this.#open.length === 0 && this.#itemAt === this.#text.length;
      return isFinished ? this.#root : undefined;
    }
  }

  /** Takes the next piece, and lets go of what was read. False at the end of the text, and when more of it would not help. */
  #refill(): boolean {
    const from = this.#itemAt;
    if (this.#text.length - from >= itemMax) return false;
    const piece = this.#nextPiece();
    this.#isOver = piece === undefined;
    if (piece === undefined || unusual.test(piece)) return false;
    this.#passNewlinesBefore(from);
    this.#text = from === this.#text.length ? piece : this.#text.slice(from) + piece;
    this.#at = 0;
    this.#itemAt = 0;
    this.#lineStart -= from;
    this.#nextNewline = this.#nextNewline === -1 ? this.#text.indexOf('\n') : this.#nextNewline - from;
    this.#nextSpecial = -1;
    return true;
  }

  /** Before and behind the root element: one item, and the blanks before it. */
  #outside(): boolean {
    if (this.#isBeginning) {
      declaration.lastIndex = 0;
      if (declaration.test(this.#text)) this.#at = declaration.lastIndex;
    }
    this.#skipBlanks();
    this.#itemAt = this.#at;
    if (this.#at > 0) this.#isBeginning = false;
    if (this.#code() !== less) return false;
    if (this.#text.charCodeAt(this.#at + 1) === exclamation) return this.#comment() !== undefined;
    return this.#root === undefined && this.#startTag();
  }

  /** Everything up to the end of the root element, or up to the last item whose end is at hand; a loop, so that depth costs no stack. */
  #inside(): boolean {
    while (this.#open.length > 0) {
      this.#itemAt = this.#at;
      if (!this.#characters()) return false;
      this.#itemAt = this.#at;
      const next = this.#text.charCodeAt(this.#at + 1);
      if (next === slash) {
        if (!this.#endTag()) return false;
      } else if (next !== exclamation) {
        if (!this.#startTag()) return false;
      } else {
        const comment = this.#comment();
        if (comment === undefined) return false;
        this.#nodes.push({ kind: 'comment', text: own(comment, 0, comment.length) });
      }
    }
    return true;
  }

  /** Short enough that V8 optimises it, however little it does (bin/precompiled.js). */
  #startTag(): boolean {
    const depth = this.#open.length;
    if (!this.#mayOpen(depth)) return false;
    const start = this.#at;
    this.#passNewlinesBefore(start);
    const sibling = this.#modelHere(this.#open[depth - 1]);
    const name = this.#nameOf(sibling);
    if (name === undefined) return false;
    const model = sibling ?? this.#last.get(name);
    const pairsBefore = model?.attributePairs ?? noPairs;
    const pairs = this.#attributes(pairsBefore);
    if (pairs === undefined) return false;
    if (!this.#isVerbatim) this.#notVerbatim.add(pairs);
    const line = this.#line;
    const column = start - this.#lineStart + 1;
    if (this.#code() === slash) return this.#addEmpty(name, pairs, { line, column });
    this.#at++;
    const models = model?.children ?? noElements;
    this.#open.push({ name, pairs, firstNode: this.#nodes.length, line, column, models, modelsPassed: 0 });
    return true;
  }

  #mayOpen(depth: number): boolean {
    return depth < this.#limits.depthMax && this.#elements + depth < this.#limits.elementsMax;
  }

  #addEmpty(name: string, pairs: readonly string[], origin: XmlOrigin): boolean {
    if (this.#text.charCodeAt(this.#at + 1) !== more) return false;
    this.#at += 2;
    this.#add(new XmlElement(name, pairs, undefined, origin));
    return true;
  }

  /**
   * The element inside of what the parent is like that begins as this one does: mostly the next of them, as all nodes of a
   * cluster have nearly the same history; sometimes the one behind it.
   */
  #modelHere(parent: OpenElement | undefined): XmlElement | undefined {
    if (parent === undefined) return undefined;
    const { models, modelsPassed } = parent;
    for (let index = modelsPassed; index < modelsPassed + 2 && index < models.length; index++) {
      const model = models[index];
      if (model === undefined || !this.#isHere(model)) continue;
      parent.modelsPassed = index + 1;
      return model;
    }
    return undefined;
  }

  /** Whether the tag has the model's name, and its first attribute. */
  #isHere({ name, attributePairs }: XmlElement): boolean {
    const text = this.#text;
    const nameAt = this.#at + 1;
    if (!text.startsWith(name, nameAt)) return false;
    const first = attributePairs[0];
    const value = attributePairs[1];
    const at = nameAt + name.length;
    const next = text.charCodeAt(at);
    if (first === undefined || value === undefined) return next === more || next === slash;
    const valueAt = at + first.length + 3;
    if (next !== blank || !text.startsWith(value, valueAt) || text.charCodeAt(valueAt + value.length) !== quote)
      return false;
    if (text.charCodeAt(valueAt - 1) !== quote || text.charCodeAt(valueAt - 2) !== equals) return false;
    return text.startsWith(first, at + 1) && !this.#notVerbatim.has(attributePairs);
  }

  #nameOf(model: XmlElement | undefined): string | undefined {
    this.#at++;
    if (model === undefined) return this.#name();
    this.#at += model.name.length;
    return model.name;
  }

  /** Up to the end of the tag; the model's own list when all are the same. */
  #attributes(pairsBefore: readonly string[]): readonly string[] | undefined {
    this.#isAsBefore = true;
    this.#isVerbatim = true;
    let differing = this.#attributesAsBefore(pairsBefore);
    for (;;) {
      const isSpaced = this.#skipBlanks();
      const code = this.#code();
      if (code === more || code === slash) return differing ?? pairsBefore;
      differing ??= pairsBefore.slice();
      if (!isSpaced || !this.#attribute(differing, pairsBefore)) return undefined;
    }
  }

  /**
   * Reads as many attributes as stand here the way programs write them, with the names of the model's: `NAME="VALUE"`, one
   * blank before each. Most of a large document are such; `#attribute` reads what is left. Undefined when they are the same
   * as the model's, which has them for both.
   */
  #attributesAsBefore(pairsBefore: readonly string[]): string[] | undefined {
    const text = this.#text;
    const { length } = pairsBefore;
    let pairs: string[] | undefined;
    let at = this.#at;
    let known = 0;
    for (; known < length && text.charCodeAt(at) === blank; known += 2) {
      const name = pairsBefore[known];
      const valueBefore = pairsBefore[known + 1];
      if (name === undefined || valueBefore === undefined) break;
      const start = at + name.length + 3;
      if (text.charCodeAt(start - 2) !== equals || text.charCodeAt(start - 1) !== quote) break;
      if (!text.startsWith(name, at + 1)) break;
      let end = start + valueBefore.length;
      if (text.charCodeAt(end) !== quote || !text.startsWith(valueBefore, start)) {
        end = text.indexOf('"', start);
        if (end === -1 || this.#specialFrom(start) < end) break;
        // A copy, cut where it differs: of the right size at once, and with the same strings for the same values.
        pairs ??= pairsBefore.slice();
        pairs[known + 1] = own(text, start, end);
      }
      at = end + 1;
    }
    this.#at = at;
    if (known === length) return pairs;
    pairs ??= pairsBefore.slice();
    pairs.length = known;
    return pairs;
  }

  #attribute(pairs: string[], pairsBefore: readonly string[]): boolean {
    const name = this.#nameAsBefore(pairsBefore[pairs.length]) ?? this.#attributeName();
    if (name === undefined || this.#code() !== equals) return false;
    this.#at++;
    if (!this.#isAsBefore && hasName(pairs, name)) return false;
    const value = this.#value();
    if (value === undefined || pairs.length >= 2 * this.#limits.attributesPerElementMax) return false;
    pairs.push(name, value);
    return true;
  }

  /** The name that is expected, if it stands here. As long as all do, none of them stands there twice. */
  #nameAsBefore(expected: string | undefined): string | undefined {
    if (!this.#isAsBefore) return undefined;
    const text = this.#text;
    const start = this.#at;
    const isHere = expected !== undefined && text.startsWith(expected, start);
    if (isHere && text.charCodeAt(start + expected.length) === equals) {
      this.#at = start + expected.length;
      return expected;
    }
    this.#isAsBefore = false;
    return undefined;
  }

  /** What was read before is looked up, and need not be checked: there are few names, and many attributes. */
  #attributeName(): string | undefined {
    const end = this.#text.indexOf('=', this.#at);
    if (end === -1) return undefined;
    const known = this.#names.get(this.#text.slice(this.#at, end));
    if (known === undefined) return this.#name();
    this.#at = end;
    return known;
  }

  #value(): string | undefined {
    const text = this.#text;
    const start = this.#at + 1;
    const mark = text.charCodeAt(start - 1);
    if (mark !== quote && mark !== apostrophe) return undefined;
    const end = text.indexOf(mark === quote ? '"' : "'", start);
    if (end === -1) return undefined;
    this.#at = end + 1;
    const isPlain = this.#specialFrom(start) >= end;
    if (!isPlain || mark === apostrophe) this.#isVerbatim = false;
    if (isPlain) return own(text, start, end);
    const raw = text.slice(start, end);
    if (raw.includes('<')) return undefined;
    const value = decodedText(raw.replace(/[\t\n]/g, ' '));
    return value === undefined ? undefined : own(value, 0, value.length);
  }

  /** Where the first special character at or behind `start` stands, which never goes back. */
  #specialFrom(start: number): number {
    if (this.#nextSpecial < start) {
      special.lastIndex = start;
      this.#nextSpecial = special.test(this.#text) ? special.lastIndex - 1 : this.#text.length;
    }
    return this.#nextSpecial;
  }

  #endTag(): boolean {
    const done = this.#open[this.#open.length - 1];
    if (done === undefined || !this.#text.startsWith(done.name, this.#at + 2)) return false;
    this.#at += 2 + done.name.length;
    this.#skipBlanks();
    if (this.#code() !== more) return false;
    this.#at++;
    this.#open.pop();
    this.#add(new XmlElement(done.name, done.pairs, this.#nodesFrom(done.firstNode), done));
    return true;
  }

  #add(element: XmlElement): void {
    this.#elements++;
    if (!this.#notVerbatim.has(element.attributePairs)) this.#last.set(element.name, element);
    if (this.#open.length === 0) this.#root = element;
    else this.#nodes.push(element);
  }

  #nodesFrom(first: number): XmlNode[] | undefined {
    if (this.#nodes.length === first) return undefined;
    const inside = this.#nodes.slice(first);
    this.#nodes.length = first;
    return inside;
  }

  /** Text up to the next `<`; blank text is indentation. */
  #characters(): boolean {
    const start = this.#at;
    this.#skipBlanks();
    if (this.#code() === less) return true;
    const end = this.#text.indexOf('<', this.#at);
    if (end === -1) return false;
    const raw = this.#text.slice(start, end);
    if (raw.includes(']]>')) return false;
    const text = decodedText(raw);
    if (text === undefined) return false;
    this.#at = end;
    if (/[^ \t\n\r]/.test(text)) this.#nodes.push({ kind: 'text', text: own(text, 0, text.length) });
    return true;
  }

  #comment(): string | undefined {
    if (!this.#text.startsWith('<!--', this.#at)) return undefined;
    const end = this.#text.indexOf('--', this.#at + 4);
    if (end === -1 || this.#text.charCodeAt(end + 2) !== more) return undefined;
    const comment = this.#text.slice(this.#at + 4, end);
    this.#at = end + 3;
    return comment;
  }

  #name(): string | undefined {
    const start = this.#at;
    if (((nameCharacters[this.#code()] ?? 0) & 2) === 0) return undefined;
    while (((nameCharacters[this.#text.charCodeAt(++this.#at)] ?? 0) & 1) === 1);
    const name = this.#text.slice(start, this.#at);
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    // As the key of an object it is the engine's own string, as those in the program's text are: two of them are the same
    // only when their addresses are, which is how they are compared. A piece of the text would be compared by letters.
    const own = Object.keys({ [name]: '' })[0] ?? name;
    this.#names.set(own, own);
    return own;
  }

  #code(): number {
    return this.#text.charCodeAt(this.#at);
  }

  #skipBlanks(): boolean {
    const text = this.#text;
    const start = this.#at;
    for (let at = start; ; at++) {
      const code = text.charCodeAt(at);
      if (code === blank || code === newline || code === tab) continue;
      this.#at = at;
      return at > start;
    }
  }

  #passNewlinesBefore(place: number): void {
    while (this.#nextNewline !== -1 && this.#nextNewline < place) {
      this.#line++;
      this.#lineStart = this.#nextNewline + 1;
      this.#nextNewline = this.#text.indexOf('\n', this.#lineStart);
    }
  }
}

/** What V8 takes for a part of another string, if it has so many characters, keeps the whole of that in memory. */
const partMin = 13;

/**
 * A part of the text as a string of its own. One that is put together of two is a pair of them until a character of it is asked
 * for, which has it copied.
 */
function own(text: string, start: number, end: number): string {
  if (end - start < partMin) return text.slice(start, end);
  const copy = text.slice(start, start + 1) + text.slice(start + 1, end);
  return copy.charCodeAt(0) === text.charCodeAt(start) ? copy : text.slice(start, end);
}

function hasName(pairs: readonly string[], name: string): boolean {
  for (let index = 0; index < pairs.length; index += 2) if (pairs[index] === name) return true;
  return false;
}
