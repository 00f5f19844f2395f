// The house's checks: types, lint and format, and the house rules (directions between rooms, cycles, lengths, words).
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { houseRules } from './house-rules.mjs';

process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'));

const broken = [
  check('types', () => command('node_modules/.bin/tsc', ['--noEmit'])),
  check('lint and format', () =>
    command('node_modules/.bin/biome', [
      'check',
      '--diagnostic-level=warn',
      '--max-diagnostics=12',
      '--error-on-warnings',
      '.',
    ]),
  ),
  check('house rules', () => houseRules('src')),
].filter((passed) => !passed);
process.exit(broken.length === 0 ? 0 : 1);

function check(/** @type {string} */ name, /** @type {() => string[]} */ find) {
  const started = performance.now();
  const findings = find();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${findings.length === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`);
  for (const finding of findings) console.log(finding);
  return findings.length === 0;
}

function command(/** @type {string} */ program, /** @type {string[]} */ args) {
  const done = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  return done.status === 0 ? [] : [`${done.stdout}${done.stderr}`.trim()];
}
