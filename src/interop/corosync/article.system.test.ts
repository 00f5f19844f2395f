// The acceptance article's corosync.conf, as it stands there: multicast, secauth with a comment behind it, two rings and no
// nodelist. No Corosync since 3.0 takes it. Three hosts with two networks run it; a network fails and comes back.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createLab, type Host, type Lab, programDirectory } from '../../lab/index.ts';
import type { RingStatus } from '../../membership/index.ts';
import { MemberNode, MixedCluster } from './cluster.ts';

const skip = process.getuid?.() !== 0 ? 'needs root' : false;
const conf = `totem {
 version: 2
 threads: 0
 cluster_name: ntp_route
 token: 5000
 token_retransmits_before_loss_const: 20
 join: 1000
 consensus: 7500
 max_messages: 20
 secauth: on # On utilise une clé pour autoriser un nœud à se connecter au cluster.
 rrp_mode: active
 interface {
 ringnumber: 0
 bindnetaddr: 194.214.124.0
 mcastaddr: 226.94.1.1
 mcastport: 5405
 }
 interface {
 ringnumber: 1
 bindnetaddr: 192.168.1.0
 mcastaddr: 226.94.2.1
 mcastport: 5405
 }
}
logging {
 to_logfile: yes
 logfile: /var/log/corosync/corosync.log
 to_syslog: yes
 debug: off
 timestamp: on
 logger_subsys {
 subsys: QUORUM
 debug: off
 }
}
quorum {
 provider: corosync_votequorum
 expected_votes: 2
}
`;
const each = 600;

test('the article runs: two rings without a nodelist, one of them fails and comes back, no message is lost', {
  skip,
}, async () => {
  const hosts = [1, 2, 3].map((number) => ({
    name: `node${number}`,
    interfaces: [{ addresses: [`194.214.124.${number}/24`] }, { addresses: [`192.168.1.${number}/24`] }],
  }));
  const lab = await createLab({ hosts, links: 2 });
  try {
    const key = randomBytes(128);
    for (const host of lab.hosts) await prepare(host, key);
    await failAndReturn(lab);
  } finally {
    await lab.down();
  }
});

async function prepare(host: Host, key: Buffer): Promise<void> {
  await host.shell('mkdir -p /var/log/corosync /etc/corosync');
  await host.writeFile('/etc/corosync/corosync.conf', conf);
  await host.shell(
    `echo ${key.toString('base64')} | base64 -d >/etc/corosync/authkey; chmod 400 /etc/corosync/authkey`,
  );
}

/** Two members speak; the third is `haven ring run`, which shows what an administrator sees. */
async function failAndReturn(lab: Lab): Promise<void> {
  const nodes = ['node1', 'node2'].map((name) => new MemberNode(lab.host(name), nodeIdOf(lab.host(name)), 'haven'));
  const [first, second] = nodes;
  assert.ok(first !== undefined && second !== undefined);
  const cluster = new MixedCluster(lab, nodes);
  const watcher = lab.host('node3');
  watcher.spawn(haven('ring', 'run'), { stdio: 'ignore' });
  for (const node of nodes) node.start();
  await cluster.untilTogether(cluster.nodeIds);
  const shown = async () => JSON.parse(await watcher.output(haven('ring', 'status', '--json'))) as RingStatus;
  const logged = async (link: number, state: string) => {
    const { stdout } = await watcher.run(['cat', '/var/log/corosync/corosync.log']);
    return stdout.includes(`link ${link} to node ${first.nodeId} is ${state}`);
  };
  await cluster.until('three members, both links up to each', async () => {
    const { members, links } = await shown();
    return members.length === 3 && links.every(({ peers }) => peers.length === 2 && peers.every(isUp));
  });
  const before = await shown();
  assert.equal(before.security, 'sealed');
  for (const node of nodes) node.heard = [];
  for (const link of [0, 1]) {
    say(nodes, link * 2 * each);
    await lab.cut(first.name, { link, mode: 'silent' });
    await cluster.until(`link ${link} to node1 down`, async () => pathOf(await shown(), link, first).state === 'down');
    assert.ok(await logged(link, 'down'));
    say(nodes, (link * 2 + 1) * each);
    await lab.heal(first.name, { link });
    // The other network is the next to fail: nobody may be without both.
    await cluster.until('all links up', async () => (await shown()).links.every(({ peers }) => peers.every(isUp)));
    assert.ok(await logged(link, 'up'));
  }
  await cluster.untilHeard(cluster.nodeIds, 4 * each * nodes.length);
  assert.equal(new Set(first.heard).size, 4 * each * nodes.length, 'each message once');
  assert.deepEqual(second.heard, first.heard);
  assert.equal((await shown()).ringId, before.ringId, 'nobody was missed');
}

function say(nodes: readonly MemberNode[], first: number): void {
  for (const node of nodes) node.tell({ kind: 'say', first, count: each, bytes: 300 });
}

function pathOf({ links }: RingStatus, link: number, node: MemberNode) {
  const found = links[link]?.peers.find(({ nodeId }) => nodeId === node.nodeId);
  assert.ok(found !== undefined, `link ${link} is shown to ${node.name}`);
  return found;
}

const isUp = ({ state }: { readonly state: 'up' | 'down' }) => state === 'up';

/** As Corosync 2 made it of the first ring's address. */
function nodeIdOf(host: Host): number {
  return host
    .address({ link: 0 })
    .split('.')
    .reduce((number, byte) => number * 256 + Number(byte), 0);
}

function haven(...words: readonly string[]): string[] {
  return [process.execPath, `${programDirectory()}/bin/haven`, ...words];
}
