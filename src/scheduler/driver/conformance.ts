// Runs the scheduler's regression suite and compares strictly, as the data's README says: white space and blank lines do not
// count, everything else does.
//
//   node build/src/scheduler/driver/conformance.js [--data DIR] [--kind scores] [--show CASE] [WORD …]

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Instant, parseInstant, parseXml } from '../../cib/index.ts';
import { formatScoreLine, instantOfRun, placeResources } from '../index.ts';

type Case = { readonly name: string; readonly args: readonly string[]; readonly description: string };

const directory = optionOf('--data') ?? join('..', 'shared', 'cts-scheduler');
const shown = optionOf('--show');
const words = process.argv
  .slice(2)
  .filter((word, index, all) => !word.startsWith('--') && !all[index - 1]?.startsWith('--'));

function optionOf(name: string): string | undefined {
  const index = process.argv.indexOf(name);
  return index < 0 ? undefined : process.argv[index + 1];
}

/** The lines that count, white space within them made irrelevant. */
function essence(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/\s+/g, ''))
    .filter((line) => line !== '');
}

function scoresOf(testCase: Case): string {
  const text = readFileSync(join(directory, 'xml', `${testCase.name}.xml`), 'utf8');
  const parsed = parseXml(text);
  if (!parsed.ok) return `no document: ${JSON.stringify(parsed.error)}`;
  const clock = { epochSeconds: Math.floor(Date.now() / 1000), offsetSeconds: 0 };
  const now = instantOfRun(parsed.value, clock, askedTime(testCase, clock));
  const { listing } = placeResources(parsed.value, { now, reasons: false });
  return listing.map(formatScoreLine).sort().join('\n');
}

function askedTime({ args }: Case, clock: Instant): Instant | undefined {
  const text = args[args.indexOf('-t') + 1];
  return args.includes('-t') && text !== undefined ? parseInstant(text, clock) : undefined;
}

function main(): void {
  const all = JSON.parse(readFileSync(join(directory, 'cases.json'), 'utf8')) as Case[];
  const cases = all.filter(
    ({ name }) => (shown ?? name) === name && (words.length === 0 || words.some((w) => name.includes(w))),
  );
  const failed: string[] = [];
  for (const testCase of cases) {
    const path = join(directory, 'scores', `${testCase.name}.scores`);
    if (!existsSync(path)) continue;
    let actual: string;
    try {
      actual = scoresOf(testCase);
    } catch (problem) {
      actual = `threw ${(problem as Error).stack}`;
    }
    const expected = essence(readFileSync(path, 'utf8'));
    const lines = essence(actual);
    if (lines.sort().join('\n') === expected.sort().join('\n')) continue;
    failed.push(testCase.name);
    if (shown !== undefined) show(expected, lines, actual);
  }
  console.log(`${cases.length - failed.length} of ${cases.length} equal`);
  if (shown === undefined) console.log(failed.join(' '));
}

function show(expected: string[], actual: string[], raw: string): void {
  if (raw.startsWith('threw')) console.log(raw);
  const count = new Map<string, number>();
  for (const line of expected) count.set(line, (count.get(line) ?? 0) - 1);
  for (const line of actual) count.set(line, (count.get(line) ?? 0) + 1);
  for (const [line, difference] of count) {
    if (difference !== 0) console.log(`${difference < 0 ? '-' : '+'}${Math.abs(difference)} ${line}`);
  }
}

main();
