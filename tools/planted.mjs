// Bugs planted on purpose in the ring and beneath it, to show that the simulator's laws see them: each takes one safeguard out of the
// source as it is built. `npm run sim -- membership --planted BUG` runs one.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const totem = join('src', 'membership', 'totem');

/** @typedef {{ readonly file: string, readonly safeguard: string, readonly instead: string, readonly emphasis: string, readonly law: string }} PlantedBug */

/** @type {Readonly<Record<string, PlantedBug>>} By name; `law` is the one that breaks. */
export const plantedBugs = {
  /** A ring number is said to others before the disk has it. */
  'no-disk-wait': {
    file: join(totem, 'commit.ts'),
    safeguard: 'if (waiting === undefined || waiting.ringSeq > ring.durableRingSeq) return;',
    instead: 'if (waiting === undefined) return;',
    emphasis: 'disk',
    law: 'ring id reused',
  },
  /** What was recovered before the attempt failed is forgotten with it. */
  'no-absorb': {
    file: join(totem, 'old-ring.ts'),
    safeguard: 'regularStore.put(inner.seq, { bytes, message: inner, obliged });',
    instead: '',
    emphasis: 'recovery',
    law: 'virtual synchrony',
  },
  /** A safe message is delivered before everybody is known to have it. */
  'no-safe-wait': {
    file: join(totem, 'delivery.ts'),
    safeguard: '(isSafe(stored) && seqBefore(stableSeq, seq))',
    instead: 'false',
    emphasis: 'recovery',
    law: 'safe delivery',
  },
  /** What a companion may have delivered behind a gap is not owed. */
  'no-obligations': {
    file: join(totem, 'old-ring.ts'),
    safeguard:
      'if (stored !== undefined && ring.transMembers.includes(stored.message.systemFrom)) stored.obliged = true;',
    instead: '',
    emphasis: 'obligation',
    law: 'safe delivery',
  },
  'no-replay-window': {
    file: join('src', 'membership', 'seal', 'replay-window.ts'),
    safeguard: 'if (counter > this.#highest) return true;',
    instead: 'return true;',
    emphasis: 'links',
    law: 'replay',
  },
  /** A link that fails is noticed, and its datagrams go on taking it. */
  'no-link-failover': {
    file: join('src', 'membership', 'links', 'links.ts'),
    safeguard: "path.health === 'up' ? [link] : []",
    instead: 'link === 0 ? [link] : []',
    emphasis: 'links',
    law: 'steady membership',
  },
};

/** Builds the simulator of the membership with the bug in it; answers the program. */
export async function buildPlanted(/** @type {string} */ name) {
  const bug = plantedBugs[name];
  if (bug === undefined)
    throw new Error(`there is no bug '${name}'; there are: ${Object.keys(plantedBugs).join(', ')}`);
  const outfile = join('build', 'planted', `${name}.mjs`);
  await build({
    entryPoints: [join('src', 'simulation', 'membership', 'driver', 'main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
    define: { HAVEN_BUNDLED: 'false' },
    plugins: [planting(bug)],
  });
  return outfile;
}

function planting(/** @type {PlantedBug} */ bug) {
  return {
    name: 'planting',
    setup(/** @type {import('esbuild').PluginBuild} */ plugin) {
      plugin.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        if (!path.endsWith(bug.file)) return undefined;
        const parts = readFileSync(path, 'utf8').split(bug.safeguard);
        if (parts.length !== 2) throw new Error(`${bug.file} has the safeguard ${parts.length - 1} times, not once`);
        return { contents: parts.join(bug.instead), loader: 'ts' };
      });
    },
  };
}
