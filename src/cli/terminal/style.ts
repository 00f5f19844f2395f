// Colour where a person looks (a terminal that wants it), plain text everywhere else.
export type Style = {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly quiet: (text: string) => string;
  readonly strong: (text: string) => string;
};

type Output = { readonly isTTY?: boolean; readonly write: (text: string) => unknown };

const same = (text: string) => text;
export const plain: Style = { good: same, bad: same, warn: same, quiet: same, strong: same };

const coloured: Style = {
  good: sgr(32, 39),
  bad: sgr(31, 39),
  warn: sgr(33, 39),
  quiet: sgr(2, 22),
  strong: sgr(1, 22),
};

/** `NO_COLOR` (no-color.org) and `TERM=dumb` turn colour off. */
export function styleFor(output: Output): Style {
  const { NO_COLOR, TERM } = process.env;
  return isTerminal(output) && (NO_COLOR ?? '') === '' && TERM !== 'dumb' ? coloured : plain;
}

export function isTerminal(output: Output): boolean {
  return output.isTTY === true;
}

/** Select Graphic Rendition (ECMA-48, 8.3.117): on, text, off. */
function sgr(on: number, off: number): (text: string) => string {
  return (text) => (text === '' ? '' : `\u001b[${on}m${text}\u001b[${off}m`);
}
