// Whether a value is of the type that its attribute needs, and how to say what would be.
import { nearest } from '../../kit/index.ts';
import { parseInstant } from '../values/date-time.ts';
import { parseIntervalMs } from '../values/interval.ts';
import { parseRange } from '../values/range.ts';
import { parseBoolean, parseRole, parseScore } from '../values/scalar.ts';

type ValueType = { readonly accepts: (value: string) => boolean; readonly expects: string };

const anywhen = { epochSeconds: 0, offsetSeconds: 0 };

const types: Readonly<Record<string, ValueType>> = {
  text: { accepts: () => true, expects: 'a text' },
  reference: { accepts: (value) => value !== '', expects: 'an id' },
  id: {
    accepts: (value) => /^[\p{L}_][\p{L}\p{M}\p{N}._-]*$/u.test(value),
    expects: 'an id: a letter or _, then letters, digits, . _ or -',
  },
  boolean: { accepts: (value) => parseBoolean(value) !== undefined, expects: 'true or false' },
  truth: { accepts: (value) => parseBoolean(value) !== undefined, expects: 'true or false' },
  integer: { accepts: (value) => /^[+-]?\d+$/.test(value), expects: 'a whole number' },
  count: { accepts: (value) => /^\d+$/.test(value), expects: 'a whole number from 0' },
  positive: { accepts: (value) => /^0*[1-9]\d*$/.test(value), expects: 'a whole number from 1' },
  score: {
    accepts: (value) => parseScore(value) !== undefined && /^(?:[+-]?(?:\d+|INFINITY)|red|yellow|green)$/i.test(value),
    expects: 'a score: a whole number, INFINITY or -INFINITY',
  },
  interval: {
    accepts: (value) => parseIntervalMs(value) !== undefined,
    expects: 'a time such as 10s, 200ms, 5min or PT1H',
  },
  role: { accepts: (value) => parseRole(value) !== undefined, expects: 'Started, Stopped, Promoted or Unpromoted' },
  version: { accepts: (value) => /^\d+(?:\.\d+)*$/.test(value), expects: 'a version such as 3.20.5' },
  range: { accepts: (value) => parseRange(value) !== undefined, expects: 'a number or a range such as 9-16' },
  date: {
    accepts: (value) => parseInstant(value, anywhen) !== undefined,
    expects: 'a date such as 2026-07-31 or 2026-07-31T12:30:00Z',
  },
};

/** Types of which the cluster takes any text, and reads a wrong one as nothing: worth a warning, no reason to refuse. */
export const lenientTypes: ReadonlySet<string> = new Set(['interval', 'date', 'truth']);

/** Undefined when `value` is of the type; else what it should be. `type` is one of the names above, or words parted by `|`. */
export function valueProblem(
  type: string,
  value: string,
): { readonly expects: string; readonly fix?: string } | undefined {
  if (!type.includes('|')) {
    const known = types[type];
    return known === undefined || known.accepts(value) ? undefined : { expects: known.expects };
  }
  const words = type.split('|');
  if (words.some((word) => word.toLowerCase() === value.toLowerCase())) return undefined;
  const meant = nearest(value, words);
  return { expects: `one of ${words.join(', ')}`, ...(meant === undefined ? {} : { fix: `Did you mean ${meant}?` }) };
}
