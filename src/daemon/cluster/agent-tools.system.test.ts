// Agents that speak to the cluster with the tools of the standard stack: promotion scores, attributes, the node's name.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import type { ClusterStatus } from '../../api/index.ts';
import { ClusterHosts, eventually, type HostName, hostNames, isWhole, nodeOf } from './testing/hosts.ts';

const agents = existsSync('/usr/lib/ocf/resource.d/pacemaker/Stateful');
const skip = process.getuid?.() !== 0 ? 'needs root' : agents ? false : 'needs pacemaker-resource-agents';

const pair = (id: string, name: string, value: string) => `<nvpair id="${id}" name="${name}" value="${value}"/>`;
const options = `<cluster_property_set id="cib-bootstrap-options">${pair('o-s', 'stonith-enabled', 'false')}</cluster_property_set>`;
const clone =
  `<clone id="db-clone"><meta_attributes id="db-clone-meta">${pair('db-p', 'promotable', 'true')}</meta_attributes>` +
  '<primitive id="db" class="ocf" provider="pacemaker" type="Stateful"/></clone>';
const flag = '<primitive id="flag" class="ocf" provider="pacemaker" type="attribute"/>';

test('a promotable agent is promoted by the score it gives itself, and elsewhere when its node stands by', {
  skip,
}, async () => {
  const cluster = await ClusterHosts.make();
  const promoted = (wanted: (node: HostName) => boolean) =>
    eventually('the clone is promoted', async () => {
      const status = await cluster.api('n1').status();
      const [value, ...others] = promotedNodes(status);
      return { done: value !== undefined && others.length === 0 && wanted(value), value };
    });
  const tool = (host: HostName, ...words: string[]) =>
    cluster.lab.host(host).output([`/run/haven/tools/${words[0]}`, ...words.slice(1)]);
  try {
    for (const name of hostNames) cluster.startDaemon(name);
    for (const name of hostNames) await cluster.until(name, 'a whole cluster', isWhole);
    const create = [clone, flag].map((xml) => ({ kind: 'create' as const, section: 'resources', xml }));
    await cluster.api('n1').edit({ kind: 'all', edits: [{ kind: 'modify', xml: options }, ...create] });

    const first = (await promoted(() => true)) ?? 'n1';
    assert.ok(await cluster.api(first).settled(60_000));
    assert.equal(await tool(first, 'crm_attribute', '--promotion', 'db', '-G', '-q'), '10\n');
    const settled = await cluster.api(first).status();
    assert.deepEqual([settled.failures, nodeOf(settled, 'flag') !== undefined], [[], true], 'no agent has failed');

    await cluster.api('n1').edit({ kind: 'modify', xml: standby(first) });
    const second = (await promoted((node) => node !== first)) ?? 'n1';
    assert.notEqual(second, first);

    await tool(second, 'attrd_updater', '-n', 'seen', '-U', '1');
    assert.equal(await tool(second, 'attrd_updater', '-n', 'seen', '-Q'), `name="seen" host="${second}" value="1"\n`);
    await tool(second, 'crm_attribute', '-l', 'reboot', '-n', 'seen', '-v', 'value+=2');
    assert.equal(await tool(second, 'crm_attribute', '-l', 'reboot', '-n', 'seen', '-q'), '3\n');
    await tool(second, 'crm_attribute', '-n', 'db_REPL_INFO', '-s', 'db_replication', '-v', second);
    assert.equal(await tool(first, 'crm_attribute', '-n', 'db_REPL_INFO', '-s', 'db_replication', '-q'), `${second}\n`);
    assert.equal(await tool(second, 'crm_node', '-n'), `${second}\n`);
    assert.equal(await tool(second, 'crm_node', '-p'), 'n1 n2 n3\n');
    const codeOf = `/run/haven/tools/crm_attribute -l reboot -n nothing -G; echo $?`;
    assert.equal(await cluster.lab.host(second).output(['sh', '-c', codeOf]), '105\n');
  } finally {
    await cluster.down();
  }
});

function promotedNodes({ resources }: ClusterStatus): HostName[] {
  const all = resources.flatMap((resource) => [resource, ...resource.children]);
  const instances = all.filter(({ kind, state }) => kind === 'primitive' && state === 'promoted');
  return hostNames.filter((name) => instances.some(({ nodes }) => nodes.includes(name)));
}

function standby(node: HostName): string {
  const id = hostNames.indexOf(node) + 1;
  return `<node id="${id}"><instance_attributes id="nodes-${id}">${pair(`nodes-${id}-standby`, 'standby', 'on')}</instance_attributes></node>`;
}
