// XML text to tree. The well-formedness rules are those of saxes (XML 1.0, checked strictly); this file adds the tree,
// places, and limits, so that no input can take unbounded memory or overflow a stack. Custom entities are never expanded.
// Plain documents, nearly all, are read by the quick scanner instead, which accepts nothing that saxes would refuse.
import { SaxesParser } from 'saxes';
import { type Diagnostic, err, ok, type Result } from '../../kit/index.ts';
import { XmlElement, type XmlNode, type XmlOrigin } from './element.ts';
import { scanPlainXml } from './scan.ts';

/** What a document may be at most. Real ones stay far below: 64 nodes with 10,000 resources are about 300 MB of history. */
export const xmlLimits = {
  charactersMax: 512 * 1024 * 1024,
  depthMax: 256,
  elementsMax: 8_000_000,
  attributesPerElementMax: 1024,
} as const;

export type XmlLimits = { readonly [Limit in keyof typeof xmlLimits]: number };

export type XmlParseOptions = {
  /** Named in diagnostics. */
  readonly file?: string;
  readonly limits?: Partial<XmlLimits>;
};

/**
 * The root element, or the first thing that is wrong with the text and where. White space between elements is
 * dropped, comments and other text are kept, CDATA becomes text; processing instructions and DOCTYPE are ignored.
 */
export function parseXml(text: string, options: XmlParseOptions = {}): Result<XmlElement, Diagnostic> {
  const limits = { ...xmlLimits, ...options.limits };
  const file = options.file === undefined ? {} : { file: options.file };
  if (text.length > limits.charactersMax) {
    const what = `the document has ${text.length} characters, at most ${limits.charactersMax} are read`;
    return err({ severity: 'error', place: file, what });
  }
  const scanned = scanPlainXml(text, limits);
  return scanned === undefined ? parseStrictly(text, limits, file) : ok(scanned);
}

/** The same by the full parser alone. */
export function parseStrictly(
  text: string,
  limits: XmlLimits,
  file: { readonly file?: string },
): Result<XmlElement, Diagnostic> {
  try {
    return ok(new TreeReader(text, limits).read());
  } catch (problem) {
    if (!(problem instanceof Unreadable)) throw problem;
    const { line, column } = problem;
    return err({ severity: 'error', place: { ...file, line, column }, what: problem.message, ...problem.advice });
  }
}

/** Leaves the parser at the first mistake: what follows it would mostly be its echoes. */
class Unreadable extends Error {
  readonly line: number;
  readonly column: number;
  readonly advice: { readonly why?: string; readonly fix?: string };

  constructor(message: string, place: XmlOrigin, advice: { readonly why?: string; readonly fix?: string } = {}) {
    super(message);
    this.line = place.line;
    this.column = place.column;
    this.advice = advice;
  }
}

