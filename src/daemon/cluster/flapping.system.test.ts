// A node is cut off and is back before its own stops are over: what others took over meanwhile goes on undisturbed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterHosts, eventually, hostNames, isWhole, nodeOf } from './testing/hosts.ts';

const skip = process.getuid?.() !== 0 ? 'needs root' : false;
const stopSeconds = 8;
/** Writes a line at each start, and takes its time to end. */
const script = `echo started >>/tmp/starts; trap "sleep ${stopSeconds}; exit 0" TERM; while :; do sleep 0.1; done`;

const pair = (owner: string, name: string, value: string) =>
  `<nvpair id="${owner}-${name}" name="${name}" value="${value}"/>`;
const primitive = (id: string, agent: string, parameters: string) =>
  `<primitive id="${id}" class="ocf" ${agent}><instance_attributes id="${id}-ia">${parameters}</instance_attributes>` +
  `<operations><op id="${id}-monitor" name="monitor" interval="2s" timeout="20s"/></operations></primitive>`;
const address = (id: string, ip: string) => primitive(id, 'provider="heartbeat" type="IPaddr2"', pair(id, 'ip', ip));
const slow = primitive(
  'slow',
  'provider="haven" type="process"',
  pair('slow', 'command', '/bin/sh') + pair('slow', 'args', `-c '${script.replaceAll('"', '&quot;')}'`),
);
const options = (fastAgents: boolean) =>
  `<cluster_property_set id="cib-bootstrap-options">${pair('o', 'stonith-enabled', 'false')}${pair('o', 'fast-agents', String(fastAgents))}</cluster_property_set>`;

test('a node that is back before its stops are over disturbs nobody', { skip }, async (t) => {
  const cluster = await ClusterHosts.make();
  try {
    for (const name of hostNames) cluster.startDaemon(name);
    for (const name of hostNames) await cluster.until(name, 'a whole cluster', isWhole);
    const group = `<group id="site">${address('vip', '10.77.0.100')}${slow}</group>`;
    await cluster.api('n1').edit({
      kind: 'all',
      edits: [
        { kind: 'modify', xml: options(true) },
        { kind: 'create', section: 'resources', xml: group },
      ],
    });
    await t.test('with the built-in address agent', () => flaps(cluster));
    await cluster.api('n1').edit({ kind: 'modify', xml: options(false) });
    await t.test('with an address that a program puts on the network', () => flaps(cluster));
  } finally {
    await cluster.down();
  }
});

async function flaps(cluster: ClusterHosts): Promise<void> {
  const before = await cluster.until('n1', 'the group runs', (status) => nodeOf(status, 'slow') !== undefined);
  assert.ok(await cluster.api('n1').settled(60_000));
  const holder = hostNames.find((name) => name === nodeOf(before, 'slow'));
  const [witness] = hostNames.filter((name) => name !== holder);
  assert.ok(holder !== undefined && witness !== undefined);
  for (const name of hostNames) await cluster.lab.host(name).writeFile('/tmp/starts', '');
  await cluster.lab.cut(holder, { mode: 'silent' });
  const during = await cluster.until(witness, 'the group runs elsewhere', (status) => {
    const node = nodeOf(status, 'slow');
    return node !== undefined && node !== holder;
  });
  const taker = hostNames.find((name) => name === nodeOf(during, 'slow'));
  assert.ok(taker !== undefined);
  await cluster.lab.heal(holder);
  for (const name of hostNames) await cluster.until(name, 'a whole cluster', isWhole);
  assert.ok(await cluster.api(witness).settled(60_000));
  const after = await cluster.until(
    witness,
    'the group runs in one place',
    (status) => nodeOf(status, 'slow') === taker,
  );
  assert.equal(nodeOf(after, 'vip'), taker);
  // It runs before its first line has been written.
  const starts = await eventually('the start is written', async () => {
    const value = await cluster.lab.host(taker).readFile('/tmp/starts');
    return { done: value !== '', value };
  });
  assert.equal(starts, 'started\n', 'started once, where it was taken over');
  assert.equal(await cluster.lab.host(holder).readFile('/tmp/starts'), '');
  assert.doesNotMatch(await cluster.api(witness).document('//status'), /fail-count/);
}
