// Runs the tests: `node tools/test.mjs [PATH-PART …]`.
//
//   *.test.ts         pure laws, side by side
//   *.system.test.ts  real kernel, real hosts, real peers: root, one after the other
//
// `npm test` runs the checks first, then both kinds. A path part (`src/vrrp`, `codec`) runs only the files that contain it.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildProgram, buildTests } from './build.mjs';

process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'));
const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'));

if (wanted.length === 0) step('check', [join('tools', 'check.mjs')]);
await buildTests();
await buildProgram();

const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => join('src', name))
  .filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
  .sort();
const system = files.filter((name) => name.endsWith('.system.test.ts'));
const laws = files.filter((name) => !name.endsWith('.system.test.ts'));
const ofTools = readdirSync('tools')
  .filter((name) => name.endsWith('.test.mjs'))
  .map((name) => join('tools', name))
  .filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)));

/** Several times what the longest file takes, on a machine that is busy with other things, too. */
const fileMinutesMax = 15;

let failed = 0;
failed += runTests('laws', [...ofTools, ...laws], 2);
failed += runTests('system', system, 1);
process.exit(failed === 0 ? 0 : 1);

function runTests(/** @type {string} */ kind, /** @type {string[]} */ sources, /** @type {number} */ atOnce) {
  if (sources.length === 0) return 0;
  console.log(`\n${kind}: ${sources.length} files`);
  const built = sources.map((name) => (name.endsWith('.mjs') ? name : join('build', name.replace(/\.ts$/, '.js'))));
  // A test that fails may leave open what keeps its process alive.
  const limits = [`--test-concurrency=${atOnce}`, `--test-timeout=${fileMinutesMax * 60_000}`];
  const options = ['--enable-source-maps', '--test', ...limits, '--test-reporter', 'spec'];
  const done = spawnSync(process.execPath, [...options, '--test-reporter-destination', 'stdout', ...built], {
    stdio: ['ignore', 'inherit', 'inherit'],
    // As the program does for its own processes: src/linux/process/program.ts.
    env: { ...process.env, UV_THREADPOOL_SIZE: '1' },
  });
  return done.status === 0 ? 0 : 1;
}

function step(/** @type {string} */ name, /** @type {string[]} */ args) {
  const done = spawnSync(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (done.status !== 0) {
    console.error(`${name} failed`);
    process.exit(1);
  }
}
