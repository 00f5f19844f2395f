// How the cluster reads the values of attributes: booleans, integers, scores, versions, roles. Source: Pacemaker
// Explained, "Data types", and the observed behaviour of its tools. Every reader says undefined for what is not a value
// of its type; what to use instead is the caller's decision, because the defaults differ by place.
import { clampScore, INFINITY_SCORE } from '../../kit/index.ts';

const booleans: Readonly<Record<string, boolean>> = {
  true: true,
  on: true,
  yes: true,
  y: true,
  '1': true,
  false: false,
  off: false,
  no: false,
  n: false,
  '0': false,
};

/** `true on yes y 1`, `false off no n 0`, in any case. */
export function parseBoolean(text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  const known = text.toLowerCase();
  return Object.hasOwn(booleans, known) ? booleans[known] : undefined;
}

/** Whether the text says true; absent and invalid texts do not. */
export function isTrue(text: string | undefined): boolean {
  return parseBoolean(text) === true;
}

const integer = /^[ \t\n\v\f\r]*([+-]?\d+)/;
const int64Max = 2 ** 63;

/**
 * The integer at the beginning of the text, clipped to 64 bits; trailing garbage is ignored as the tools ignore it.
 * Exact up to 2^53.
 */
export function parseInteger(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const plain = plainInteger(text);
  if (plain !== undefined) return plain;
  const match = integer.exec(text);
  return match === null ? undefined : Math.max(-int64Max, Math.min(int64Max, Number(match[1])));
}

/** A few digits and nothing else, as nearly all are: large documents have a million of them, and matching takes far longer. */
function plainInteger(text: string): number | undefined {
  const { length } = text;
  if (length === 0 || length > 15) return undefined;
  let value = 0;
  for (let index = 0; index < length; index++) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}

/** An integer of at least `minimum` and at most 2^31-1; what is no integer counts as `minimum`. */
export function parseIntegerFrom(minimum: number, text: string | undefined): number {
  return Math.min(2 ** 31 - 1, Math.max(minimum, parseInteger(text) ?? minimum));
}

/** What the words red, yellow and green stand for; they count 0 unless a node-health strategy gives them meaning. */
export type HealthScores = { readonly red: number; readonly yellow: number; readonly green: number };

const noHealth: HealthScores = { red: 0, yellow: 0, green: 0 };

/** `INFINITY`, `+INFINITY`, `-INFINITY` (exactly so), `red`, `yellow`, `green` (any case), or an integer, clipped to ±INFINITY. */
export function parseScore(text: string | undefined, health: HealthScores = noHealth): number | undefined {
  if (text === undefined) return undefined;
  switch (text) {
    case 'INFINITY':
    case '+INFINITY':
      return INFINITY_SCORE;
    case '-INFINITY':
      return -INFINITY_SCORE;
  }
  const word = text.toLowerCase();
  if (word === 'red' || word === 'yellow' || word === 'green') return health[word];
  const number = parseInteger(text);
  return number === undefined ? undefined : clampScore(number);
}

/** Negative, zero or positive, comparing `1.10` and `1.9` by number; missing segments are 0, other text ends a version. */
export function compareVersions(left: string, right: string): number {
  const [first, second] = [versionSegments(left), versionSegments(right)];
  for (let index = 0; index < Math.max(first.length, second.length); index++) {
    const difference = (first[index] ?? 0) - (second[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function versionSegments(text: string): number[] {
  const leading = /^\s*(\d+(?:\.\d+)*)/.exec(text)?.[1];
  return leading === undefined ? [] : leading.split('.').map(Number);
}

export const roles = ['Unknown', 'Stopped', 'Started', 'Unpromoted', 'Promoted'] as const;
export type Role = (typeof roles)[number];

const roleWords: Readonly<Record<string, Role>> = {
  unknown: 'Unknown',
  stopped: 'Stopped',
  started: 'Started',
  unpromoted: 'Unpromoted',
  slave: 'Unpromoted',
  promoted: 'Promoted',
  master: 'Promoted',
};

/** In any case, with the older names Master and Slave. */
export function parseRole(text: string | undefined): Role | undefined {
  if (text === undefined) return undefined;
  const known = text.toLowerCase();
  return Object.hasOwn(roleWords, known) ? roleWords[known] : undefined;
}

/**
 * The order in which nodes are listed: case-insensitive, digit runs by their number (`node2` before `node10`), equal
 * numbers by length (`7` before `07`).
 */
export function compareNodeNames(left: string, right: string): number {
  let [at, other] = [0, 0];
  while (at < left.length && other < right.length) {
    const [run, otherRun] = [digitsAt(left, at), digitsAt(right, other)];
    if (run !== '' && otherRun !== '') {
      const difference = compareDigits(run, otherRun);
      if (difference !== 0) return difference;
      at += run.length;
      other += otherRun.length;
    } else {
      const difference = lowerCode(left, at++) - lowerCode(right, other++);
      if (difference !== 0) return difference;
    }
  }
  return left.length - at - (right.length - other);
}

function digitsAt(text: string, start: number): string {
  let end = start;
  while (text.charCodeAt(end) >= 48 && text.charCodeAt(end) <= 57) end++;
  return end === start ? '' : text.slice(start, end);
}

/** Without numbers, so that a run of any length is exact. */
function compareDigits(left: string, right: string): number {
  const [first, second] = [left.replace(/^0+/, ''), right.replace(/^0+/, '')];
  if (first.length !== second.length) return first.length - second.length;
  if (first !== second) return first < second ? -1 : 1;
  return left.length - right.length;
}

function lowerCode(text: string, index: number): number {
  const code = text.charCodeAt(index);
  return code >= 65 && code <= 90 ? code + 32 : code;
}
