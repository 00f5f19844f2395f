import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type XmlElement, xmlElement } from '../../cib/index.ts';
import { type Cluster, readCluster, scheduleCluster } from '../index.ts';

const now = { epochSeconds: 1_700_000_000, offsetSeconds: 0 };

/** A group whose members all avoid one another, on three nodes that are up. */
function everyPairApart(members: number): XmlElement {
  const ids = Array.from({ length: members }, (_, index) => `r${index}`);
  const nodes = ['1', '2', '3'];
  const agent = { class: 'ocf', provider: 'pacemaker', type: 'Dummy' };
  const pairs = ids.flatMap((withId, index) => ids.slice(index + 1).map((id) => [id, withId] as const));
  const up = { in_ccm: 'true', crmd: 'online', join: 'member', expected: 'member' };
  return xmlElement('cib', { 'have-quorum': '1' }, [
    xmlElement('configuration', {}, [
      xmlElement('crm_config'),
      xmlElement(
        'nodes',
        {},
        nodes.map((id) => xmlElement('node', { id, uname: `n${id}` })),
      ),
      xmlElement('resources', {}, [
        xmlElement(
          'group',
          { id: 'g' },
          ids.map((id) => xmlElement('primitive', { id, ...agent })),
        ),
      ]),
      xmlElement(
        'constraints',
        {},
        pairs.map(([rsc, other]) =>
          xmlElement('rsc_colocation', { id: `${rsc}-${other}`, rsc, 'with-rsc': other, score: '-INFINITY' }),
        ),
      ),
    ]),
    xmlElement(
      'status',
      {},
      nodes.map((id) => xmlElement('node_state', { id, uname: `n${id}`, ...up })),
    ),
  ]);
}

function clusterWith(members: number, stepsLeft: number): Cluster {
  const cluster = readCluster(everyPairApart(members), { now, reasons: false });
  cluster.caches.mergeStepsLeft = stepsLeft;
  return cluster;
}

test('a merge of preferences ends where every pair of resources is related', () => {
  const cluster = clusterWith(20, 0);
  scheduleCluster(cluster);
  assert.ok(cluster.caches.mergeStepsLeft < 0);
});

test('resources without preferences are placed alike, whether all ways among them are followed or not', () => {
  const [spent, followed] = [0, 1_000_000].map((steps) => scheduleCluster(clusterWith(7, steps)).scores);
  assert.deepEqual(spent, followed);
});
