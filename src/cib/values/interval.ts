// Intervals and timeouts, as the document spells them (`10`, `10s`, `200ms`, `5min`, `1h`), and ISO 8601 durations.

/** The parts of an ISO 8601 duration, or of a `<duration>` element. */
export type Duration = {
  readonly years: number;
  readonly months: number;
  readonly weeks: number;
  readonly days: number;
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
};

const intervalMsMax = 2 ** 32 - 1;
const dateUnits: Readonly<Record<string, keyof Duration>> = {
  Y: 'years',
  M: 'months',
  W: 'weeks',
  D: 'days',
  H: 'hours',
  S: 'seconds',
};

/**
 * `P1Y2M3W4DT5H6M7S` with any parts left out. As the tools do, hours and seconds are also read without the `T` (`P10S`),
 * which decides only whether `M` means months or minutes; of a part given twice the last counts.
 */
export function parseDuration(text: string): Duration | undefined {
  if (!/^P(?=.)(?:\d{1,9}[YMWDHS])*(?:T(?:\d{1,9}[YMWDHS])*)?$/.test(text)) return undefined;
  const duration = { years: 0, months: 0, weeks: 0, days: 0, hours: 0, minutes: 0, seconds: 0 };
  const clockStart = text.includes('T') ? text.indexOf('T') : text.length;
  for (const { index, 1: count = '', 2: letter = '' } of text.matchAll(/(\d+)([YMWDHS])/g)) {
    const unit = letter === 'M' && index > clockStart ? 'minutes' : dateUnits[letter];
    if (unit !== undefined) duration[unit] = Number(count);
  }
  return duration;
}

const unitsMs: readonly (readonly [prefix: string, ms: number])[] = [
  ['ms', 1],
  ['us', 0.001],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
];

/**
 * Milliseconds of an interval or timeout, undefined for a text that is none or is negative. A number counts seconds
 * unless a unit follows (`ms us s m h`, or a word that begins so); decimals are cut off; `P…` is an ISO 8601 duration
 * with months of 30 days and years of 365. At most 2^32-1.
 */
export function parseIntervalMs(text: string): number | undefined {
  if (text.startsWith('P')) {
    const duration = parseDuration(text);
    return duration === undefined ? undefined : Math.min(intervalMsMax, durationMs(duration));
  }
  const match = /^\s*([+-]?\d+)[\d.]*\s*(.*)$/s.exec(text);
  if (match === null) return undefined;
  const factor = unitMs((match[2] ?? '').toLowerCase());
  const count = Number(match[1]);
  return factor === undefined || count < 0 ? undefined : Math.min(intervalMsMax, Math.floor(count * factor));
}

/** The same, where nothing and nonsense count as 0. */
export function intervalMsOf(text: string | undefined): number {
  return text === undefined ? 0 : (parseIntervalMs(text) ?? 0);
}

/** Milliseconds to the seconds that are compared with points in time: rounded, but never down to 0. */
export function intervalSeconds(ms: number): number {
  return ms > 0 && ms < 1000 ? 1 : Math.floor((ms + 500) / 1000);
}

function unitMs(word: string): number | undefined {
  if (word === '') return 1000;
  return unitsMs.find(([prefix]) => word.startsWith(prefix))?.[1];
}

function durationMs({ years, months, weeks, days, hours, minutes, seconds }: Duration): number {
  const wholeDays = years * 365 + months * 30 + weeks * 7 + days;
  return (((wholeDays * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
}
