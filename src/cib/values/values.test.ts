import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  addDuration,
  compareNodeNames,
  compareVersions,
  datePartsOf,
  formatInstant,
  type Instant,
  intervalSeconds,
  parseBoolean,
  parseDuration,
  parseInstant,
  parseInteger,
  parseIntegerFrom,
  parseIntervalMs,
  parseRange,
  parseScore,
} from '../index.ts';

const now: Instant = { epochSeconds: 1_568_991_600, offsetSeconds: 7200 };

function epochOf(text: string): number | undefined {
  return parseInstant(text, now)?.epochSeconds;
}

test('scalars read as the cluster reads them', () => {
  assert.deepEqual(['TRUE', 'y', '1', 'Off', '0', 'maybe', ''].map(parseBoolean), [
    true,
    true,
    true,
    false,
    false,
    undefined,
    undefined,
  ]);
  assert.deepEqual(['12', ' -3x', '+7', 'x', ''].map(parseInteger), [12, -3, 7, undefined, undefined]);
  assert.deepEqual(
    [parseIntegerFrom(1, 'x'), parseIntegerFrom(1, '-4'), parseIntegerFrom(0, '99999999999')],
    [1, 1, 2 ** 31 - 1],
  );
  assert.deepEqual(
    ['INFINITY', '+INFINITY', '-INFINITY', 'infinity', '2000000', '-5', 'Red'].map((text) => parseScore(text)),
    [1_000_000, 1_000_000, -1_000_000, undefined, 1_000_000, -5, 0],
  );
  assert.equal(parseScore('red', { red: -1_000_000, yellow: 0, green: 0 }), -1_000_000);
  assert.deepEqual(['5', '1-5', '3-', '-7', '', '-', '5-1', '1-2-3'].map(parseRange), [
    { low: 5, high: 5 },
    { low: 1, high: 5 },
    { low: 3, high: undefined },
    { low: undefined, high: 7 },
    ...Array(4).fill(undefined),
  ]);
  assert.ok(compareVersions('3.10', '3.9.9') > 0 && compareVersions(' 3.1', '3.1.0rc') === 0);
});

test('intervals: units by prefix, decimals cut off, ISO 8601, never negative', () => {
  const cases: [string, number | undefined][] = [
    ['10', 10_000],
    ['1.9s', 1000],
    ['200ms', 200],
    ['1500us', 1],
    ['5 min', 300_000],
    ['2H', 7_200_000],
    ['PT1M30S', 90_000],
    ['P1Y', 2 ** 32 - 1],
    ['P1D', 86_400_000],
    ['3d', undefined],
    ['-1', undefined],
    ['soon', undefined],
    ['P', undefined],
    ['P1DT', 86_400_000],
    ['P10S', 10_000],
    ['P5', undefined],
    ['P1M', 2_592_000_000],
    ['PT1M', 60_000],
  ];
  for (const [text, ms] of cases) assert.equal(parseIntervalMs(text), ms, text);
  assert.deepEqual([0, 1, 999, 1499, 1500].map(intervalSeconds), [0, 1, 1, 1, 2]);
});

test('dates: calendar, ordinal and week dates; a date alone is UTC, a time without offset local', () => {
  assert.equal(epochOf('2019-09-20 15:10:52 +00:00'), 1_568_992_252);
  assert.equal(epochOf('2019-09-20T15:10:52Z'), 1_568_992_252);
  assert.equal(epochOf('20190920T171052'), 1_568_992_252);
  assert.equal(epochOf('2019-09-20T10:10:52-05'), 1_568_992_252);
  assert.equal(epochOf('2019-09-20'), 1_568_937_600);
  assert.equal(epochOf('2019-263'), 1_568_937_600);
  assert.equal(epochOf('2019-W38-5'), 1_568_937_600);
  assert.equal(epochOf('2019-09-19T24:00Z'), 1_568_937_600);
  assert.equal(epochOf('17:10:52'), 1_568_992_252);
  assert.equal(epochOf('epoch'), 0);
  for (const text of [
    '',
    'T',
    'tomorrow',
    '2019-13-01',
    '2019-02-29',
    '2019-366',
    '2019-W53-1',
    '2019-01-01T25:00',
    '2019-01-01T',
  ]) {
    assert.equal(parseInstant(text, now), undefined, text);
  }
});

test('the calendar agrees with the platform, in every offset, and back', () => {
  const instants = fc.record({
    epochSeconds: fc.integer({ min: -60_000_000_000, max: 250_000_000_000 }),
    offsetSeconds: fc.integer({ min: -840, max: 840 }).map((minutes) => minutes * 60),
  });
  fc.assert(
    fc.property(instants, (instant) => {
      const shown = new Date((instant.epochSeconds + instant.offsetSeconds) * 1000);
      const parts = datePartsOf(instant);
      assert.deepEqual(
        [parts.year, parts.month, parts.day, parts.hour, parts.minute, parts.second, parts.weekDay],
        [
          shown.getUTCFullYear(),
          shown.getUTCMonth() + 1,
          shown.getUTCDate(),
          shown.getUTCHours(),
          shown.getUTCMinutes(),
          shown.getUTCSeconds(),
          shown.getUTCDay() || 7,
        ],
      );
      if (parts.year < 1 || parts.year > 9999) return;
      assert.deepEqual(parseInstant(formatInstant(instant), now), { ...instant });
      const week = `${String(parts.weekYear).padStart(4, '0')}-W${String(parts.week).padStart(2, '0')}-${parts.weekDay}`;
      const midnight = Math.floor((instant.epochSeconds + instant.offsetSeconds) / 86_400) * 86_400;
      if (parts.weekYear >= 1 && parts.weekYear <= 9999) assert.equal(epochOf(week), midnight);
    }),
  );
});

test('adding a month keeps the day where it can', () => {
  const start = parseInstant('2024-01-31 12:00:00Z', now);
  const duration = parseDuration('P1M');
  assert.ok(start && duration);
  assert.equal(formatInstant(addDuration(start, duration)), '2024-02-29 12:00:00Z');
  assert.equal(formatInstant(addDuration(start, { ...duration, months: -2, days: 1 })), '2023-12-01 12:00:00Z');
});

test('node names sort as people count', () => {
  const names = ['node10', 'Node2', 'node1', 'node07', 'node7', 'node', 'alpha'];
  assert.deepEqual([...names].sort(compareNodeNames), ['alpha', 'node', 'node1', 'Node2', 'node7', 'node07', 'node10']);
});

test('no text makes a reader throw', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9PTW:.Z+ -]{0,20}$/)), (text) => {
      for (const read of [parseBoolean, parseInteger, parseScore, parseIntervalMs, parseDuration, parseRange, epochOf])
        read(text);
    }),
  );
});

test('a time without an offset is local, also where the time that is now is told in another offset', () => {
  const now = { epochSeconds: 0, offsetSeconds: 0, localOffsetSeconds: -5 * 3600 };
  assert.equal(parseInstant('1970-01-01 01:00', now)?.epochSeconds, 6 * 3600);
  assert.equal(parseInstant('1970-01-01 01:00Z', now)?.epochSeconds, 3600);
  assert.equal(parseInstant('1970-01-01', now)?.epochSeconds, 0);
});
