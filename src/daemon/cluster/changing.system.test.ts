// What runs is changed under way: parameters, agents and whole resources. The old address must go, on every host, also when
// the daemon or the coordinator that knew of it is another by then. The steps follow one another.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { ClusterHosts, eventually, type HostName, hostNames, isWhole, nodeOf } from './testing/hosts.ts';

const resourceAgents = existsSync('/usr/lib/ocf/resource.d/heartbeat/IPaddr2');
const skip = process.getuid?.() !== 0 ? 'needs root' : resourceAgents ? false : 'needs resource-agents';

const pair = (owner: string, name: string, value: string) =>
  `<nvpair id="${owner}-${name}" name="${name}" value="${value}"/>`;
const resource = (id: string, agent: string, parameters: Readonly<Record<string, string>>) => {
  const [provider, type] = agent.split(':');
  const pairs = Object.entries(parameters).map(([name, value]) => pair(id, name, value));
  return `<primitive id="${id}" class="ocf" provider="${provider}" type="${type}"><instance_attributes id="${id}-ia">${pairs.join('')}</instance_attributes></primitive>`;
};
const vip = (ip: string, rest: Readonly<Record<string, string>> = {}, agent = 'heartbeat:IPaddr2') =>
  resource('vip', agent, { ip, cidr_netmask: '24', ...rest });
const options = `<cluster_property_set id="cib-bootstrap-options">${pair('o', 'stonith-enabled', 'false')}</cluster_property_set>`;
const home = '<rsc_location id="vip-home" rsc="vip" node="n3" score="1000"/>';

test('what is changed while it runs leaves nothing of its old self behind', { skip }, async (t) => {
  const cluster = await ClusterHosts.make();
  const { lab } = cluster;
  const edit = (kind: 'create' | 'modify' | 'replace' | 'delete', xml: string, section = 'resources') =>
    cluster.api('n1').edit(kind === 'create' ? { kind, section, xml } : { kind, xml });
  /** Waits until `n3` has exactly these of the addresses that are tried here, and nobody else any. */
  const only = (...wanted: readonly string[]) =>
    eventually(`${wanted} on n3 alone`, async () => {
      const shown = await Promise.all(hostNames.map((name) => lab.host(name).output(['ip', '-o', 'addr'])));
      const value = shown.map((text) => [...text.matchAll(/10\.77\.0\.2\d\d\/\d+/g)].map(String));
      return { done: JSON.stringify(value) === JSON.stringify([[], [], wanted]), value };
    });
  try {
    for (const name of hostNames) cluster.startDaemon(name);
    for (const name of hostNames) await cluster.until(name, 'a whole cluster', isWhole);
    await edit('modify', options);
    await cluster.api('n1').edit({
      kind: 'all',
      edits: [
        { kind: 'create', section: 'resources', xml: vip('10.77.0.201') },
        { kind: 'create', section: 'constraints', xml: home },
      ],
    });
    await only('10.77.0.201/24');

    await t.test('another address, another netmask', async () => {
      await edit('modify', pair('vip', 'ip', '10.77.0.202'));
      await only('10.77.0.202/24');
      await edit('modify', pair('vip', 'cidr_netmask', '25'));
      await only('10.77.0.202/25');
    });

    await t.test('another agent, and back', async () => {
      await edit('replace', vip('10.77.0.203', {}, 'haven:ip'));
      await only('10.77.0.203/24');
      assert.match(await cluster.api('n2').document('//lrm_resource[@id="vip"]'), /type="ip"/);
      await edit('replace', vip('10.77.0.204'));
      await only('10.77.0.204/24');
      assert.ok(await cluster.api('n3').settled(60_000), 'and it stays: it is not restarted for ever');
    });

    await t.test('a change whose probe comes before its stop', async () => {
      await cluster.api('n1').edit({
        kind: 'modify',
        xml: options.replace('"/></', '"/><nvpair id="o-mm" name="maintenance-mode" value="true"/></'),
      });
      await edit('modify', pair('vip', 'ip', '10.77.0.205'));
      await cluster.api('n1').command({ kind: 'refresh', resource: 'vip', node: undefined });
      await cluster.until('n1', 'it is found', (status) => nodeOf(status, 'vip') === 'n3');
      await edit(
        'modify',
        pair('o', 'mm', 'x').replace('name="mm" value="x"', 'name="maintenance-mode" value="false"'),
      );
      await only('10.77.0.205/24');
    });

    await t.test('changes while the daemon of the node and its guardian are gone', async () => {
      await edit('create', resource('beside', 'heartbeat:Dummy', {}));
      await edit('create', '<rsc_location id="beside-home" rsc="beside" node="n3" score="INFINITY"/>', 'constraints');
      await cluster.until('n1', 'beside runs', (status) => nodeOf(status, 'beside') === 'n3');
      await frozen(cluster, 'n3');
      await edit('delete', '<rsc_location id="beside-home"/>');
      await edit('delete', '<primitive id="beside"/>');
      await edit('modify', pair('vip', 'ip', '10.77.0.206'));
      cluster.startDaemon('n3');
      await cluster.until('n1', 'a whole cluster', isWhole);
      await only('10.77.0.206/24');
      await eventually('what was deleted is stopped', async () => {
        const value = await lab.host('n3').shell('ls /run/resource-agents');
        return { done: !value.includes('beside'), value };
      });
    });

    await t.test('a resource that is deleted while the coordinator goes', async () => {
      const coordinator = (await cluster.api('n3').status()).coordinator as HostName;
      const other = hostNames.find((name) => name !== coordinator && name !== 'n3') ?? 'n3';
      await cluster.api(other).edit({
        kind: 'all',
        edits: [
          { kind: 'delete', xml: '<rsc_location id="vip-home"/>' },
          { kind: 'delete', xml: '<primitive id="vip"/>' },
        ],
      });
      await cluster.endDaemon(coordinator, 'SIGKILL');
      await only();
    });
  } finally {
    await cluster.down();
  }
});

/** Daemon and guardian end at the same moment: nobody tidies up. */
async function frozen(cluster: ClusterHosts, host: HostName): Promise<void> {
  await cluster.lab.host(host).shell("pids=$(pgrep -f '[h]aven[.]js'); kill -STOP $pids; kill -KILL $pids");
}
