// Points in time as rules write them (ISO 8601), and their parts. Own arithmetic on the proleptic Gregorian calendar,
// because `Date` reads the machine's time zone, which a core must be given: algorithms from Howard Hinnant,
// "chrono-Compatible Low-Level Date Algorithms", and ISO 8601 for weeks.
import type { Duration } from './interval.ts';

/** A moment, and the offset from UTC (seconds, east is positive) in which its writer or the local machine shows it. */
export type Instant = {
  readonly epochSeconds: number;
  readonly offsetSeconds: number;
  /** Of the time that is now: the machine's own offset, for times that are written without one; else `offsetSeconds`. */
  readonly localOffsetSeconds?: number;
};

/** The parts of an instant in its own offset. Months, days, weeks count from 1; Monday is weekday 1. */
export type DateParts = {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly yearDay: number;
  readonly weekYear: number;
  readonly week: number;
  readonly weekDay: number;
};

const daySeconds = 86_400;

/**
 * `YYYY-MM-DD`, `YYYYMMDD`, `YYYY-DDD`, `YYYY-Www-D`, each alone (midnight UTC) or followed by `T` or a blank and a
 * time; a time alone (today); `epoch`. Times: `HH[:MM[:SS]]`, `HHMM[SS]`, `24:00` (fractions of a second are cut off), then optionally `Z` or `±HH[:MM]`;
 * without that they are local, as `now` says. Undefined for anything else.
 */
export function parseInstant(text: string, now: Instant): Instant | undefined {
  const words = /^\s*([^T\s]*?)(?:[T\s]\s*(.*?))?\s*$/.exec(text.startsWith('T') ? ` ${text}` : text);
  const [first, rest] = [words?.[1] ?? '', words?.[2]];
  const days = dayNumber(first);
  if (days !== undefined) {
    if (rest === undefined) return { epochSeconds: days * daySeconds, offsetSeconds: 0 };
    return instantOn(days, rest, now);
  }
  const today = Math.floor((now.epochSeconds + localOffsetOf(now)) / daySeconds);
  return instantOn(today, text.trim().replace(/^T/, ''), now);
}

function instantOn(days: number, clockText: string, now: Instant): Instant | undefined {
  const clock = parseClock(clockText);
  if (clock === undefined) return undefined;
  const offsetSeconds = clock.offsetSeconds ?? localOffsetOf(now);
  return { epochSeconds: days * daySeconds + clock.seconds - offsetSeconds, offsetSeconds };
}

function localOffsetOf(now: Instant): number {
  return now.localOffsetSeconds ?? now.offsetSeconds;
}

/** Days since 1970-01-01 of a date text. */
function dayNumber(text: string): number | undefined {
  if (text === 'epoch') return 0;
  const calendar = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(text) ?? /^(\d{4})(\d{2})(\d{2})$/.exec(text);
  if (calendar !== null) {
    const [year = 0, month = 0, day = 0] = calendar.slice(1).map(Number);
    const valid = month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month);
    return valid ? daysFromCivil(year, month, day) : undefined;
  }
  const ordinal = /^(\d{4})-?(\d{3})$/.exec(text);
  if (ordinal !== null) {
    const [year = 0, day = 0] = ordinal.slice(1).map(Number);
    return day >= 1 && day <= daysInYear(year) ? daysFromCivil(year, 1, 1) + day - 1 : undefined;
  }
  const weekly = /^(\d{4})-?W(\d{2})-?(\d)$/.exec(text);
  if (weekly === null) return undefined;
  const [year = 0, week = 0, day = 0] = weekly.slice(1).map(Number);
  const valid = week >= 1 && week <= weeksInYear(year) && day >= 1 && day <= 7;
  return valid ? firstWeekMonday(year) + (week - 1) * 7 + day - 1 : undefined;
}

function parseClock(
  text: string,
): { readonly seconds: number; readonly offsetSeconds: number | undefined } | undefined {
  const match = /^(\d{2})(?::(\d{2})(?::(\d{2})(?:\.\d+)?)?|(\d{2})(\d{2})?)?\s*(Z|[+-]\d{2}(?::?\d{2})?)?$/i.exec(
    text,
  );
  if (match === null) return undefined;
  const hour = Number(match[1]);
  const minute = Number(match[2] ?? match[4] ?? 0);
  const second = Number(match[3] ?? match[5] ?? 0);
  const endOfDay = hour === 24 && minute === 0 && second === 0;
  if (minute > 59 || second > 59 || (hour > 23 && !endOfDay)) return undefined;
  return { seconds: (hour * 60 + minute) * 60 + second, offsetSeconds: parseOffset(match[6]) };
}

