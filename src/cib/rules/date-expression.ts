// `<date_expression>`: before, after or within a span of time, or at matching parts of the date.

import { addDuration, type DateParts, datePartsOf, type Instant, parseInstant } from '../values/date-time.ts';
import { inRange, parseRange } from '../values/range.ts';
import { parseInteger } from '../values/scalar.ts';
import type { XmlElement } from '../xml/element.ts';
import type { RuleVerdict } from './rule.ts';

const never: RuleVerdict = { passes: false, changesAt: undefined };

export function evaluateDateExpression(condition: XmlElement, now: Instant): RuleVerdict {
  const at = now.epochSeconds;
  const start = boundOf(condition.get('start'), now);
  const end = boundOf(condition.get('end'), now);
  if (start === 'invalid' || end === 'invalid') return never;
  switch ((condition.get('operation') ?? 'in_range').toLowerCase()) {
    case 'in_range':
      return evaluateSpan(condition, at, start, end);
    case 'gt':
      if (start === undefined) return never;
      return at > start.epochSeconds ? always : { passes: false, changesAt: start.epochSeconds + 1 };
    case 'lt':
      if (end === undefined || at >= end.epochSeconds) return never;
      return { passes: true, changesAt: end.epochSeconds };
    case 'date_spec':
      return matchesDateSpec(condition.child('date_spec'), datePartsOf(now)) ? always : never;
    default:
      return never;
  }
}

const always: RuleVerdict = { passes: true, changesAt: undefined };

function boundOf(text: string | undefined, now: Instant): Instant | 'invalid' | undefined {
  return text === undefined ? undefined : (parseInstant(text, now) ?? 'invalid');
}

function evaluateSpan(
  condition: XmlElement,
  at: number,
  start: Instant | undefined,
  writtenEnd: Instant | undefined,
): RuleVerdict {
  const end = writtenEnd ?? endOfDuration(start, condition.child('duration'));
  if (end === 'invalid' || (start === undefined && end === undefined)) return never;
  if (start !== undefined && at < start.epochSeconds) return { passes: false, changesAt: start.epochSeconds };
  if (end === undefined) return always;
  return at > end.epochSeconds ? never : { passes: true, changesAt: end.epochSeconds + 1 };
}

const durationParts = ['years', 'months', 'weeks', 'days', 'hours', 'minutes', 'seconds'] as const;

function endOfDuration(start: Instant | undefined, duration: XmlElement | undefined): Instant | 'invalid' | undefined {
  if (start === undefined || duration === undefined) return undefined;
  const parts = durationParts.map((part) => parseInteger(duration.get(part) ?? '0'));
  const [years, months, weeks, days, hours, minutes, seconds] = parts.map((part) =>
    part === undefined || Math.abs(part) > 2 ** 31 ? Number.NaN : part,
  );
  const known = { years, months, weeks, days, hours, minutes, seconds };
  if (duration.id === undefined || Object.values(known).some(Number.isNaN)) return 'invalid';
  return addDuration(start, known as Parameters<typeof addDuration>[1]);
}

/** The attribute of `<date_spec>` that constrains each part of a date. */
const specParts: Readonly<Record<string, keyof DateParts>> = {
  years: 'year',
  months: 'month',
  monthdays: 'day',
  hours: 'hour',
  minutes: 'minute',
  seconds: 'second',
  yeardays: 'yearDay',
  weekyears: 'weekYear',
  weeks: 'week',
  weekdays: 'weekDay',
};

function matchesDateSpec(spec: XmlElement | undefined, parts: DateParts): boolean {
  if (spec === undefined || spec.id === undefined) return false;
  return Object.entries(specParts).every(([attribute, part]) => {
    const text = spec.get(attribute);
    if (text === undefined) return true;
    const range = parseRange(text);
    return range !== undefined && inRange(parts[part], range);
  });
}
