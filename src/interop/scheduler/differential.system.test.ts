// The packaged crm_simulate and Haven decide alike, on documents that no one wrote. `npm run interop -- scheduler`
// runs more of them.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { sourcesOf } from './document.ts';
import { peerAvailable } from './programs.ts';
import { Tally, tellDifference } from './tally.ts';
import { runTrial } from './trial.ts';

const trials = 20;
const suite = join('..', 'shared', 'cts-scheduler', 'xml');
const noPeer = peerAvailable ? false : 'needs the Debian package pacemaker-cli-utils';
const noSuite = existsSync(suite) ? noPeer : 'needs ../shared/cts-scheduler';

test('random clusters', { skip: noPeer }, (context) => compare('', (line) => context.diagnostic(line)));

test('changed documents of the suite', { skip: noSuite }, (context) =>
  compare(suite, (line) => context.diagnostic(line)),
);

function compare(folder: string, tell: (line: string) => void): void {
  const scratch = mkdtempSync(join(tmpdir(), 'haven-differential-'));
  try {
    const options = {
      sources: sourcesOf(folder),
      changesMax: 2,
      aspects: ['summary', 'graph'] as const,
      path: join(scratch, 'cib.xml'),
    };
    const tally = new Tally();
    for (let index = 0; index < trials; index++) {
      const seed = `differential/${index}`;
      const outcome = runTrial(seed, options);
      tally.add(outcome);
      if (outcome.kind !== 'different') continue;
      const { peer, haven } = outcome;
      assert.fail(`${tellDifference(seed, outcome)}\n\ncrm_simulate:\n${peer}\n\nhaven:\n${haven}`);
    }
    tell(tally.text());
    assert.ok(tally.equal >= trials / 2, tally.text());
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
