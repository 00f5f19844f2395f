import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { buildPlanted, plantedBugs } from './planted.mjs';

/** As many as a planted bug may hide in. */
const schedulesMax = 300;

for (const [name, { emphasis, law }] of Object.entries(plantedBugs)) {
  test(`the laws of the ring see the planted bug '${name}'`, async () => {
    const program = await buildPlanted(name);
    const options = [
      '--seed',
      'planted',
      '--schedules',
      String(schedulesMax),
      '--emphasis',
      emphasis,
      '--stop-at',
      law,
    ];
    const run = spawnSync(process.execPath, [program, ...options], { encoding: 'utf8' });
    assert.match(run.stdout, new RegExp(`breaks the law: ${law}`), run.stdout + run.stderr);
  });
}

test('a safeguard that the source has no more is not passed over in silence', async () => {
  await assert.rejects(buildPlanted('no such bug'), /there is no bug/);
});
