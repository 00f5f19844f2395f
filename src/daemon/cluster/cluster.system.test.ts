// Three daemons on three hosts, from the first start to the loss of all power, and what goes wrong in between. The steps
// follow one another: each leaves the cluster whole for the next.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { CommandFailure } from '../../kit/index.ts';
import { programPath } from '../../linux/index.ts';
import { ClusterHosts, eventually, hostNames, isWhole, nodeOf } from './testing/hosts.ts';

const skip = process.getuid?.() !== 0 ? 'needs root' : false;
const tools = ['crm_verify', 'crm_mon', 'cibadmin'].map((name) => `/usr/sbin/${name}`);
const withoutTools = tools.every((tool) => existsSync(tool)) ? false : 'needs pacemaker-cli-utils';

const virtualAddress = '10.77.0.100';
const pair = (owner: string, name: string, value: string) =>
  `<nvpair id="${owner}-${name}" name="${name}" value="${value}"/>`;
const primitive = (id: string, agent: string, parameters: string) =>
  `<primitive id="${id}" class="ocf" ${agent}><instance_attributes id="${id}-ia">${parameters}</instance_attributes>` +
  `<operations><op id="${id}-monitor" name="monitor" interval="5s" timeout="20s"/></operations></primitive>`;
const address = primitive('vip', 'provider="heartbeat" type="IPaddr2"', pair('vip', 'ip', virtualAddress));
const worker = (id: string, seconds: number) =>
  primitive(
    id,
    'provider="haven" type="process"',
    pair(id, 'command', '/bin/sleep') + pair(id, 'args', String(seconds)),
  );
const options = `<cluster_property_set id="cib-bootstrap-options">${pair('o', 'stonith-enabled', 'false')}${pair('o', 'fast-agents', 'true')}</cluster_property_set>`;
const avoid = (resource: string, node: string) =>
  `<rsc_location id="${resource}-not-${node}" rsc="${resource}" node="${node}" score="-INFINITY"/>`;

test('a cluster on three hosts, from its first start to the loss of all power', { skip }, async (t) => {
  const cluster = await ClusterHosts.make();
  try {
    await t.test('three daemons form a cluster and run the group that the API is given', async () => {
      for (const name of hostNames) cluster.startDaemon(name);
      for (const name of hostNames) await cluster.until(name, 'a whole cluster', isWhole);
      await cluster.api('n2').edit({
        kind: 'all',
        edits: [
          { kind: 'modify', xml: options },
          { kind: 'create', section: 'resources', xml: `<group id="site">${address}${worker('web', 86_400)}</group>` },
        ],
      });
      const status = await cluster.until('n3', 'the group runs', (seen) => nodeOf(seen, 'web') !== undefined);
      assert.deepEqual(await holders(cluster), [nodeOf(status, 'vip')]);
      assert.equal(nodeOf(status, 'web'), nodeOf(status, 'vip'));
    });

    await t.test('an edit that cannot be is refused with place and reason, and nothing is written', () =>
      refusesEdits(cluster),
    );
    await t.test('the standard tools read the document and agree on what runs where', { skip: withoutTools }, () =>
      agreesWithTools(cluster),
    );
    await t.test('a user without a role is refused, whatever name it gives itself; alert agents hear of a start', () =>
      restrictsAndAlerts(cluster),
    );
    await t.test('a second daemon on a node that runs is refused, and nobody hears of it', () =>
      refusesSecond(cluster),
    );
    await t.test('a killed daemon adopts what still runs when it is back', () => adoptsAfterKill(cluster));
    await t.test('a graceful stop moves resources away before the daemon ends', () => stopsGracefully(cluster));
    await t.test('a node without the agents of a provider says so, and the others run the resource', () =>
      missesAgents(cluster),
    );
    await t.test('a node with another key or cluster name stays alone, and both sides say why', () =>
      refusesStrangers(cluster),
    );
    await t.test('a machine without an address of the cluster is told so', () => refusesOtherMachine(cluster));
    await t.test('a node whose disk takes nothing leaves in order, holds no change up, and is back when it does', () =>
      leavesOverDisk(cluster),
    );
    await t.test(
      'every node tells the same history, with causes, results and durations, and the same is decided again',
      () => tellsHistory(cluster),
    );
    await t.test('the configuration survives the loss of all power', () => survivesPowerLoss(cluster));
  } finally {
    await cluster.down();
  }
});

