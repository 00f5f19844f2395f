// `npm run interop -- scheduler [--seed TEXT] [--trials N] [--changes MAX] [--trial SEED] [--data DIR] [--keep DIR]
// [--source NAME-PART] [--exact] [--alone] [--options [--documents N]]`:
// random and changed documents through the packaged crm_simulate and through Haven. `--trial` repeats one of them;
// `--alone` asks Haven only, with damaged documents too: none may make it throw or take forever.
// `--exact` compares, beside what is decided, every score, and the numbers, order and picture of the actions.
// `--options` types the same command lines to both, each on N documents.
// `--source` takes only documents whose name contains the text, such as `mixed cluster`.
// `--keep` writes the documents on which they differ, and both answers.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runAlone } from './alone-run.ts';
import { sourcesOf } from './document.ts';
import { compareOptions } from './options-run.ts';
import { peerAvailable } from './programs.ts';
import { Tally, tellDifference } from './tally.ts';
import { runTrial } from './trial.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: 'haven' },
    trials: { type: 'string', default: '500' },
    changes: { type: 'string', default: '3' },
    trial: { type: 'string' },
    source: { type: 'string', default: '' },
    data: { type: 'string', default: join('..', 'shared', 'cts-scheduler', 'xml') },
    keep: { type: 'string' },
    alone: { type: 'boolean', default: false },
    options: { type: 'boolean', default: false },
    exact: { type: 'boolean', default: false },
    documents: { type: 'string', default: '3' },
  },
});

const plainAspects = ['summary', 'graph'] as const;
const exactAspects = ['summary', 'graph', 'scores', 'exact', 'dot'] as const;
const seeds =
  values.trial === undefined
    ? Array.from({ length: Number(values.trials) }, (_, index) => `${values.seed}/${index}`)
    : [values.trial];
if (values.alone) {
  const settings = { folder: values.data, changesMax: Number(values.changes) };
  const bad = await runAlone(seeds, settings, (line) => process.stdout.write(`${line}\n`));
  process.exit(bad === 0 ? 0 : 1);
}
if (!peerAvailable) {
  process.stderr.write('interop: needs the Debian package pacemaker-cli-utils; run: node tools/setup.mjs test\n');
  process.exit(69);
}
const folder = mkdtempSync(join(tmpdir(), 'haven-interop-scheduler-'));
try {
  const different = values.options ? typed() : compare();
  process.exitCode = different === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** How many command lines were answered differently. */
function typed(): number {
  const settings = {
    sources: sourcesOf(values.data).filter(({ name }) => name.includes(values.source)),
    seed: values.seed,
    documents: Number(values.documents),
    folder,
  };
  return compareOptions(settings, (line) => process.stdout.write(`${line}\n`));
}

/** How many trials ended differently. */
function compare(): number {
  const options = {
    sources: sourcesOf(values.data).filter(({ name }) => name.includes(values.source)),
    changesMax: Number(values.changes),
    aspects: values.exact ? exactAspects : plainAspects,
    path: join(folder, 'cib.xml'),
  };
  const tally = new Tally();
  for (const seed of seeds) {
    const outcome = runTrial(seed, options);
    tally.add(outcome);
    if (outcome.kind !== 'different') continue;
    process.stdout.write(`${tellDifference(seed, outcome)}\n`);
    if (values.keep !== undefined) keep(join(values.keep, seed.replaceAll('/', '-')), outcome);
  }
  process.stdout.write(tally.text());
  return tally.different;
}

function keep(where: string, outcome: { readonly cib: string; readonly peer: string; readonly haven: string }): void {
  mkdirSync(where, { recursive: true });
  writeFileSync(join(where, 'cib.xml'), outcome.cib);
  writeFileSync(join(where, 'peer.txt'), `${outcome.peer}\n`);
  writeFileSync(join(where, 'haven.txt'), `${outcome.haven}\n`);
}
