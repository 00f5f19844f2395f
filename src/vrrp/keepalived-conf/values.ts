// Words as numbers, times, switches and names. What cannot be read is reported, and undefined is returned: the caller
// keeps the value it had.
import type { Reader, Scope } from './block.ts';
import type { Statement } from './statement.ts';

export const repeatMax = 2_147_483_647;

export type Bounds = { readonly min: number; readonly max: number };

/** The first word after the keyword, or undefined with a message when there is none. */
export function onlyWord(statement: Statement, scope: Scope): string | undefined {
  const word = statement.words[0];
  if (word !== undefined) return word.text;
  reportMissing(statement, scope);
  return undefined;
}

export function reportMissing({ keyword, place }: Statement, scope: Scope): void {
  scope.findings.missingParameter(place, scope.subject, [keyword]);
}

/** Without a value the line is ignored with a message like any other: exit code 5 instead of 2. */
export function orIgnored<Draft>(reader: Reader<Draft>): Reader<Draft> {
  return (draft, statement, scope) => {
    if (statement.words.length > 0) reader(draft, statement, scope);
    else scope.findings.error(statement.place, missingText(statement, scope), { fix: 'The line is ignored' });
  };
}

/** Without a value the line changes nothing, and the verdict does not count it. */
export function orNothing<Draft>(reader: Reader<Draft>): Reader<Draft> {
  return (draft, statement, scope) => {
    if (statement.words.length > 0) reader(draft, statement, scope);
    else scope.findings.info(statement.place, missingText(statement, scope), { fix: 'The line is ignored' });
  };
}

function missingText({ keyword }: Statement, { subject }: Scope): string {
  return `${subject}'${keyword}' is missing a parameter`;
}

/** An integer in decimal, within both bounds. */
export function integerOf(text: string, statement: Statement, bounds: Bounds, scope: Scope): number | undefined {
  return numberOf(text, statement, { ...bounds, pattern: /^[+-]?\d+$/, unit: '' }, scope);
}

/** Seconds with a fraction down to microseconds, as milliseconds. `bounds` are in seconds. */
export function secondsOf(text: string, statement: Statement, bounds: Bounds, scope: Scope): number | undefined {
  const pattern = /^[+-]?(\d+(\.\d*)?|\.\d+)$/;
  const seconds = numberOf(text, statement, { ...bounds, pattern, unit: ' seconds' }, scope);
  return seconds === undefined ? undefined : Math.round(seconds * 1_000_000) / 1000;
}

/** `on|off|true|false|yes|no`. */
export function switchOf(text: string): boolean | undefined {
  if (['on', 'true', 'yes'].includes(text)) return true;
  return ['off', 'false', 'no'].includes(text) ? false : undefined;
}

export function integer<Draft>(bounds: Bounds, assign: (draft: Draft, value: number) => void): Reader<Draft> {
  return (draft, statement, scope) => {
    const word = onlyWord(statement, scope);
    const value = word === undefined ? undefined : integerOf(word, statement, bounds, scope);
    if (value !== undefined) assign(draft, value);
  };
}

/** `bounds` in seconds; the value arrives in milliseconds. */
export function seconds<Draft>(bounds: Bounds, assign: (draft: Draft, valueMs: number) => void): Reader<Draft> {
  return (draft, statement, scope) => {
    const word = onlyWord(statement, scope);
    const value = word === undefined ? undefined : secondsOf(word, statement, bounds, scope);
    if (value !== undefined) assign(draft, value);
  };
}

/** Whole seconds; the value arrives in milliseconds. */
export function wholeSeconds<Draft>(bounds: Bounds, assign: (draft: Draft, valueMs: number) => void): Reader<Draft> {
  return integer(bounds, (draft, value) => assign(draft, value * 1000));
}

/** A switch; without a word it means on. */
export function toggle<Draft>(assign: (draft: Draft, value: boolean) => void): Reader<Draft> {
  return (draft, statement, scope) => {
    const word = statement.words[0]?.text;
    const value = word === undefined ? true : switchOf(word);
    if (value !== undefined) assign(draft, value);
    else {
      scope.findings.error(statement.place, `${scope.subject}Invalid ${statement.keyword} parameter '${word}'`, {
        fix: 'Write on, off, true, false, yes or no',
      });
    }
  };
}

/** A keyword that is itself the setting; words after it are ignored, as the peer does. */
export function flag<Draft>(assign: (draft: Draft) => void): Reader<Draft> {
  return (draft) => assign(draft);
}

/** The same where people write a switch after it, which the peer does not read. */
export function alwaysOn<Draft>(assign: (draft: Draft) => void): Reader<Draft> {
  return (draft, statement, scope) => {
    assign(draft);
    const word = statement.words[0]?.text;
    if (word === undefined || switchOf(word) === true) return;
    const what = `${scope.subject}'${statement.keyword}' is on, whatever stands after it`;
    scope.findings.info(statement.place, what, { fix: 'Remove the line if it is not meant' });
  };
}

export function word<Draft>(assign: (draft: Draft, value: string) => void): Reader<Draft> {
  return (draft, statement, scope) => {
    const value = onlyWord(statement, scope);
    if (value !== undefined) assign(draft, value);
  };
}

/** How often: none is once. */
export function repetitions<Draft>(assign: (draft: Draft, value: number) => void): Reader<Draft> {
  return (draft, statement, scope) =>
    integer<Draft>({ min: 0, max: repeatMax }, (_, value) => {
      assign(draft, Math.max(1, value));
      if (value > 0) return;
      const what = `${scope.subject}${statement.keyword} must be greater than 0, setting to 1`;
      scope.findings.warning(statement.place, what);
    })(draft, statement, scope);
}

/** An older name of `replacement`, which does the same. */
export function deprecated<Draft>(replacement: string, reader: Reader<Draft>): Reader<Draft> {
  return (draft, statement, scope) => {
    const what = `${scope.subject}Keyword '${statement.keyword}' is deprecated`;
    scope.findings.warning(statement.place, what, { fix: `Write ${replacement}` });
    reader(draft, statement, scope);
  };
}

/** A keyword that is accepted, with a plain statement of what is not done; `check` judges its value all the same. */
export function notDone<Draft>(what: string, check?: Reader<Draft>): Reader<Draft> {
  return (draft, statement, scope) => {
    check?.(draft, statement, scope);
    scope.findings.info(statement.place, `${scope.subject}'${statement.keyword}' is accepted, but ${what}`);
  };
}

/** A value that is judged, and goes nowhere. */
export function anyInteger<Draft>(bounds: Bounds): Reader<Draft> {
  return integer(bounds, () => {});
}

export function anyWord<Draft>(): Reader<Draft> {
  return word(() => {});
}

/** A keyword that needs nothing done, because things are that way already. */
export function alreadySo<Draft>(): Reader<Draft> {
  return () => {};
}

type NumberShape = Bounds & { readonly pattern: RegExp; readonly unit: string };

function numberOf(text: string, statement: Statement, shape: NumberShape, scope: Scope): number | undefined {
  const name = `${scope.subject}${statement.keyword}`;
  if (!shape.pattern.test(text)) {
    scope.findings.error(statement.place, `${name}: invalid number '${text}'`, { fix: 'The line is ignored' });
    return undefined;
  }
  const value = Number(text);
  if (value >= shape.min && value <= shape.max) return value;
  const range = `[${shape.min}, ${shape.max}]${shape.unit}`;
  scope.findings.error(statement.place, `${name}: number '${text}' outside range ${range}`, {
    fix: 'The line is ignored',
  });
  return undefined;
}
