// The document of a running cluster beside the standard tools (Debian's pacemaker-cli-utils): crm_verify has nothing against
// it, cibadmin reads the same of it, and crm_mon and Haven say the same of nodes, resources, tickets and failures. The steps
// follow one another.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import type { ClusterStatus, ResourceView } from '../../api/index.ts';
import { parseXml, sameXml, type XmlElement } from '../../cib/index.ts';
import { PowerSwitch } from '../../lab/index.ts';
import { ClusterHosts, eventually, type HostName, hostNames, isWhole } from './testing/hosts.ts';

const isInterop = process.env.HAVEN_INTEROP === 'whole';
const missing = ['crm_verify', 'crm_mon', 'cibadmin'].filter((name) => !existsSync(`/usr/sbin/${name}`));
const skip =
  process.getuid?.() !== 0
    ? 'needs root'
    : missing.length > 0
      ? `needs ${missing.join(', ')} (pacemaker-cli-utils)`
      : isInterop
        ? false
        : 'runs with: npm run interop -- haven';
const haven = [process.execPath, '--single-threaded-gc', resolve('dist', 'haven.js')];
const boot = `exec ${haven.join(' ')} daemon >>/var/log/haven.log 2>&1\n`;

/** As somebody types it who sets up a database with a site, an archive beside it, and fencing by two switches. */
const furnishing = [
  'property set placement-strategy=utilization',
  ...hostNames.map((name) => `node utilization ${name} memory=4096`),
  'resource create pdu1 stonith:fence_lab switch=pdu1',
  'resource create pdu2 stonith:fence_lab switch=pdu2',
  'resource create db ocf:pacemaker:Stateful op monitor interval=10s role=Promoted op monitor interval=11s role=Unpromoted --promotable',
  'resource meta db-clone notify=true promoted-max=1',
  'resource create files ocf:pacemaker:Dummy --group site',
  'resource create address ocf:haven:ip ip=10.77.0.100 --group site',
  'resource create web ocf:pacemaker:Dummy op monitor interval=10s --group site',
  'resource utilization web memory=3000',
  'resource create watcher ocf:pacemaker:Dummy --clone',
  'resource create archive ocf:pacemaker:Dummy',
  'resource utilization archive memory=2000',
  'resource create spare ocf:pacemaker:Dummy',
  'resource stop spare',
  'constraint ticket siteA archive --loss-policy stop',
  'constraint colocation site with db-clone --with-role Promoted',
  'constraint order promote db-clone then start site',
  'constraint location archive avoids n1=100',
];

test('a running cluster is told alike by Haven and by the standard tools', { skip }, async (t) => {
  const cluster = await ClusterHosts.make();
  const power = await PowerSwitch.install(cluster.lab, hostNames);
  const folder = mkdtempSync(join(tmpdir(), 'haven-tools-'));
  const say = async (host: HostName, words: string) => {
    const { code, stdout, stderr } = await cluster.lab.host(host).run([...haven, ...words.split(' ')]);
    assert.equal(code, 0, `haven ${words}: ${stdout}${stderr}`);
  };
  const agree = async (host: HostName, wanted: (status: ClusterStatus) => boolean = () => true) => {
    await eventually('rest', async () => ({ done: await cluster.api(host).settled(2000), value: 'under way' }));
    const status = await cluster.until(host, 'it is as wanted', wanted);
    assertAgreement({ folder, document: await cluster.api(host).document(), status });
    return status;
  };
  try {
    await t.test('with a promotable clone, a group, tickets, utilization and a fencing topology', async () => {
      for (const name of hostNames) await cluster.lab.host(name).writeFile('/etc/haven-lab/boot', boot);
      for (const name of hostNames) cluster.startDaemon(name);
      for (const name of hostNames) await cluster.until(name, 'a whole cluster', isWhole);
      for (const words of furnishing) await say('n1', words);
      const levels = hostNames.map(
        (name) => `<fencing-level id="l-${name}" target="${name}" index="1" devices="pdu1,pdu2"/>`,
      );
      const xml = `<fencing-topology>${levels.join('')}</fencing-topology>`;
      await cluster.api('n1').edit({ kind: 'create', section: 'configuration', xml });
      await agree('n1', (status) => stateOf(status, 'web') === 'started' && stateOf(status, 'archive') === 'stopped');
    });
    await t.test('when a ticket is granted, taken, and standing by', async () => {
      await say('n1', 'ticket grant siteA --force');
      await agree('n1', (status) => stateOf(status, 'archive') === 'started');
      await say('n1', 'ticket standby siteA');
      await agree('n1');
      await say('n1', 'ticket revoke siteA');
      await agree('n1', (status) => stateOf(status, 'archive') === 'stopped');
      await say('n1', 'ticket grant siteA --force');
    });
    await t.test('when a node stands by, or is in maintenance', async () => {
      await say('n1', 'node standby n2');
      await agree('n1');
      await say('n1', 'node online n2');
      await say('n1', 'node maintenance n3');
      await agree('n1');
      await say('n1', 'node unmaintenance n3');
      await agree('n1');
    });
    await t.test('when a resource has failed, and when it is not managed', async () => {
      const nodes = viewOf(await cluster.api('n1').status(), 'web')?.nodes ?? [];
      const on = hostNames.find((name) => nodes.includes(name)) ?? 'n1';
      await cluster.lab.host(on).shell('rm /run/Dummy-web.state');
      await agree('n1', ({ failures }) => failures.some(({ resource }) => resource === 'web'));
      await say('n1', 'resource unmanage watcher-clone');
      await agree('n1');
    });
    await t.test('when a node is lost and fenced, and is back', async () => {
      await cluster.lab.kill('n3');
      await agree('n1', ({ nodes }) => nodes.some(({ name, state }) => name === 'n3' && state === 'offline'));
      assert.ok(power.asked.length >= 2, 'both devices of the level');
      await cluster.until('n1', 'n3 is back', isWhole);
      await agree('n1');
    });
  } finally {
    rmSync(folder, { recursive: true });
    await power.close();
    await cluster.down();
  }
});

