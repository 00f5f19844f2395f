// Comments, quotes and escapes of one line, keepalived.conf(5) "Quoted strings".

/** One word of a line. `text` has its quotes removed; `quoted` tells whether there were any. */
export type Word = {
  readonly text: string;
  /** `text` with the escapes of its quoted parts replaced: what script commands are read from. */
  readonly unescaped: string;
  readonly quoted: boolean;
};

export type Words = { readonly words: readonly Word[]; readonly unterminatedQuote: string | undefined };

/** The line without its comment: `#` or `!` to the end, unless quoted. */
export function withoutComment(line: string): string {
  let quote = '';
  for (let index = 0; index < line.length; index++) {
    const char = line.charAt(index);
    if (quote !== '' && char === '\\') index++;
    else if (quote !== '') quote = char === quote ? '' : quote;
    else if (char === '"' || char === "'") quote = char;
    else if (char === '#' || char === '!') return line.slice(0, index);
  }
  return line;
}

/** Words separated by white space; quotes join, and are removed. */
export function splitWords(line: string): Words {
  const words: Word[] = [];
  let index = 0;
  while (index < line.length) {
    if (/\s/.test(line.charAt(index))) {
      index++;
      continue;
    }
    const { word, next, terminated } = readWord(line, index);
    words.push(word);
    if (!terminated) return { words, unterminatedQuote: line.slice(index) };
    index = next;
  }
  return { words, unterminatedQuote: undefined };
}

/** A part of a line between braces, or a brace. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'open' }
  | { readonly kind: 'close' };

/** Cuts a line at its unquoted braces; those of `${NAME}` belong to the name. */
export function splitBraces(line: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let start = 0;
  const cut = (end: number): void => {
    const text = line.slice(start, end).trim();
    if (text !== '') pieces.push({ kind: 'text', text });
    start = end + 1;
  };
  let quote = '';
  for (let index = 0; index < line.length; index++) {
    const char = line.charAt(index);
    if (quote !== '' && char === '\\') index++;
    else if (quote !== '') quote = char === quote ? '' : quote;
    else if (char === '"' || char === "'") quote = char;
    else if (char === '$' && line.charAt(index + 1) === '{') index = endOfParameter(line, index);
    else if (char === '{' || char === '}') {
      cut(index);
      pieces.push({ kind: char === '{' ? 'open' : 'close' });
    }
  }
  cut(line.length);
  return pieces;
}

/** Index of the `}` of the `${` at `start`, or `start` when there is none. */
function endOfParameter(line: string, start: number): number {
  const end = line.indexOf('}', start);
  return end < 0 ? start + 1 : end;
}

function readWord(line: string, start: number): { word: Word; next: number; terminated: boolean } {
  let text = '';
  let unescaped = '';
  let quote = '';
  let quoted = false;
  let index = start;
  while (index < line.length) {
    const char = line.charAt(index);
    if (quote === '' && /\s/.test(char)) break;
    if (quote === '' && (char === '"' || char === "'")) {
      quote = char;
      quoted = true;
      index++;
    } else if (char === quote) {
      quote = '';
      index++;
    } else if (quote !== '' && char === '\\' && index + 1 < line.length) {
      const replacement = readEscape(line, index);
      text += line.slice(index, replacement.next);
      unescaped += replacement.value;
      index = replacement.next;
    } else {
      text += char;
      unescaped += char;
      index++;
    }
  }
  return { word: { text, unescaped, quoted }, next: index, terminated: quote === '' };
}

const letters: ReadonlyMap<string, string> = new Map([
  ['a', '\x07'],
  ['b', '\b'],
  ['E', '\x1b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
]);

/** `\n`, `\101`, `\x41`, `\cC`, and `\C` for any other C, at `start`. */
function readEscape(line: string, start: number): { value: string; next: number } {
  const rest = line.slice(start + 1, start + 12);
  const hex = /^x([0-9a-fA-F]+)/.exec(rest);
  if (hex !== null) {
    return {
      value: String.fromCharCode(Number.parseInt(hex[1] ?? '', 16) & 0xff),
      next: start + 1 + hex[0].length,
    };
  }
  const octal = /^[0-7]{1,3}/.exec(rest);
  if (octal !== null) {
    return { value: String.fromCharCode(Number.parseInt(octal[0], 8) & 0xff), next: start + 1 + octal[0].length };
  }
  const control = /^c(.)/.exec(rest);
  if (control !== null) return { value: String.fromCharCode((control[1] ?? '').charCodeAt(0) & 0x1f), next: start + 3 };
  const char = rest.charAt(0);
  return { value: letters.get(char) ?? char, next: start + 2 };
}
