// What a ring of Haven and real Corosync members goes through, and what has to hold.
import assert from 'node:assert/strict';
import type { RingStatus } from '../../membership/index.ts';
import type { MemberNode, MixedCluster } from './cluster.ts';

export type Scenario = (cluster: MixedCluster) => Promise<string>;

const lossShare = 0.15;
const recoveriesMax = 8;

/** In the order in which they build on one another. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  'one membership': formTogether,
  'one order': speakTogether,
  'one order under loss': speakUnderLoss,
  'a Haven node crashes, returns': (cluster) => crashAndReturn(cluster, cluster.of('haven')[0]),
  'a Corosync node crashes, returns': (cluster) => crashAndReturn(cluster, cluster.of('corosync').at(-1)),
  'partition and merge': partitionAndMerge,
  'Haven supplies what others missed': supplyInRecovery,
  'a Haven node leaves': leave,
};

async function formTogether(cluster: MixedCluster): Promise<string> {
  for (const node of cluster.nodes) node.start();
  await cluster.untilTogether(cluster.nodeIds);
  await agreeOnMembers(cluster, cluster.nodeIds);
  const representative = cluster.node(Math.min(...cluster.nodeIds));
  return `representative: ${representative.program}`;
}

async function speakTogether(cluster: MixedCluster): Promise<string> {
  for (const node of cluster.nodes) node.heard = [];
  const [small, large] = [200, 5];
  for (const node of cluster.nodes) node.tell({ kind: 'say', first: 0, count: small, bytes: 300 });
  for (const node of cluster.nodes) node.tell({ kind: 'say', first: small, count: large, bytes: 40_000 });
  const total = (small + large) * cluster.nodes.length;
  await cluster.untilHeard(cluster.nodeIds, total);
  sameOrder(cluster.nodes);
  return `${total} messages`;
}

async function speakUnderLoss(cluster: MixedCluster): Promise<string> {
  for (const node of cluster.nodes) node.heard = [];
  const [haven] = cluster.of('haven');
  const [corosync] = cluster.of('corosync');
  for (const node of [haven, corosync])
    if (node !== undefined) await cluster.lab.impair(node.name, { loss: lossShare, direction: 'in' });
  const each = 400;
  for (const node of cluster.nodes) node.tell({ kind: 'say', first: 1000, count: each, bytes: 700 });
  await cluster.untilHeard(cluster.nodeIds, each * cluster.nodes.length);
  for (const node of [haven, corosync]) if (node !== undefined) await cluster.lab.repair(node.name);
  await cluster.untilTogether(cluster.nodeIds);
  sameOrder(cluster.nodes);
  return `${each * cluster.nodes.length} messages, ${lossShare * 100} % of what a Haven and a Corosync node are sent lost`;
}

async function crashAndReturn(cluster: MixedCluster, node: MemberNode | undefined): Promise<string> {
  assert.ok(node !== undefined);
  const others = cluster.nodeIds.filter((nodeId) => nodeId !== node.nodeId);
  await node.crash();
  await cluster.untilTogether(others);
  node.start();
  await cluster.untilTogether(cluster.nodeIds);
  await agreeOnMembers(cluster, cluster.nodeIds);
  return `node ${node.nodeId}`;
}

async function partitionAndMerge(cluster: MixedCluster): Promise<string> {
  const [first, ...rest] = cluster.nodes;
  assert.ok(first !== undefined);
  await cluster.lab.partition([[first.name], rest.map(({ name }) => name)]);
  await cluster.untilTogether(rest.map(({ nodeId }) => nodeId));
  await cluster.untilTogether([first.nodeId]);
  await cluster.lab.heal();
  await cluster.untilTogether(cluster.nodeIds);
  await agreeOnMembers(cluster, cluster.nodeIds);
  return `node ${first.nodeId} alone, then together`;
}

/**
 * A member of the real side loses datagrams while everybody talks, and another one of it dies: Haven has what the loser
 * missed, and says it again in recovery. Whether something is missing at that moment is chance, so several tries.
 */
async function supplyInRecovery(cluster: MixedCluster): Promise<string> {
  const haven = cluster.of('haven')[0];
  const loser = cluster.of('corosync')[0];
  assert.ok(haven !== undefined && loser !== undefined);
  const victim = cluster.nodes.find((node) => node !== haven && node !== loser);
  assert.ok(victim !== undefined);
  for (let attempt = 1; attempt <= recoveriesMax; attempt++) {
    for (const node of cluster.nodes) node.heard = [];
    await cluster.lab.impair(loser.name, { loss: lossShare, direction: 'in', seed: attempt });
    for (const node of [haven, victim]) node.tell({ kind: 'say', first: 10_000 * attempt, count: 1000, bytes: 1000 });
    await cluster.untilHeard([haven.nodeId], 200);
    await victim.crash();
    await cluster.lab.repair(loser.name);
    const survivors = cluster.nodes.filter((node) => node !== victim);
    await cluster.untilTogether(survivors.map(({ nodeId }) => nodeId));
    const supplied = (await statusOf(cluster, haven)).counters.suppliedInRecovery;
    await cluster.untilSame(survivors);
    sameOrder(survivors);
    victim.start();
    await cluster.untilTogether(cluster.nodeIds);
    if (supplied > 0) return `${supplied} messages of the old ring, at attempt ${attempt}`;
  }
  throw new Error(`no message was missing in ${recoveriesMax} recoveries`);
}

async function leave(cluster: MixedCluster): Promise<string> {
  const haven = cluster.of('haven')[0];
  assert.ok(haven !== undefined);
  const startedMs = performance.now();
  await haven.leave();
  await cluster.untilTogether(cluster.nodeIds.filter((nodeId) => nodeId !== haven.nodeId));
  return `missed by nobody after ${Math.round(performance.now() - startedMs)} ms`;
}

async function statusOf(cluster: MixedCluster, node: MemberNode): Promise<RingStatus> {
  node.status = undefined;
  node.tell({ kind: 'status' });
  await cluster.until(`the status of ${node.name}`, async () => node.status !== undefined);
  return node.status as RingStatus;
}

/** Everybody who has been there all the time heard the same, in the same order, and each message once. */
function sameOrder(nodes: readonly MemberNode[]): void {
  const [first, ...others] = nodes;
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
