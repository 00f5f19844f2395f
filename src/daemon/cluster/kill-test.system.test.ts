// A kill test as an administrator makes one, on hosts whose service manager starts a dead daemon again.
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { ClusterHosts, type HostName, hostNames, isWhole, nodeOf } from './testing/hosts.ts';

const isInterop = process.env.HAVEN_INTEROP === 'whole';
const skip = process.getuid?.() !== 0 ? 'needs root' : isInterop ? false : 'runs with: npm run interop -- haven';
const haven = [process.execPath, '--single-threaded-gc', resolve('dist', 'haven.js')];
/** Restart=on-failure */
const manager = `while :; do ${haven.join(' ')} daemon >>/var/log/haven.log 2>&1 && break; sleep 0.2; done`;
const pair = (owner: string, name: string, value: string) =>
  `<nvpair id="${owner}-${name}" name="${name}" value="${value}"/>`;
const vip =
  '<primitive id="vip" class="ocf" provider="haven" type="ip"><instance_attributes id="vip-ia">' +
  `${pair('vip', 'ip', '10.77.0.100')}</instance_attributes></primitive>`;
const options = `<cluster_property_set id="cib-bootstrap-options">${pair('o', 'stonith-enabled', 'false')}</cluster_property_set>`;

test('a node fails on purpose, and what the cluster does is told', { skip }, async (t) => {
  const cluster = await ClusterHosts.make();
  const say = async (host: HostName, words: readonly string[], code = 0) => {
    const { code: status, stdout, stderr } = await cluster.lab.host(host).run([...haven, ...words]);
    assert.equal(status, code, `${host}: haven ${words.join(' ')}: ${stdout}${stderr}`);
    return stdout + stderr;
  };
  try {
    for (const name of hostNames) cluster.lab.host(name).spawn(['sh', '-c', manager], { stdio: 'ignore' });
    for (const name of hostNames) await cluster.until(name, 'a whole cluster', isWhole);
    await cluster.api('n1').edit({
      kind: 'all',
      edits: [
        { kind: 'modify', xml: options },
        { kind: 'create', section: 'resources', xml: vip },
      ],
    });
    const holder = async () =>
      nodeOf(await cluster.until('n1', 'it runs', (seen) => nodeOf(seen, 'vip') !== undefined), 'vip') as HostName;
    const witnessOf = (victim: HostName) => hostNames.find((name) => name !== victim) ?? 'n1';

    await t.test('without --yes it only says what it would do', async () => {
      const victim = await holder();
      const told = await say(witnessOf(victim), ['node', 'kill-test', victim], 107);
      assert.match(told, new RegExp(`the daemon on ${victim} is killed[^]*vip +n\\d[^]*nothing was done[^]*--yes`));
      assert.match(await say(victim, ['node', 'kill-test', victim, '--yes'], 64), /is this node/);
      assert.match(await say(victim, ['node', 'kill-test', 'n33', '--yes'], 105), /no node 'n33'.*n3/);
      assert.equal(await holder(), victim);
    });
    for (const kind of ['daemon', 'freeze', 'silence']) {
      await t.test(`--kind ${kind}: the address moves, the node comes back, nothing is left`, async () => {
        const victim = await holder();
        const words = ['node', 'kill-test', victim, '--kind', kind, '--for', '3s', '--yes'];
        const told = await say(witnessOf(victim), words);
        assert.match(
          told,
          new RegExp(
            `${victim} was missed +after [^]*vip +${victim} -> n\\d +runs again after [^]*Everything is as it should be`,
          ),
        );
        t.diagnostic(told.slice(told.indexOf('What happened')));
        assert.notEqual(await holder(), victim);
        await cluster.until('n1', 'a whole cluster', isWhole);
      });
    }
    await t.test('it is refused when the others would be no majority', async () => {
      const victim = await holder();
      const [witness = 'n1', third = 'n1'] = hostNames.filter((name) => name !== victim);
      await say(third, ['cluster', 'stop']);
      await cluster.until(witness, 'it is gone', ({ quorum }) => quorum.votes === 2);
      assert.match(await say(witness, ['node', 'kill-test', victim, '--yes'], 107), /would have no quorum/);
    });
  } finally {
    await cluster.down();
  }
});