async function refusesEdits(cluster: ClusterHosts): Promise<void> {
  const before = await cluster.api('n1').document('//configuration');
  const refused = [
    { section: 'resources', xml: '<primitive id="vip" class="ocf" provider="heartbeat" type="Dummy"/>', words: /vip/ },
    { section: 'constraints', xml: '<rsc_location id="l" rsc="vip" node="n1" score="many"/>', words: /score/ },
    { section: 'constraints', xml: '<rsc_location id="l" rsc="nothing" node="n1" score="1"/>', words: /nothing/ },
    { section: 'resources', xml: '<primitive id="x" class="ocf"', words: /line 1/ },
  ];
  for (const { section, xml, words } of refused) {
    await assert.rejects(cluster.api('n1').edit({ kind: 'create', section, xml }), (thrown) => {
      assert.ok(thrown instanceof CommandFailure);
      assert.match(thrown.message, words);
      return true;
    });
  }
  for (const name of hostNames) assert.equal(await cluster.api(name).document('//configuration'), before);
}

async function refusesSecond(cluster: ClusterHosts): Promise<void> {
  // With a socket of its own it meets the other at the documents.
  await cluster.writeConfiguration('n2', { socket: '/run/haven/other.sock' }, '/etc/haven/other.json');
  for (let tries = 5; ; tries--) {
    const before = await cluster.log('n1');
    await startsSecond(cluster);
    const after = await cluster.log('n1');
    if (after === before) return;
    // A busy machine has a word to say now and then, of a link in doubt; one that speaks is heard each time.
    assert.ok(tries > 1, after.slice(before.length));
  }
}

async function startsSecond(cluster: ClusterHosts): Promise<void> {
  const n2 = cluster.lab.host('n2');
  const daemon = [process.execPath, programPath(), 'daemon'];
  const { code, stderr } = await n2.run(daemon);
  assert.equal(code, 108, stderr);
  assert.match(
    stderr,
    /^haven: haven daemon already runs here: \/run\/haven\/api.sock is held by process \d+\. It goes on/,
  );
  const beside = await n2.run([...daemon, '--config', '/etc/haven/other.json']);
  assert.match(beside.stderr, /^haven: haven daemon already runs here: \/var\/lib\/haven is held by another process/);
  assert.doesNotMatch(`${stderr}${beside.stderr}`, /guardian/);
}

