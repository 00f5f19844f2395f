import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeCluster } from './testing/fake-cluster.ts';

function primitive(id: string, extra = ''): string {
  return `<primitive id="${id}" class="ocf" provider="fake" type="Dummy"><operations><op id="${id}-m" name="monitor" interval="10s" timeout="20s"/></operations>${extra}</primitive>`;
}

function configuration(resources: string, options = '', constraints = ''): string {
  const fencing = options.includes('stonith-enabled') ? '' : '<nvpair id="o-f" name="stonith-enabled" value="false"/>';
  return `<crm_config><cluster_property_set id="cib-bootstrap-options">${fencing}${options}</cluster_property_set></crm_config><nodes/><resources>${resources}</resources><constraints>${constraints}</constraints>`;
}

const group = `<group id="g">${primitive('ip')}${primitive('web')}</group>`;

function started(text: string, names = ['a', 'b', 'c']): FakeCluster {
  const cluster = new FakeCluster(text, names);
  cluster.membership();
  cluster.settle();
  return cluster;
}

test('a group starts in order, on one node, after it was probed everywhere', () => {
  const cluster = started(configuration(group));
  assert.deepEqual(cluster.whereIs('ip'), cluster.whereIs('web'));
  assert.equal(cluster.whereIs('ip').length, 1);
  const begun = cluster.events.filter((line) => line.startsWith('start'));
  assert.deepEqual(begun, [`start ip ${cluster.whereIs('ip')[0]}`, `start web ${cluster.whereIs('ip')[0]}`]);
  assert.equal(cluster.events.filter((line) => line.startsWith('monitor ')).length, 6);
  assert.ok(cluster.events.includes('transition 0 complete'), cluster.events.join('\n'));
  assert.ok(cluster.isIdle);
});

test('what ran on a lost node is started elsewhere', () => {
  const cluster = started(configuration(group));
  const [was = ''] = cluster.whereIs('web');
  cluster.crash(was);
  cluster.settle();
  assert.equal(cluster.whereIs('web').length, 1);
  assert.notDeepEqual(cluster.whereIs('web'), [was]);
  assert.deepEqual(cluster.whereIs('ip'), cluster.whereIs('web'));
});

test('a failed monitor restarts the resource where it is', () => {
  const cluster = started(configuration(group));
  const [was = ''] = cluster.whereIs('web');
  cluster.node(was).running.delete('web');
  const before = cluster.events.length;
  cluster.notice('web', 'monitor', was, { code: 7 });
  cluster.settle();
  assert.deepEqual(
    cluster.events.slice(before).filter((line) => line.includes('web')),
    [`stop web ${was}`, `start web ${was}`, `monitor=10000 web ${was}`],
  );
  assert.deepEqual(cluster.whereIs('web'), [was]);
});
