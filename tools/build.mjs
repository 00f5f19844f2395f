// Builds Haven with esbuild.
//
//   build/  every source file (tests included) transpiled one to one, so that a test runs alone and a stack trace names its file
//   dist/   the program bundled, split at dynamic imports, so that a command loads only what it needs; `haven simulate`
//           once more in one file, with the code that V8 makes of it (bin/precompiled.js)
//
// `node tools/build.mjs` makes both; `--tests` only build/, `--program` only dist/.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const shared = {
  absWorkingDir: root,
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  sourcemap: true,
  logLevel: 'error',
};

/** Relative imports stay relative and get the extension that the output has. */
const keepFilesApart = {
  name: 'keep-files-apart',
  setup(/** @type {import('esbuild').PluginBuild} */ plugin) {
    plugin.onResolve({ filter: /^\./ }, (args) =>
      args.kind === 'entry-point' || args.path.endsWith('.json')
        ? undefined
        : { path: args.path.replace(/\.tsx?$/, '.js'), external: true },
    );
  },
};

function sources() {
  return readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name) && !name.endsWith('.d.ts'))
    .map((name) => join('src', name));
}

export async function buildTests() {
  await build({
    ...shared,
    entryPoints: sources(),
    outdir: 'build/src',
    outbase: 'src',
    bundle: true,
    packages: 'external',
    plugins: [keepFilesApart],
    define: { HAVEN_BUNDLED: 'false' },
  });
}

export async function buildProgram() {
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  await build({
    ...shared,
    entryPoints: { haven: 'src/main.ts' },
    outdir: 'dist',
    bundle: true,
    splitting: true,
    packages: 'external',
    define: { HAVEN_BUNDLED: 'true' },
    chunkNames: 'chunk-[hash]',
  });
  await buildSimulate();
}

/** In one file; a run that needs most of its functions leaves their code behind. */
async function buildSimulate() {
  const file = join(root, 'dist', 'simulate.cjs');
  await build({
    ...shared,
    entryPoints: ['src/cli/simulate.ts'],
    outfile: file,
    format: 'cjs',
    bundle: true,
    external: ['libxml2-wasm'],
    define: { HAVEN_BUNDLED: 'true' },
  });
  writeAsAscii(file);
  const stopped = join(root, 'src', 'cli', 'commands', 'simulate', 'testdata', 'every-kind.xml');
  const running = join(root, 'dist', 'sample.xml');
  simulate(['-S', '-x', stopped, '-O', running], {});
  simulate(['-S', '-s', '-x', running, '--node-fail', 'node2'], { HAVEN_KEEP_COMPILED: `${file}.compiled` });
  rmSync(running);
}

/** One dash in a comment made the text of the whole program take two bytes a character, and seven times as long to read. */
function writeAsAscii(/** @type {string} */ file) {
  const escaped = (/** @type {string} */ unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  writeFileSync(file, readFileSync(file, 'utf8').replace(/[\u0080-\uffff]/g, escaped));
}

function simulate(/** @type {string[]} */ args, /** @type {Record<string, string>} */ settings) {
  const env = { ...process.env, ...settings };
  execFileSync(join(root, 'bin', 'haven'), ['simulate', ...args], { env, stdio: 'ignore' });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!process.argv.includes('--program')) await buildTests();
  if (!process.argv.includes('--tests')) await buildProgram();
}