async function agreesWithTools(cluster: ClusterHosts): Promise<void> {
  assert.ok(await cluster.api('n1').settled(60_000));
  const status = await cluster.api('n1').status();
  const folder = mkdtempSync(join(tmpdir(), 'haven-tools-'));
  try {
    const file = join(folder, 'cib.xml');
    writeFileSync(file, await cluster.api('n1').document());
    const run = (tool: string, ...words: string[]) =>
      execFileSync(tool, words, { env: { ...process.env, CIB_file: file }, encoding: 'utf8' });
    run('crm_verify', '-x', file);
    assert.match(run('cibadmin', '-Q'), /<cib [\s\S]*<node_state/);
    const shown = run('crm_mon', '-1');
    for (const id of ['vip', 'web']) assert.match(shown, new RegExp(`${id}\\s.*Started ${nodeOf(status, id)}\\b`));
    assert.match(shown, /Online: \[ n1 n2 n3 \]/);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function restrictsAndAlerts(cluster: ClusterHosts): Promise<void> {
  const agent = '#!/bin/sh\necho "$CRM_alert_kind $CRM_alert_rsc $CRM_alert_task $CRM_alert_rc" >>/tmp/alerts\n';
  for (const name of hostNames) await cluster.lab.host(name).writeFile('/etc/haven/alert', agent, 0o755);
  const lists = `<cluster_property_set id="cib-bootstrap-options">${pair('o', 'enable-acl', 'true')}</cluster_property_set>`;
  const alerts = '<alerts><alert id="al" path="/etc/haven/alert"/></alerts>';
  await cluster.api('n1').edit({
    kind: 'all',
    edits: [
      { kind: 'modify', xml: lists },
      { kind: 'create', section: 'configuration', xml: alerts },
      { kind: 'create', section: 'resources', xml: worker('heard', 65_432) },
    ],
  });
  const status = await cluster.until('n1', 'heard runs', (seen) => nodeOf(seen, 'heard') !== undefined);
  const on = hostNames.find((name) => name === nodeOf(status, 'heard')) ?? 'n1';
  await eventually('the alert of the start', async () => {
    const value = await cluster.lab.host(on).readFile('/tmp/alerts');
    return { done: value.includes('resource heard start 0'), value };
  });

  const n1 = cluster.lab.host('n1');
  await n1.shell('chmod 666 /run/haven/api.sock');
  const ask = `require('http').get({ socketPath: '/run/haven/api.sock', path: '/v1/cib', headers: { 'x-haven-by': 'root@cli' } },
    (response) => { console.log(response.statusCode); response.resume(); })`;
  const answered = (user: string) =>
    n1.output(['setpriv', '--reuid', user, '--clear-groups', process.execPath, '-e', ask]);
  assert.equal((await answered('65534')).trim(), '403');
  assert.equal((await answered('0')).trim(), '200');
  await n1.shell('chmod 600 /run/haven/api.sock');
}

async function adoptsAfterKill(cluster: ClusterHosts): Promise<void> {
  await cluster.api('n1').edit({
    kind: 'all',
    edits: [
      { kind: 'create', section: 'constraints', xml: avoid('site', 'n3') },
      { kind: 'create', section: 'resources', xml: worker('local', 76_543) },
      ...['n1', 'n2'].map((node) => ({ kind: 'create' as const, section: 'constraints', xml: avoid('local', node) })),
    ],
  });
  await cluster.until('n1', 'local runs on n3', (status) => nodeOf(status, 'local') === 'n3');
  const pid = await pidOf(cluster, '76543');
  await cluster.endDaemon('n3', 'SIGKILL');
  await cluster.until('n1', 'n3 is gone', ({ nodes }) =>
    nodes.some(({ name, state }) => name === 'n3' && state !== 'online'),
  );
  cluster.startDaemon('n3');
  await cluster.until('n1', 'n3 is back', (status) => isWhole(status) && nodeOf(status, 'local') === 'n3');
  assert.ok(await cluster.api('n3').settled(60_000));
  assert.equal(await pidOf(cluster, '76543'), pid, 'the process that ran before still runs');
}

async function stopsGracefully(cluster: ClusterHosts): Promise<void> {
  const before = await cluster.until('n3', 'the group runs', (status) => nodeOf(status, 'site') !== undefined);
  const from = nodeOf(before, 'site') === 'n1' ? 'n1' : 'n2';
  const to = from === 'n1' ? 'n2' : 'n1';
  assert.equal(await cluster.endDaemon(from, 'SIGTERM'), 0);
  assert.deepEqual(await holders(cluster), [to], 'the daemon ends only when the address is elsewhere');
  const after = await cluster.until(to, 'it runs there', (status) => nodeOf(status, 'site') === to);
  assert.deepEqual(after.failures, []);
  cluster.startDaemon(from);
  await cluster.until(to, 'a whole cluster', isWhole);
}

async function missesAgents(cluster: ClusterHosts): Promise<void> {
  await cluster.lab.host('n1').shell('rm -r /usr/lib/ocf/resource.d/heartbeat');
  const dummy = '<primitive id="dummy" class="ocf" provider="heartbeat" type="Dummy"/>';
  const prefer = '<rsc_location id="dummy-n1" rsc="dummy" node="n1" score="1000"/>';
  await cluster.api('n2').edit({
    kind: 'all',
    edits: [
      { kind: 'create', section: 'resources', xml: dummy },
      { kind: 'create', section: 'constraints', xml: prefer },
    ],
  });
  const status = await cluster.until('n2', 'dummy runs', (seen) => nodeOf(seen, 'dummy') !== undefined);
  assert.notEqual(nodeOf(status, 'dummy'), 'n1');
  const [failure] = status.failures.filter(({ resource }) => resource === 'dummy');
  assert.equal(failure?.node, 'n1');
  assert.match(failure?.reason ?? '', /Dummy/);
}

async function refusesStrangers(cluster: ClusterHosts): Promise<void> {
  assert.equal(await cluster.endDaemon('n3', 'SIGTERM'), 0);
  const key = await cluster.lab.host('n3').readFile('/etc/haven/authkey');
  await cluster.lab.host('n3').writeFile('/etc/haven/authkey', 'k'.repeat(192), 0o400);
  cluster.startDaemon('n3');
  await cluster.untilLogged('n1', /n3.*(authkey|key id)|10\.77\.0\.3.*(authkey|key)/s);
  await cluster.untilLogged('n3', /n1.*(authkey|key id)|10\.77\.0\.1.*(authkey|key)/s);
  await cluster.until('n3', 'it stands alone', ({ quorum }) => quorum.votes === 1 && !quorum.quorate);
  await cluster.endDaemon('n3', 'SIGKILL');

  await cluster.lab.host('n3').writeFile('/etc/haven/authkey', key, 0o400);
  await cluster.writeConfiguration('n3', { cluster: 'other' });
  cluster.startDaemon('n3');
  await cluster.untilLogged('n3', /another cluster name than 'other'/);
  await cluster.untilLogged('n1', /another cluster name than 'trial'/);
  await cluster.endDaemon('n3', 'SIGKILL');

  await cluster.writeConfiguration('n3', {});
  cluster.startDaemon('n3');
  await cluster.until('n1', 'a whole cluster', isWhole);
}

async function refusesOtherMachine(cluster: ClusterHosts): Promise<void> {
  const file = '/etc/haven/elsewhere.json';
  const own = { stateDirectory: '/var/lib/elsewhere', socket: '/run/elsewhere.sock' };
  await cluster.writeConfiguration('n1', { nodes: [{ name: 'far', addresses: ['10.99.0.1'] }], ...own }, file);
  const words = [process.execPath, programPath(), 'daemon', '--config', file];
  const { code, stderr } = await cluster.lab.host('n1').run(words);
  assert.notEqual(code, 0);
  assert.match(stderr, /none of the cluster's nodes is this machine: far.*10\.77\.0\.1/);
}

async function leavesOverDisk(cluster: ClusterHosts): Promise<void> {
  const store = '/var/lib/haven/cib';
  const n3 = cluster.lab.host('n3');
  const before = await cluster.api('n1').status();
  await n3.shell(`mount --bind ${store} ${store} && mount -o remount,bind,ro ${store}`);
  const change = cluster.api('n1').edit({ kind: 'create', section: 'resources', xml: worker('late', 54_321) });
  await cluster.until('n3', 'it says so', ({ warnings }) => warnings.some((each) => /mounted read-only/.test(each)));
  assert.equal(await cluster.exitOf('n3'), 1);
  await change;
  const after = await cluster.until('n1', 'late runs', (status) => nodeOf(status, 'late') !== undefined);
  assert.deepEqual(after.failures, before.failures);
  assert.equal(nodeOf(after, 'site') === undefined, false);

  cluster.startDaemon('n3');
  await cluster.untilLogged('n3', /mounted read-only.*This node joins the cluster when it can/);
  await n3.shell(`mount -o remount,bind,rw ${store}`);
  await cluster.until('n1', 'a whole cluster', isWhole);
  for (const name of hostNames) assert.match(await cluster.api(name).document('//configuration'), /54321/);
}

async function tellsHistory(cluster: ClusterHosts): Promise<void> {
  const { coordinator } = await cluster.api('n1').status();
  const leader = hostNames.find((name) => name === coordinator) ?? 'n1';
  const witness = leader === 'n1' ? 'n2' : 'n1';
  assert.equal(await cluster.endDaemon(leader, 'SIGTERM'), 0);
  cluster.startDaemon(leader);
  await cluster.until(witness, 'a whole cluster', isWhole);
  assert.ok(await cluster.api(witness).settled(60_000));
  const told = await eventually('all tell of the same newest transition', async () => {
    const value = await Promise.all(hostNames.map((name) => cluster.api(name).history()));
    const [newest, ...others] = value.map((history) => history.at(-1));
    return { done: newest !== undefined && others.every((other) => isDeepStrictEqual(other, newest)), value };
  });
  const [first] = told;
  const newest = first?.at(-1);
  assert.ok(newest !== undefined);
  const late = first?.find(({ actions }) => actions.some(({ what }) => what === 'late_start_0'));
  assert.match(late?.cause ?? '', /configuration was changed by/);
  const start = late?.actions.find(({ what }) => what === 'late_start_0');
  assert.equal(start?.result, 'done');
  assert.ok(start?.durationMs !== undefined && start.durationMs <= (late?.durationMs ?? 0));
  const witnessed = await cluster.api(witness).history();
  const coordinators = new Set(witnessed.map((each) => each.coordinator));
  assert.ok(coordinators.size > 1, 'the history outlives its coordinators');

  for (const name of ['n1', 'n2'] as const) {
    const haven = (...words: string[]) => cluster.lab.host(name).run([process.execPath, programPath(), ...words]);
    const replay = await haven('history', 'replay', String(newest.number));
    assert.match(replay.stdout, /the same \d+ actions? again/, replay.stderr);
    const absent = await haven('history', 'replay', '4711');
    assert.match(absent.stderr, /no transition '4711' is recorded.*The nearest are/s);
  }
}

async function survivesPowerLoss(cluster: ClusterHosts): Promise<void> {
  const before = await cluster.api('n2').document('//configuration');
  await Promise.all(hostNames.map((name) => cluster.lab.kill(name)));
  await Promise.all(hostNames.map((name) => cluster.lab.boot(name)));
  for (const name of hostNames) cluster.startDaemon(name);
  await cluster.until('n1', 'a whole cluster', isWhole);
  await cluster.until('n1', 'the group runs', (status) => nodeOf(status, 'site') !== undefined);
  for (const name of hostNames) assert.equal(await cluster.api(name).document('//configuration'), before);
}

/** The hosts that have the virtual address. */
async function holders(cluster: ClusterHosts): Promise<string[]> {
  const outputs = await Promise.all(hostNames.map((name) => cluster.lab.host(name).output(['ip', '-o', 'addr'])));
  return hostNames.filter((_, index) => outputs[index]?.includes(`${virtualAddress}/`));
}

/** Of the process with this argument on n3, in its own numbers. */
function pidOf(cluster: ClusterHosts, argument: string): Promise<string> {
  return eventually(`a process with ${argument}`, async () => {
    const value = (await cluster.lab.host('n3').shell(`pgrep -x -f '/bin/sleep ${argument}' || true`)).trim();
    return { done: /^\d+$/.test(value), value };
  });
}
