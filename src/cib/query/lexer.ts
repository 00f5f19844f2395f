// Words of an XPath expression.

export type Token = {
  readonly kind: 'name' | 'literal' | 'number' | 'symbol' | 'end';
  readonly text: string;
  /** From 0, in the expression. */
  readonly at: number;
};

const pattern =
  /\s*(?:("[^"]*"|'[^']*')|(\d+(?:\.\d+)?)|([A-Za-z_\u0080-\uffff][\w.\u0080-\uffff-]*)|(\/\/|::|\.\.|!=|<=|>=|[/[\]()@*.,|=<>]))/y;

/** Undefined when the text has a character that no XPath has at that place; `at` then tells where. */
export function tokensOf(text: string): { readonly tokens: Token[]; readonly strayAt: number | undefined } {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  pattern.lastIndex = 0;
  while (pattern.lastIndex < end) {
    const start = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null) return { tokens, strayAt: start };
    const at = start + match[0].length - match[0].trimStart().length;
    const [, literal, number, name, symbol] = match;
    if (literal !== undefined) tokens.push({ kind: 'literal', text: literal.slice(1, -1), at });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number, at });
    else if (name !== undefined) tokens.push({ kind: 'name', text: name, at });
    else tokens.push({ kind: 'symbol', text: symbol ?? '', at });
  }
  tokens.push({ kind: 'end', text: '', at: end });
  return { tokens, strayAt: undefined };
}
