// Measures the scheduler against recorded cases of Pacemaker's regression suite:
//
//   npm run conformance [-- --data DIR] [--output OUT] [--only NAME-PART] [--list] [--diff NAME]
//
// One process schedules every case (`haven simulate --suite`), then each file is compared with the recorded one as
// `diff --ignore-all-space --ignore-blank-lines` would: white space and blank lines never matter, everything else does.
// Prints how many cases agree by kind of file and by category, and the failures. The exit code is 0 when all agree.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const kinds = ['summary', 'scores', 'exp', 'dot', 'stderr'];

/** A family of fewer cases than this is counted under `other`. */
const categoryCasesMin = 5;
const failuresShownMax = 40;

const { values: options } = parseArgs({
  options: {
    data: { type: 'string', default: join(root, '..', 'shared', 'cts-scheduler') },
    output: { type: 'string' },
    only: { type: 'string' },
    list: { type: 'boolean', default: false },
    diff: { type: 'string' },
  },
});

if (!existsSync(join(options.data, 'cases.json'))) {
  console.error(`conformance: no cases.json in ${options.data}: name the data's folder with --data DIR`);
  process.exit(66);
}

const output = options.output ?? mkdtempSync(join(tmpdir(), 'haven-conformance-'));
try {
  process.exitCode = measure();
} finally {
  if (options.output === undefined) rmSync(output, { recursive: true, force: true });
}

function measure() {
  /** @type {{ name: string }[]} */
  const cases = JSON.parse(readFileSync(join(options.data, 'cases.json'), 'utf8'));
  const wanted = cases
    .map(({ name }) => name)
    .filter((name) => options.only === undefined || name.includes(options.only));
  const started = performance.now();
  const only = options.only === undefined ? [] : ['--only', options.only];
  const run = ['simulate', '--suite', options.data, '--output', output, ...only];
  const done = spawnSync(join(root, 'bin', 'haven'), run, { stdio: ['ignore', 'inherit', 'inherit'] });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const results = wanted.map((name) => ({ name, wrong: kinds.filter((kind) => differs(kind, name)) }));
  printTable(results);
  printFailures(results);
  if (options.diff !== undefined) printDiffs(options.diff);
  const equal = results.filter(({ wrong }) => wrong.length === 0).length;
  console.log(`\n${equal} of ${results.length} cases equal in every file (${seconds} s)`);
  return done.status === 0 && equal === results.length ? 0 : 1;
}

function differs(/** @type {string} */ kind, /** @type {string} */ name) {
  return significant(options.data, kind, name) !== significant(output, kind, name);
}

function significant(/** @type {string} */ folder, /** @type {string} */ kind, /** @type {string} */ name) {
  const file = join(folder, kind, `${name}.${kind}`);
  if (!existsSync(file)) return '';
  return readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.replaceAll(/\s+/g, ''))
    .filter((line) => line !== '')
    .join('\n');
}

function printTable(/** @type {{ name: string, wrong: string[] }[]} */ results) {
  const sizes = new Map();
  for (const { name } of results) sizes.set(familyOf(name), (sizes.get(familyOf(name)) ?? 0) + 1);
  const categoryOf = (/** @type {string} */ name) =>
    sizes.get(familyOf(name)) < categoryCasesMin ? 'other' : familyOf(name);
  const categories = [...new Set(results.map(({ name }) => categoryOf(name)))].sort();
  /** @type {[string, { name: string, wrong: string[] }[]][]} */
  const rows = categories.map((category) => [category, results.filter(({ name }) => categoryOf(name) === category)]);
  console.log(['category'.padEnd(16), ...['cases', ...kinds, 'all'].map((word) => word.padStart(8))].join(''));
  rows.push(['total', results]);
  for (const [category, members] of rows) {
    const counts = kinds.map((kind) => members.filter(({ wrong }) => !wrong.includes(kind)).length);
    const all = members.filter(({ wrong }) => wrong.length === 0).length;
    const cells = [members.length, ...counts, all].map((count) => String(count).padStart(8));
    console.log([category.padEnd(16), ...cells].join(''));
  }
}

/** The suite groups its cases by the first word of their names. */
function familyOf(/** @type {string} */ name) {
  return /^[a-z]+/.exec(name)?.[0] ?? 'number';
}

function printFailures(/** @type {{ name: string, wrong: string[] }[]} */ results) {
  const failures = results.filter(({ wrong }) => wrong.length > 0);
  const shown = options.list ? failures : failures.slice(0, failuresShownMax);
  for (const { name, wrong } of shown) console.log(`differs: ${name} (${wrong.join(', ')})`);
  if (shown.length < failures.length) console.log(`… and ${failures.length - shown.length} more (--list shows all)`);
}

function printDiffs(/** @type {string} */ name) {
  for (const kind of kinds) {
    const files = [options.data, output].map((folder) => join(folder, kind, `${name}.${kind}`));
    const [expected = '', actual = ''] = files.map((file) => (existsSync(file) ? file : '/dev/null'));
    spawnSync('diff', ['-u', '--ignore-all-space', '--ignore-blank-lines', expected, actual], { stdio: 'inherit' });
  }
}
