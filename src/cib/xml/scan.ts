// The fast way to read XML: one pass over the characters of a plain, well-formed document, about twenty times as fast
// as the full parser. It knows only the XML that programs write (ASCII names, the five entities and character
// references, comments) and gives up, without saying why, at anything else: an error, CDATA, a DOCTYPE, carriage
// returns, characters outside the basic plane. The full parser (parse.ts) then reads or diagnoses the text. So what is
// accepted here must be accepted there, with the same tree; a test holds them together.
import { XmlElement, type XmlNode } from './element.ts';
import type { XmlLimits } from './parse.ts';

const declaration =
  /<\?xml version=(["'])1\.0\1(?: encoding=(["'])[Uu][Tt][Ff]-8\2)?(?: standalone=(["'])(?:yes|no)\3)?\s*\?>/y;

const [tab, newline, blank, quote, apostrophe, slash, less, equals, more] = [9, 10, 32, 34, 39, 47, 60, 61, 62];
/** From here on: surrogates, and the few characters of the basic plane that XML forbids. */
const firstUnusual = 0xd800;
/** Control characters, carriage return among them, and what begins at `firstUnusual`. */
const unusual = /[^\t\n\u0020-\ud7ff]/;
/** What has a meaning within a value. */
const special = /[<&\t\n]/g;

/** Which ASCII characters may begin a name (2 and 3) and continue it (1 and 3). The colon is left to the full parser. */
const nameCharacters = new Uint8Array(128);
for (const character of '-.0123456789') nameCharacters[character.charCodeAt(0)] = 1;
for (const character of '_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ')
  nameCharacters[character.charCodeAt(0)] = 3;

const noPairs: readonly string[] = [];

type OpenElement = {
  readonly name: string;
  readonly pairs: string[];
  /** How many nodes were read before those inside. */
  readonly firstNode: number;
  readonly line: number;
  readonly column: number;
};

/** The root element, or undefined when the text is not plain enough for this reader. */
export function scanPlainXml(text: string, limits: XmlLimits): XmlElement | undefined {
  if (unusual.test(text)) return undefined;
  return new Scanner(text, limits).document();
}

class Scanner {
  readonly #text: string;
  readonly #limits: XmlLimits;
  #at = 0;
  #line = 1;
  #lineStart = 0;
  #nextNewline: number;
  /** Where the next character stands that has a meaning within a value, as of when it was last looked for. */
  #nextSpecial = -1;
  #elements = 0;
  /** Whether the attributes of this element, so far, have the names of the last one's. */
  #isAsBefore = false;
  /** Whether the values of this element, so far, are what stands between their quotation marks. */
  #isVerbatim = true;
  readonly #names = new Map<string, string>();
  /**
   * The attributes of the last element of each name: the next one mostly has the same, in the same order, and half of their
   * values, too. Only those of elements whose values are verbatim: what stands there once more is read as it was.
   */
  readonly #lastPairs = new Map<string, readonly string[]>();
  readonly #open: OpenElement[] = [];
  /** What was read inside the open elements, outermost first: a list of its own for each would be made too large. */
  readonly #nodes: XmlNode[] = [];

  constructor(text: string, limits: XmlLimits) {
    this.#text = text;
    this.#limits = limits;
    this.#nextNewline = text.indexOf('\n');
  }

