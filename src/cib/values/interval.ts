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
const iso = /^P(?=.)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;

/** `P1Y2M3W4DT5H6M7S` with any parts left out. */
export function parseDuration(text: string): Duration | undefined {
  const match = iso.exec(text);
  if (match === null) return undefined;
  const [, years, months, weeks, days, hours, minutes, seconds] = match.map((part) => Number(part ?? 0));
  const parts = { years, months, weeks, days, hours, minutes, seconds };
  return Object.values(parts).every((part) => part !== undefined && part <= 2 ** 31) ? (parts as Duration) : undefined;
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
