// Rings of Haven and of real Corosync members.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ClusterOptions, type MixedCluster, peerAvailable, withCluster } from './cluster.ts';

const skip = process.getuid?.() !== 0 ? 'needs root' : peerAvailable ? false : 'needs the Debian package corosync';

const rings: readonly ClusterOptions[] = [
  { transport: 'udpu', programs: ['corosync', 'corosync', 'haven'] },
  { transport: 'udp', programs: ['haven', 'corosync', 'corosync'] },
];

for (const options of rings) {
  test(
    `${options.programs.join(', ')} over ${options.transport}: one membership, one order, crash and return`,
    { skip },
    () => withCluster(options, liveTogether),
  );
}

async function liveTogether(cluster: MixedCluster): Promise<void> {
  const all = cluster.nodes.map(({ nodeId }) => nodeId);
  for (const node of cluster.nodes) node.start();
  await cluster.untilTogether(all);
  await agreeOnMembers(cluster, all);

  const each = 200;
  for (const node of cluster.nodes) node.tell({ kind: 'say', first: 0, count: each, bytes: 300 });
  for (const node of cluster.nodes) node.tell({ kind: 'say', first: each, count: 5, bytes: 40_000 });
  await cluster.untilHeard(all, (each + 5) * all.length);
  sameOrder(cluster, all);

  const [haven] = cluster.of('haven');
  assert.ok(haven !== undefined);
  const others = all.filter((nodeId) => nodeId !== haven.nodeId);
  await haven.crash();
  await cluster.untilTogether(others);
  haven.start();
  await cluster.untilTogether(all);
  await agreeOnMembers(cluster, all);

  const corosync = cluster.of('corosync').at(-1);
  assert.ok(corosync !== undefined);
  await corosync.crash();
  await cluster.untilTogether(all.filter((nodeId) => nodeId !== corosync.nodeId));
  corosync.start();
  await cluster.untilTogether(all);
  await haven.leave();
  await cluster.untilTogether(others);
}

/** Everybody who has been there all the time heard the same, in the same order, and each message once. */
function sameOrder(cluster: MixedCluster, nodeIds: readonly number[]): void {
  const [first, ...others] = nodeIds.map((nodeId) => cluster.node(nodeId));
  assert.ok(first !== undefined);
  assert.equal(new Set(first.heard).size, first.heard.length, 'each message once');
  assert.deepEqual(
    first.heard.filter((text) => !/^\d+:\d+$/.test(text)),
    [],
    'as it was said',
  );
  for (const other of others) assert.deepEqual(other.heard, first.heard, `${other.name} and ${first.name}`);
}

/** corosync-quorumtool on the real nodes counts the same members as we do. */
async function agreeOnMembers(cluster: MixedCluster, nodeIds: readonly number[]): Promise<void> {
  for (const node of cluster.of('corosync')) {
    await cluster.until(`quorumtool of ${node.name} shows ${nodeIds.join()}`, async () => {
      const { stdout } = await node.host.run(['corosync-quorumtool', '-s']);
      const listed = [...stdout.matchAll(/^ +(\d+) +1 /gm)].map((match) => Number(match[1]));
      return listed.join() === nodeIds.join() && /Quorate: +Yes/.test(stdout);
    });
  }
}
