// A running ring reads its corosync.conf again: nodes come and go, timeouts change, and nobody who stays is missed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLab, type Host, programDirectory, type RunResult } from '../../lab/index.ts';
import type { RingStatus } from '../../membership/index.ts';

const skip = process.getuid?.() !== 0 ? 'needs root' : false;
const file = '/etc/corosync/corosync.conf';
const settleMsMax = 120_000;

type Conf = { readonly nodes: readonly Host[]; readonly tokenMs?: number; readonly extra?: string };

function textOf({ nodes, tokenMs = 5000, extra = '' }: Conf): string {
  const listed = nodes.map(
    (host) => `node {\nring0_addr: ${host.address()}\nnodeid: ${numberOf(host)}\nname: ${host.name}\n}\n`,
  );
  const totem = `version: 2\ncluster_name: reload\ntransport: udpu\ntoken: ${tokenMs}\ntoken_coefficient: 0\n${extra}`;
  const logging = 'logging {\nto_syslog: no\nto_logfile: yes\nlogfile: /var/log/ring.log\n}\n';
  return `totem {\n${totem}}\nnodelist {\n${listed.join('')}}\nquorum {\nprovider: corosync_votequorum\n}\n${logging}`;
}

test('a running ring reloads: nodes, timeouts, and nothing of a file that cannot be followed', { skip }, async () => {
  const lab = await createLab({ hosts: 3 });
  try {
    const [one, two, three] = lab.hosts;
    assert.ok(one !== undefined && two !== undefined && three !== undefined);
    for (const host of [one, two]) await host.writeFile(file, textOf({ nodes: [one, two] }));
    const daemons = [one, two].map((host) => host.spawn(haven('ring', 'run'), { stdio: 'ignore' }));
    await until('two members', async () => (await statusOf(two))?.members.length === 2);
    const before = await statusOf(one);

    for (const host of [one, two]) await host.writeFile(file, textOf({ nodes: [one, two, three], tokenMs: 6000 }));
    assert.match((await reload(one)).stdout, /3 nodes listed, token timeout 6000 ms/);
    await until('the other has reloaded too', async () => (await statusOf(two))?.tokenMs === 6000);
    for (const status of [await statusOf(one), await statusOf(two)]) {
      assert.deepEqual([status?.ringId, status?.quorum.expectedVotes, status?.expected.length], [before?.ringId, 3, 3]);
    }

    await refusals(one, { nodes: [one, two, three], tokenMs: 6000 });
    await three.writeFile(file, textOf({ nodes: [one, two, three], tokenMs: 6000 }));
    const third = three.spawn(haven('ring', 'run'), { stdio: 'ignore' });
    await until('the new node is a member', async () => (await statusOf(one))?.members.length === 3);

    third.signal('SIGTERM');
    await until('it has left', async () => (await statusOf(one))?.members.length === 2);
    const pair = (await statusOf(one))?.ringId;
    for (const host of [one, two]) await host.writeFile(file, textOf({ nodes: [one, two] }));
    for (const daemon of daemons) daemon.signal('SIGHUP');
    await until('both count two again', async () => {
      const statuses = await Promise.all([one, two].map(statusOf));
      return statuses.every((status) => status?.quorum.expectedVotes === 2 && status.ringId === pair);
    });
  } finally {
    await lab.down();
  }
});

/** Each is refused with its place and reason, and changes nothing. */
async function refusals(host: Host, conf: Conf): Promise<void> {
  const before = await statusOf(host);
  const good = textOf(conf);
  const broken: readonly (readonly [text: string, reason: RegExp])[] = [
    [good.replace('token: 6000', 'token: often'), /corosync\.conf:5.*expected to be integer/],
    [good.replace('cluster_name: reload', 'cluster_name: other'), /corosync\.conf:3: 'totem\.cluster_name' changed/],
    [
      good.replace('transport: udpu', 'transport: udp'),
      /corosync\.conf:4: 'totem\.transport' changed from udpu to udp/,
    ],
    [good.replace('nodelist {', 'nodelist'), /corosync\.conf:8/],
  ];
  for (const [text, reason] of broken) {
    await host.writeFile(file, text);
    const { code, stderr } = await reload(host);
    assert.notEqual(code, 0);
    assert.match(stderr, reason);
  }
  await host.writeFile(file, good);
  const after = await statusOf(host);
  assert.deepEqual(
    [after?.ringId, after?.tokenMs, after?.expected],
    [before?.ringId, before?.tokenMs, before?.expected],
  );
}

async function statusOf(host: Host): Promise<RingStatus | undefined> {
  const { code, stdout } = await host.run(haven('ring', 'status', '--json'));
  return code === 0 ? (JSON.parse(stdout) as RingStatus) : undefined;
}

function reload(host: Host): Promise<RunResult> {
  return host.run(haven('ring', 'reload'));
}

function haven(...words: readonly string[]): string[] {
  return [process.execPath, `${programDirectory()}/bin/haven`, ...words];
}

function numberOf(host: Host): number {
  return Number(host.address().split('.').at(-1));
}

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const givenUpAt = Date.now() + settleMsMax;
  while (!(await condition())) {
    if (Date.now() > givenUpAt) throw new Error(`not within ${settleMsMax} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