type Told = { readonly folder: string; readonly document: string; readonly status: ClusterStatus };

function assertAgreement({ folder, document, status }: Told): void {
  const file = join(folder, 'cib.xml');
  writeFileSync(file, document);
  const run = (tool: string, ...words: string[]) => {
    const done = spawnSync(tool, words, { env: { ...process.env, CIB_file: file }, encoding: 'utf8' });
    assert.equal(done.status, 0, `${tool}: ${done.stdout}${done.stderr}`);
    return done.stdout;
  };
  assert.equal(run('crm_verify', '-VV', '-x', file), '');
  assert.ok(sameXml(parsed(run('cibadmin', '-Q')), parsed(document)), 'cibadmin reads what was written');
  const shown = parsed(run('crm_mon', '-1', '--inactive', '--output-as=xml'));
  assert.deepEqual(resourcesShown(shown), status.resources.flatMap(primitiveLines).sort());
  assert.deepEqual(
    elementsBelow(shown, 'nodes', 'node').map(nodeShown).sort(),
    status.nodes.map(({ name, state, running }) => `${name} ${state} ${running}`).sort(),
  );
  assert.deepEqual(
    elementsBelow(shown, 'failures', 'failure')
      .map((each) => `${each.get('op_key')} ${each.get('node')}`)
      .sort(),
    status.failures
      .map(({ resource, operation, intervalMs, node }) => `${resource}_${operation}_${intervalMs} ${node}`)
      .sort(),
  );
}

/** What runs, a line an instance; what does not, a line a resource. */
function primitiveLines(view: ResourceView): string[] {
  if (view.kind !== 'primitive') return view.children.flatMap(primitiveLines);
  const id = view.id.replace(/:\d+$/, '');
  const words = view.managed ? view.state : `${view.state} unmanaged`;
  return view.nodes.length === 0 ? [`${id} ${words}`] : view.nodes.map((node) => `${id} ${words} on ${node}`);
}

function resourcesShown(shown: XmlElement): string[] {
  const below = (element: XmlElement): XmlElement[] =>
    element.name === 'resource' ? [element] : element.children.flatMap(below);
  const [resources] = shown.childrenNamed('resources');
  return (resources === undefined ? [] : below(resources))
    .flatMap((each) => {
      const role = each.get('failed') === 'true' ? 'failed' : (each.get('role') ?? '').toLowerCase();
      const words = each.get('managed') === 'true' ? role : `${role} unmanaged`;
      const id = (each.id ?? '').replace(/:\d+$/, '');
      const nodes = each.childrenNamed('node').map((node) => node.get('name'));
      return nodes.length === 0 ? [`${id} ${words}`] : nodes.map((node) => `${id} ${words} on ${node}`);
    })
    .sort();
}

function nodeShown(node: XmlElement): string {
  const is = (name: string) => node.get(name) === 'true';
  const state = is('unclean')
    ? 'lost'
    : !is('online')
      ? 'offline'
      : is('maintenance')
        ? 'maintenance'
        : is('standby')
          ? 'standby'
          : 'online';
  return `${node.get('name')} ${state} ${node.get('resources_running')}`;
}

function elementsBelow(root: XmlElement, holder: string, name: string): XmlElement[] {
  return root.childrenNamed(holder).flatMap((each) => each.childrenNamed(name));
}

function stateOf(status: ClusterStatus, id: string): string | undefined {
  return viewOf(status, id)?.state;
}

function viewOf({ resources }: ClusterStatus, id: string): ResourceView | undefined {
  const all = resources.flatMap((each) => [each, ...each.children]);
  return all.find((each) => each.id === id);
}

function parsed(text: string): XmlElement {
  const result = parseXml(text);
  assert.ok(result.ok);
  return result.value;
}
