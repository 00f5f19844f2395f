// Builds Haven with esbuild.
//
//   build/  every source file (tests included) transpiled one to one, so that a test runs alone and a stack trace names its file
//   dist/   the program bundled, split at dynamic imports, so that a command loads only what it needs
//
// `node tools/build.mjs` makes both; `--tests` only build/, `--program` only dist/.
import { readdirSync, rmSync } from 'node:fs';
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
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!process.argv.includes('--program')) await buildTests();
  if (!process.argv.includes('--tests')) await buildProgram();
}