  document(): XmlElement | undefined {
    declaration.lastIndex = 0;
    if (declaration.test(this.#text)) this.#at = declaration.lastIndex;
    let root: XmlElement | undefined;
    for (;;) {
      this.#skipBlanks();
      if (this.#at === this.#text.length) return root;
      if (this.#code() !== less) return undefined;
      if (this.#text.startsWith('<!--', this.#at)) {
        if (this.#comment() === undefined) return undefined;
      } else {
        if (root !== undefined) return undefined;
        root = this.#tree();
        if (root === undefined) return undefined;
      }
    }
  }

  /** One element with everything inside; a loop rather than recursion, so that depth costs no stack. */
  #tree(): XmlElement | undefined {
    let finished = this.#startTag();
    for (;;) {
      if (finished === undefined) return undefined;
      if (finished !== 'open') {
        if (this.#open.length === 0) return finished;
        this.#nodes.push(finished);
      }
      finished = this.#content();
    }
  }

  /** Up to and including the next start tag or end tag. */
  #content(): XmlElement | 'open' | undefined {
    for (;;) {
      if (!this.#characters()) return undefined;
      const next = this.#text.charCodeAt(this.#at + 1);
      if (next === slash) return this.#endTag();
      if (next !== 33) return this.#startTag();
      const comment = this.#comment();
      if (comment === undefined) return undefined;
      this.#nodes.push({ kind: 'comment', text: comment });
    }
  }

  #startTag(): XmlElement | 'open' | undefined {
    const text = this.#text;
    const start = this.#at++;
    const name = this.#name();
    if (name === undefined || ++this.#elements > this.#limits.elementsMax) return undefined;
    while (this.#nextNewline !== -1 && this.#nextNewline < start) this.#passNewline();
    const line = this.#line;
    const column = start - this.#lineStart + 1;
    const lastPairs = this.#lastPairs.get(name) ?? noPairs;
    this.#isAsBefore = true;
    this.#isVerbatim = true;
    const pairs = this.#attributesAsBefore(lastPairs);
    for (;;) {
      const spaced = this.#skipBlanks();
      const code = text.charCodeAt(this.#at);
      if (code === slash) {
        if (text.charCodeAt(this.#at + 1) !== more || this.#open.length >= this.#limits.depthMax) return undefined;
        this.#at += 2;
        if (this.#isVerbatim) this.#lastPairs.set(name, pairs);
        return new XmlElement(name, pairs, undefined, { line, column });
      }
      if (code === more) {
        this.#at++;
        if (this.#isVerbatim) this.#lastPairs.set(name, pairs);
        this.#open.push({ name, pairs, firstNode: this.#nodes.length, line, column });
        return this.#open.length > this.#limits.depthMax ? undefined : 'open';
      }
      if (!spaced || !this.#attribute(pairs, lastPairs)) return undefined;
    }
  }

  /**
   * As many attributes as stand here the way programs write them, with the names of the last element's: `NAME="VALUE"`, one
   * blank before each. Most of a large document are such; `#attribute` reads what is left.
   */
  #attributesAsBefore(lastPairs: readonly string[]): string[] {
    const text = this.#text;
    // A copy, cut where it differs: of the right size at once, and with the same strings for the same values.
    const pairs = lastPairs.slice();
    let at = this.#at;
    let known = 0;
    for (; known < pairs.length && text.charCodeAt(at) === blank; known += 2) {
      const name = pairs[known];
      const lastValue = pairs[known + 1];
      if (name === undefined || lastValue === undefined) break;
      const start = at + name.length + 3;
      if (text.charCodeAt(start - 2) !== equals || text.charCodeAt(start - 1) !== quote) break;
      if (!text.startsWith(name, at + 1)) break;
      let end = start + lastValue.length;
      if (text.charCodeAt(end) !== quote || !text.startsWith(lastValue, start)) {
        end = text.indexOf('"', start);
        if (end === -1 || this.#specialFrom(start) < end) break;
        pairs[known + 1] = text.slice(start, end);
      }
      at = end + 1;
    }
    pairs.length = known;
    this.#at = at;
    return pairs;
  }

  #attribute(pairs: string[], lastPairs: readonly string[]): boolean {
    const name = this.#nameAsBefore(lastPairs[pairs.length]) ?? this.#attributeName();
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
    const raw = text.slice(start, end);
    const isPlain = this.#specialFrom(start) >= end;
    if (!isPlain || mark === apostrophe) this.#isVerbatim = false;
    if (isPlain) return raw;
    return raw.includes('<') ? undefined : decoded(raw.replace(/[\t\n]/g, ' '));
  }

  /** Where the first special character at or behind `start` stands, which never goes back. */
  #specialFrom(start: number): number {
    if (this.#nextSpecial < start) {
      special.lastIndex = start;
      this.#nextSpecial = special.test(this.#text) ? special.lastIndex - 1 : this.#text.length;
    }
    return this.#nextSpecial;
  }

  #endTag(): XmlElement | undefined {
    const done = this.#open.pop();
    if (done === undefined || !this.#text.startsWith(done.name, this.#at + 2)) return undefined;
    this.#at += 2 + done.name.length;
    this.#skipBlanks();
    if (this.#code() !== more) return undefined;
    this.#at++;
    return new XmlElement(done.name, done.pairs, this.#nodesFrom(done.firstNode), done);
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
    const text = decoded(raw);
    if (text === undefined) return false;
    this.#at = end;
    this.#addText(text);
    return true;
  }

  #addText(text: string): void {
    if (!/[^ \t\n\r]/.test(text)) return;
    this.#nodes.push({ kind: 'text', text });
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

  #passNewline(): void {
    this.#line++;
    this.#lineStart = this.#nextNewline + 1;
    this.#nextNewline = this.#text.indexOf('\n', this.#lineStart);
  }
}

function hasName(pairs: readonly string[], name: string): boolean {
  for (let index = 0; index < pairs.length; index += 2) if (pairs[index] === name) return true;
  return false;
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** Entities and character references resolved; undefined when there is one this reader leaves alone. */
function decoded(raw: string): string | undefined {
  if (!raw.includes('&')) return raw;
  let unusual = false;
  const text = raw.replace(/&(?:#(\d{1,5})|#x([0-9a-fA-F]{1,4})|([a-z]+))?;?/g, (whole, decimal, hexadecimal, name) => {
    const code = decimal === undefined ? Number.parseInt(hexadecimal ?? '', 16) : Number(decimal);
    const character =
      name === undefined ? characterOf(code) : Object.hasOwn(entities, name) ? entities[name] : undefined;
    unusual ||= character === undefined || !whole.endsWith(';');
    return character ?? '';
  });
  return unusual ? undefined : text;
}

function characterOf(code: number): string | undefined {
  const allowed = (code >= blank && code < firstUnusual) || code === tab || code === newline || code === 13;
  return allowed ? String.fromCharCode(code) : undefined;
}