function parseOffset(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const match = /^([+-])(\d{2}):?(\d{2})?$/.exec(text);
  if (match === null) return 0;
  return (match[1] === '-' ? -60 : 60) * (Number(match[2]) * 60 + Number(match[3] ?? 0));
}

/** `instant` plus years, months, weeks, days, hours, minutes, seconds, in that order; a month too short clamps the day. */
export function addDuration(instant: Instant, duration: Duration): Instant {
  const local = instant.epochSeconds + instant.offsetSeconds;
  const days = Math.floor(local / daySeconds);
  const start = civilFromDays(days);
  const months = (start.year + duration.years) * 12 + (start.month - 1) + duration.months;
  const [year, month] = [Math.floor(months / 12), (months % 12) + 1];
  const day = Math.min(start.day, daysInMonth(year, month));
  const wholeDays = daysFromCivil(year, month, day) + duration.weeks * 7 + duration.days;
  const seconds = (duration.hours * 60 + duration.minutes) * 60 + duration.seconds;
  const end = wholeDays * daySeconds + (local - days * daySeconds) + seconds;
  return { epochSeconds: end - instant.offsetSeconds, offsetSeconds: instant.offsetSeconds };
}

export function datePartsOf({ epochSeconds, offsetSeconds }: Instant): DateParts {
  const local = Math.floor(epochSeconds) + offsetSeconds;
  const days = Math.floor(local / daySeconds);
  const { year, month, day } = civilFromDays(days);
  const seconds = local - days * daySeconds;
  const weekDay = weekDayOf(days);
  // A week belongs to the year that holds its Thursday.
  const thursday = days - weekDay + 4;
  const weekYear = civilFromDays(thursday).year;
  return {
    year,
    month,
    day,
    hour: Math.floor(seconds / 3600),
    minute: Math.floor(seconds / 60) % 60,
    second: seconds % 60,
    yearDay: days - daysFromCivil(year, 1, 1) + 1,
    weekYear,
    week: Math.floor((thursday - daysFromCivil(weekYear, 1, 1)) / 7) + 1,
    weekDay,
  };
}

/** `2019-09-20 15:10:52Z`, or `… +02:00` in an offset of its own. */
export function formatInstant(instant: Instant): string {
  const { year, month, day, hour, minute, second } = datePartsOf(instant);
  const date = `${padded(year, 4)}-${padded(month, 2)}-${padded(day, 2)}`;
  const clock = [hour, minute, second].map((part) => padded(part, 2)).join(':');
  return `${date} ${clock}${formatOffset(instant.offsetSeconds)}`;
}

function formatOffset(offsetSeconds: number): string {
  if (offsetSeconds === 0) return 'Z';
  const minutes = Math.abs(Math.trunc(offsetSeconds / 60));
  return ` ${offsetSeconds < 0 ? '-' : '+'}${padded(Math.floor(minutes / 60), 2)}:${padded(minutes % 60, 2)}`;
}

function padded(value: number, width: number): string {
  return String(value).padStart(width, '0');
}

function daysFromCivil(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return (
    era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
  );
}

function civilFromDays(days: number): { readonly year: number; readonly month: number; readonly day: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const leaps = Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leaps) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

/** 1970-01-01 was a Thursday. */
function weekDayOf(days: number): number {
  return ((((days + 3) % 7) + 7) % 7) + 1;
}

function firstWeekMonday(year: number): number {
  const fourth = daysFromCivil(year, 1, 4);
  return fourth - weekDayOf(fourth) + 1;
}

function weeksInYear(year: number): number {
  return (firstWeekMonday(year + 1) - firstWeekMonday(year)) / 7;
}

function daysInMonth(year: number, month: number): number {
  const [nextYear, nextMonth] = month === 12 ? [year + 1, 1] : [year, month + 1];
  return daysFromCivil(nextYear, nextMonth, 1) - daysFromCivil(year, month, 1);
}

function daysInYear(year: number): number {
  return daysFromCivil(year + 1, 1, 1) - daysFromCivil(year, 1, 1);
}