/** Comments and CDATA, in which an & stands for itself. */
const apart = /<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>/g;
const loneAmpersand = /&(?![\w.:-]+;|#\d+;|#x[\da-fA-F]+;)/;

type OpenElement = XmlOrigin & { readonly name: string; pairs: string[]; nodes: XmlNode[] };

class TreeReader {
  readonly #text: string;
  readonly #limits: XmlLimits;
  readonly #parser = new SaxesParser({ xmlns: false, position: true });
  readonly #open: OpenElement[] = [];
  /** One string per distinct name, so that comparing names is comparing pointers. */
  readonly #names = new Map<string, string>();
  /** The last one; the parser closes an element before it says that the end tag is another's. */
  #closed: OpenElement | undefined;
  #pairs: string[] = [];
  #origin: XmlOrigin = { line: 1, column: 1 };
  #elements = 0;
  #root: XmlElement | undefined;

  constructor(text: string, limits: XmlLimits) {
    this.#text = text;
    this.#limits = limits;
    this.#parser.on('error', (error) => this.#refuse(plainMessage(error.message)));
    this.#parser.on('opentagstart', ({ name }) => this.#start(name));
    this.#parser.on('attribute', ({ name, value }) => this.#attribute(name, value));
    this.#parser.on('opentag', ({ name }) => this.#push(name));
    this.#parser.on('closetag', () => this.#close());
    this.#parser.on('text', (content) => this.#addText(content));
    this.#parser.on('cdata', (content) => this.#addText(content));
    this.#parser.on('comment', (content) => this.#open.at(-1)?.nodes.push({ kind: 'comment', text: content }));
  }

  read(): XmlElement {
    this.#parser.write(this.#text).close();
    if (this.#root === undefined) this.#fail('the document is empty', { fix: 'It needs one root element, e.g. <cib>' });
    return this.#root;
  }

  #start(name: string): void {
    this.#origin = this.#originOf(name);
    this.#pairs = [];
    if (++this.#elements > this.#limits.elementsMax) this.#fail(`more than ${this.#limits.elementsMax} elements`);
    if (this.#open.length >= this.#limits.depthMax) {
      this.#fail(`elements are nested more than ${this.#limits.depthMax} deep`, { why: 'no cluster document is' });
    }
  }

  /** The parser has read one character past the name when it reports it; that may have been the end of the line. */
  #originOf(name: string): XmlOrigin {
    const { line, column, position } = this.#parser;
    if (column > 0) return { line, column: column - name.length - 1 };
    const start = position - name.length - 2;
    return { line: line - 1, column: start - this.#text.lastIndexOf('\n', start) };
  }

  #attribute(name: string, value: string): void {
    this.#pairs.push(this.#interned(name), value);
    if (this.#pairs.length > 2 * this.#limits.attributesPerElementMax) {
      this.#fail(`more than ${this.#limits.attributesPerElementMax} attributes on one element`);
    }
  }

  #push(name: string): void {
    this.#open.push({ ...this.#origin, name: this.#interned(name), pairs: this.#pairs, nodes: [] });
  }

  #close(): void {
    const done = this.#open.pop();
    if (done === undefined) return;
    this.#closed = done;
    const element = new XmlElement(done.name, done.pairs, done.nodes.length === 0 ? undefined : done.nodes, done);
    const parent = this.#open.at(-1);
    if (parent === undefined) this.#root = element;
    else parent.nodes.push(element);
  }

  #addText(content: string): void {
    const nodes = this.#open.at(-1)?.nodes;
    if (nodes === undefined || !/[^ \t\n\r]/.test(content)) return;
    const last = nodes.at(-1);
    if (last?.kind === 'text') nodes[nodes.length - 1] = { kind: 'text', text: last.text + content };
    else nodes.push({ kind: 'text', text: content });
  }

  #interned(name: string): string {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    this.#names.set(name, name);
    return name;
  }

  /** The parser's mistake in words that tell what to do about it. */
  #refuse(message: string): never {
    const { position } = this.#parser;
    const reference = this.#text.lastIndexOf('&', position - 1);
    switch (message) {
      case 'undefined entity':
        return this.#fail(`${this.#text.slice(reference, position)} stands for nothing`, {
          fix: 'XML knows &lt; &gt; &amp; &quot; &apos; and the numbers of characters; write &amp; for &',
        });
      case 'unexpected close tag':
        return this.#fail('this end tag closes another element', stillOpen(this.#closed));
      case 'document must contain a root element':
        return this.#fail('the document is empty', { fix: 'It needs one root element, e.g. <cib>' });
      default:
        if (!message.startsWith('unclosed tag')) return this.#fail(message);
        this.#refuseAmpersand();
        return this.#fail('the document ends too early', stillOpen(this.#open.at(-1)));
    }
  }

  /** The parser takes all that follows an & for a name when no semicolon ends it, and sees the end of the text only. */
  #refuseAmpersand(): void {
    const markup = this.#text.replace(apart, (part) => ' '.repeat(part.length));
    const at = markup.search(loneAmpersand);
    if (at < 0) return;
    const line = this.#text.slice(0, at).split('\n').length;
    const place = { line, column: at - this.#text.lastIndexOf('\n', at) };
    throw new Unreadable('& begins no reference', place, { fix: 'Write &amp; for &' });
  }

  #fail(message: string, advice: { readonly why?: string; readonly fix?: string } = {}): never {
    throw new Unreadable(message, { line: this.#parser.line, column: this.#parser.column + 1 }, advice);
  }
}

function stillOpen(element: OpenElement | undefined): { readonly why?: string } {
  return element === undefined ? {} : { why: `<${element.name}> of line ${element.line} is still open` };
}

/** In the words of who reads a document, where the parser's are those of who writes parsers. */
const plainWords: Readonly<Record<string, string>> = {
  'text data outside of root node': 'text outside of the one element that a document consists of',
  'documents may contain only one root': 'a second element after the end of the document',
  'attribute without value': 'an attribute has no value',
  'unquoted attribute value': 'the value of an attribute is not in quotes',
  'no whitespace between attributes': 'there is no blank between two attributes',
  'forward-slash in opening tag not followed by >': "a '/' in a tag is not followed by '>'",
  'disallowed character in tag name': 'a character that no name of an element may have',
  'disallowed character in attribute name': 'a character that no name of an attribute may have',
};

/** saxes writes `line:column: message.`; the place goes where diagnostics keep it. */
function plainMessage(message: string): string {
  const said = message.replace(/^(?:\d+:\d+: )/, '').replace(/\.$/, '');
  return plainWords[said] ?? said;
}
