// The cluster's commands as a transcript: `testdata/cluster.txt` holds commands and what they print. HAVEN_REWRITE=1 writes it
// anew; keep a difference only if you can explain it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ApiClient } from '../api/index.ts';
import { MemoryNode } from './testing/memory-node.ts';
import { webCluster } from './testing/web-cluster.ts';

const transcript = join('src', 'cli', 'testdata', 'cluster.txt');
const node = new MemoryNode(webCluster);

before(() => node.listen());
after(() => node.close());

test('the commands answer as in the transcript', async () => {
  node.unlike = {
    activity: [{ what: 'starting db', node: 'n1', sinceMs: 230 }],
    warnings: ['fencing is off'],
    failures: [
      {
        ...{ resource: 'site', node: 'n2', operation: 'monitor', intervalMs: 10_000 },
        ...{ code: 7, meaning: 'not running', reason: 'apache is dead', at: 0, failCount: 2 },
      },
    ],
  };
  const expected = readFileSync(transcript, 'utf8');
  let actual = '';
  for (const line of expected.split('\n').filter((each) => each.startsWith('$ '))) {
    actual += `${line}\n${await haven(line.slice('$ haven '.length).split(' '))}\n`;
  }
  if (process.env.HAVEN_REWRITE === '1') writeFileSync(transcript, actual);
  else assert.equal(actual, expected);
});

test('without a daemon, one sentence says so', async () => {
  const answer = await haven(['status'], '/nowhere/api.sock');
  assert.match(answer, /no daemon answers on this node .*haven cluster start/);
  assert.match(answer, /\[69\]\n$/);
});

test('the API foresees and explains as the commands do, and names the nearest', async () => {
  const client = new ApiClient(node.socketPath);
  const { changes, expectedMs } = await client.simulate({ fail: ['n1'] });
  const told = JSON.parse(await haven(['simulate', '--fail', 'n1', '--json']));
  assert.deepEqual({ changes, expectedMs }, { changes: told.changes, expectedMs: told.expectedMs });
  await assert.rejects(client.simulate({ fail: ['n11'] }), /no node 'n11'.*Did you mean 'n1'/s);
  const [resource] = (await client.status()).resources;
  const id = resource?.id ?? '';
  assert.deepEqual(await client.why(id), JSON.parse(await haven(['resource', 'why', id, '--json'])));
  await assert.rejects(client.why(`${id}x`), new RegExp(`no resource '${id}x'.*Did you mean '${id}'`, 's'));
});

/** Standard output, then standard error, then the exit code unless it is 0. */
function haven(words: readonly string[], socket = node.socketPath): Promise<string> {
  const environment = { ...process.env, HAVEN_API: socket, TZ: 'UTC' };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, ['bin/haven', ...words], { env: environment }, (_, out, errors) => {
      const code = child.exitCode === 0 ? '' : `[${child.exitCode}]\n`;
      resolve(`${out}${errors}${code}`);
    });
  });
}
