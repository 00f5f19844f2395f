// POSIX extended regular expressions, as `rsc-pattern` uses them, made into those of this language. They differ in what
// stands between brackets, and in what a backslash means. (POSIX.1-2017, XBD 9; the word escapes are GNU's.)

const classes: Readonly<Record<string, string>> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  blank: ' \\t',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '\\x21-\\x7e',
  lower: 'a-z',
  print: '\\x20-\\x7e',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\s',
  upper: 'A-Z',
  xdigit: '0-9A-Fa-f',
};

const wordEscapes: Readonly<Record<string, string>> = {
  w: '\\w',
  W: '\\W',
  s: '\\s',
  S: '\\S',
  b: '\\b',
  B: '\\B',
  '<': '\\b(?=\\w)',
  '>': '\\b(?<=\\w)',
};

/** Undefined for what is no such expression. */
export function extendedPattern(text: string): RegExp | undefined {
  let source = '';
  let rest = text;
  // There is nothing to repeat at the beginning and after these; a repetition there is passed over.
  let repeatable = false;
  while (rest !== '') {
    const part = rest.startsWith('[') ? bracketExpression(rest) : plainPart(rest);
    if (part === undefined) return undefined;
    if (repeatable || !/^[*+?]$/.test(part.source)) {
      source += part.source;
      repeatable = !['(', '|'].includes(part.source);
    }
    rest = rest.slice(part.length);
  }
  try {
    return new RegExp(source);
  } catch {
    return undefined;
  }
}

type Part = { readonly source: string; readonly length: number };

function plainPart(text: string): Part | undefined {
  const [first = '', second] = text;
  if (first !== '\\') return { source: first, length: first.length };
  if (second === undefined) return undefined;
  return { source: wordEscapes[second] ?? literal(second), length: 1 + second.length };
}

function literal(character: string): string {
  return character.replace(/[$()*+.?[\\\]^{|}/-]/, '\\$&');
}

/** `[…]`: a backslash is itself, a `]` at the beginning too, and there are classes such as `[:digit:]`. */
function bracketExpression(text: string): Part | undefined {
  const match = /^\[(\^?)(\]?(?:\[:[a-z]+:\]|\[\.[^\]]*\.\]|\[=[^\]]*=\]|[^\]])*)\]/.exec(text);
  if (match === null) return undefined;
  const [whole, negation = '', inside = ''] = match;
  let isKnown = true;
  const source = inside.replace(/\[:([a-z]+):\]|\[([.=])(.)\2\]|[[\]\\^]/g, (part, name, _, single) => {
    if (name !== undefined) {
      isKnown &&= Object.hasOwn(classes, name);
      return classes[name] ?? '';
    }
    return literal(single ?? part);
  });
  return isKnown ? { source: `[${negation}${source}]`, length: whole.length } : undefined;
}
