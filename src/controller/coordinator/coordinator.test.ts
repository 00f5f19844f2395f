import assert from 'node:assert/strict';
import { test } from 'node:test';
import { childAt, parseXml, replaceElement, serialiseXml } from '../../cib/index.ts';
import { Random } from '../../kit/index.ts';
import { transientAttributesOf } from '../document/query.ts';
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

test('a probe that finds a resource running is a discovery: its transition has not failed, and nothing is started twice', () => {
  const cluster = new FakeCluster(configuration(group), ['a', 'b', 'c']);
  cluster.node('b').running.set('ip', 'started').set('web', 'started');
  cluster.membership();
  cluster.settle();
  assert.deepEqual(cluster.whereIs('web'), ['b']);
  assert.deepEqual(
    cluster.events.filter((line) => /^transition \d+ failed|^start /.test(line)),
    [],
    cluster.events.join('\n'),
  );
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

function since(cluster: FakeCluster, act: () => void): string[] {
  const before = cluster.events.length;
  act();
  cluster.settle();
  return cluster.events.slice(before);
}

function setNode(cluster: FakeCluster, name: string, attribute: string, value: string): void {
  cluster.configure((cib) => {
    const text = `<instance_attributes id="${name}-a"><nvpair id="${name}-${attribute}" name="${attribute}" value="${value}"/></instance_attributes>`;
    const parsed = parseXml(text);
    const node = childAt(cib, 'configuration', 'nodes')?.children.find((each) => each.get('uname') === name);
    assert.ok(parsed.ok && node !== undefined);
    return replaceElement(cib, node, node.withNodes([parsed.value]));
  });
}

test('a failed start bans the resource from the node, and its fail count says INFINITY', () => {
  const cluster = new FakeCluster(configuration(primitive('web')), ['a', 'b']);
  cluster.answers = (operation) => (operation.startsWith('start web a') ? { code: 1, reason: 'no port' } : undefined);
  cluster.membership();
  cluster.settle();
  assert.deepEqual(cluster.whereIs('web'), ['b']);
  const attributes = transientAttributesOf(cluster.cib, { id: '1', name: 'a' });
  assert.equal(attributes.get('fail-count-web#start_0'), 'INFINITY');
  assert.match(serialiseXml(cluster.cib), /id="web_last_failure_0"[^>]*rc-code="1"/);
});

test('after migration-threshold failures the resource moves', () => {
  const meta =
    '<meta_attributes id="web-meta"><nvpair id="web-t" name="migration-threshold" value="3"/></meta_attributes>';
  const cluster = started(configuration(primitive('web', meta)), ['a', 'b']);
  const [was = ''] = cluster.whereIs('web');
  for (const expected of [[was], [was], [was === 'a' ? 'b' : 'a']]) {
    cluster.node(was).running.delete('web');
    cluster.notice('web', 'monitor', was, { code: 7 });
    cluster.settle();
    assert.deepEqual(cluster.whereIs('web'), expected, cluster.events.join('\n'));
  }
});

test('a failure is forgotten after failure-timeout', () => {
  const meta =
    '<meta_attributes id="web-meta"><nvpair id="web-t" name="migration-threshold" value="1"/><nvpair id="web-f" name="failure-timeout" value="60s"/></meta_attributes>';
  const cluster = started(configuration(primitive('web', meta)), ['a', 'b']);
  const [was = ''] = cluster.whereIs('web');
  cluster.node(was).running.delete('web');
  cluster.notice('web', 'monitor', was, { code: 7 });
  cluster.pass(30_000);
  assert.notDeepEqual(cluster.whereIs('web'), [was]);
  const node = { id: cluster.node(was).id, name: was };
  assert.equal(transientAttributesOf(cluster.cib, node).get('fail-count-web#monitor_10000'), '1');
  cluster.settle();
  assert.equal(transientAttributesOf(cluster.cib, node).get('fail-count-web#monitor_10000'), undefined);
  assert.doesNotMatch(serialiseXml(cluster.cib), /web_last_failure_0/);
});

test('standby moves the resources away, and back home goes nothing without a reason', () => {
  const cluster = started(configuration(group));
  const [was = ''] = cluster.whereIs('web');
  const done = since(cluster, () => setNode(cluster, was, 'standby', 'on'));
  assert.notDeepEqual(cluster.whereIs('web'), [was]);
  assert.deepEqual(
    done.filter((line) => /^(stop|start) /.test(line)).map((line) => line.split(' ').slice(0, 2).join(' ')),
    ['stop web', 'stop ip', 'start ip', 'start web'],
  );
});

test('a node that wants to leave is dismissed once nothing runs there', () => {
  const cluster = started(configuration(group));
  const [was = ''] = cluster.whereIs('web');
  const { id, name } = cluster.node(was);
  const done = since(cluster, () => {
    cluster.apply([{ kind: 'attribute', node: { id, name }, name: 'shutdown', value: '1800000000' }], name);
  });
  assert.ok(done.indexOf(`stop ip ${was}`) < done.indexOf(`${was} leaves`), done.join('\n'));
  assert.equal(cluster.whereIs('web').length, 1);
  assert.ok(cluster.isIdle);
});

test('in maintenance nothing is touched, and monitors are cancelled', () => {
  const cluster = started(configuration(group));
  const [was = ''] = cluster.whereIs('web');
  const done = since(cluster, () => setNode(cluster, was, 'maintenance', 'true'));
  assert.deepEqual(done.filter((line) => !line.startsWith('transition')).toSorted(), [
    `cancel monitor=10000 ip ${was}`,
    `cancel monitor=10000 web ${was}`,
  ]);
  assert.deepEqual(cluster.whereIs('web'), [was]);
});

test('a promotable clone runs everywhere and is promoted once', () => {
  const monitors =
    '<operations><op id="m1" name="monitor" interval="10s"/><op id="m2" name="monitor" interval="11s" role="Promoted"/></operations>';
  const clone = `<clone id="db-clone"><meta_attributes id="c-m"><nvpair id="c-p" name="promotable" value="true"/><nvpair id="c-n" name="notify" value="true"/></meta_attributes><primitive id="db" class="ocf" provider="fake" type="Stateful">${monitors}</primitive></clone>`;
  const cluster = started(configuration(clone));
  assert.equal(cluster.whereIs('db').length, 3);
  const scores = cluster.nodes.map(({ id, name }, index) => ({
    kind: 'attribute' as const,
    node: { id, name },
    name: 'master-db',
    value: String(10 - index),
  }));
  const done = since(cluster, () => cluster.apply(scores, 'agents'));
  assert.deepEqual(cluster.whereIs('db'), ['a*', 'b', 'c']);
  assert.ok(done.some((line) => line.startsWith('notify db')));
  cluster.crash('a');
  cluster.settle();
  assert.deepEqual(cluster.whereIs('db'), ['b*', 'c']);
});

test('what can migrate goes over without a stop before', () => {
  const meta = '<meta_attributes id="vm-meta"><nvpair id="vm-m" name="allow-migrate" value="true"/></meta_attributes>';
  const cluster = started(configuration(primitive('vm', meta)), ['a', 'b']);
  const [was = ''] = cluster.whereIs('vm');
  const other = was === 'a' ? 'b' : 'a';
  const done = since(cluster, () => setNode(cluster, was, 'standby', 'on'));
  assert.deepEqual(
    done.filter((line) => / vm /.test(line)),
    [
      `cancel monitor=10000 vm ${was}`,
      `migrate_to vm ${was}`,
      `migrate_from vm ${other}`,
      `stop vm ${was}`,
      `monitor=10000 vm ${other}`,
    ].filter((line) => !line.startsWith('cancel') || done.includes(line)),
  );
  assert.deepEqual(cluster.whereIs('vm'), [other]);
});

const fencingOn = '<nvpair id="o-f" name="stonith-enabled" value="true"/>';

function device(id: string, extra = ''): string {
  return `<primitive id="${id}" class="stonith" type="fence_fake"><instance_attributes id="${id}-p"><nvpair id="${id}-h" name="pcmk_host_list" value="a b c"/>${extra}</instance_attributes></primitive>`;
}

test('with fencing, nothing of a lost node is started before it was fenced', () => {
  const cluster = started(configuration(group + device('power'), fencingOn));
  const [was = ''] = cluster.whereIs('web');
  const done = since(cluster, () => cluster.crash(was));
  const fenced = done.findIndex((line) => line.startsWith(`reboot ${was} by power`));
  assert.ok(fenced >= 0, done.join('\n'));
  assert.doesNotMatch(done[fenced] ?? '', new RegExp(`on ${was}$`));
  assert.ok(fenced < done.findIndex((line) => line.startsWith('start ip')), done.join('\n'));
  assert.equal(cluster.whereIs('web').length, 1);
});

test('fencing that fails is tried again so many times, and meanwhile nothing is started twice', () => {
  const attempts = '<nvpair id="o-s" name="stonith-max-attempts" value="3"/>';
  const cluster = started(configuration(group + device('power'), fencingOn + attempts));
  cluster.fencing = () => 'no answer from the plug';
  const [was = ''] = cluster.whereIs('web');
  const done = since(cluster, () => cluster.crash(was));
  assert.equal(done.filter((line) => line.startsWith(`reboot ${was}`)).length, 3 * 2);
  assert.deepEqual(cluster.whereIs('web'), []);
  cluster.fencing = () => undefined;
  const later = since(cluster, () => cluster.say({ kind: 'fence-confirm', target: was, by: 'root' }));
  assert.ok(
    later.some((line) => line.startsWith('start web')),
    later.join('\n'),
  );
});

test('a new coordinator waits for what the former had ordered', () => {
  const cluster = new FakeCluster(configuration(primitive('web')), ['a', 'b', 'c']);
  cluster.durationMs = (operation) => (operation.startsWith('start') ? 5_000 : 10);
  setLocation(cluster, 'b');
  cluster.membership();
  cluster.pass(1_000);
  assert.ok(cluster.events.includes('start web b'), cluster.events.join('\n'));
  const done = since(cluster, () => cluster.crash('a'));
  assert.deepEqual(
    done.filter((line) => line.startsWith('start')),
    [],
  );
  assert.deepEqual(cluster.whereIs('web'), ['b']);
  assert.equal(cluster.leader, 'b');
});

function setLocation(cluster: FakeCluster, node: string): void {
  cluster.configure((cib) => {
    const parsed = parseXml(`<rsc_location id="l" rsc="web" node="${node}" score="100"/>`);
    const constraints = childAt(cib, 'configuration', 'constraints');
    assert.ok(parsed.ok && constraints !== undefined);
    return replaceElement(cib, constraints, constraints.append(parsed.value));
  });
}

test('an operation that is never answered counts as failed after its timeout and the cluster delay', () => {
  const cluster = new FakeCluster(configuration(primitive('web')), ['a', 'b']);
  cluster.answers = (operation) => (operation.startsWith('start web a') ? 'never' : undefined);
  cluster.membership();
  cluster.settle();
  assert.deepEqual(cluster.whereIs('web'), ['b'], cluster.events.join('\n'));
  assert.ok(cluster.nowMs >= 80_000);
});

test('a dampened attribute is written once, for all nodes at the same time', () => {
  const cluster = started(configuration(primitive('web')));
  const writes = () =>
    cluster.effects.filter((effect) => effect.kind === 'multicast' && effect.message.kind === 'status');
  const before = writes().length;
  for (const { id, name } of cluster.nodes) {
    cluster.say({ kind: 'attribute', node: { id, name }, name: 'pingd', value: '100', dampenMs: 5_000 });
  }
  cluster.pass(4_000);
  assert.equal(transientAttributesOf(cluster.cib, { id: '1', name: 'a' }).get('pingd'), undefined);
  cluster.pass(4_000);
  assert.equal(writes().length, before + 1);
  for (const { id, name } of cluster.nodes)
    assert.equal(transientAttributesOf(cluster.cib, { id, name }).get('pingd'), '100');
});

test('while the cluster is held nothing is decided, and right afterwards it is', () => {
  const cluster = started(configuration(group));
  const [was = ''] = cluster.whereIs('web');
  cluster.hold(5_000);
  cluster.crash(was);
  cluster.pass(4_900);
  assert.deepEqual(cluster.whereIs('web'), []);
  cluster.pass(1_000);
  assert.equal(cluster.whereIs('web').length, 1);
});

test('whatever fails and whoever crashes, with fencing nothing runs twice and the cluster comes to rest', () => {
  for (let seed = 0; seed < 12; seed++) {
    const random = new Random(`coordinator/${seed}`);
    const cluster = new FakeCluster(configuration(group + device('power'), fencingOn), ['a', 'b', 'c'], `${seed}`);
    cluster.answers = () => (random.chance(0.05) ? { code: 1 } : undefined);
    cluster.fencing = () => (random.chance(0.3) ? 'broken' : undefined);
    cluster.membership();
    cluster.pass(random.between(1, 400));
    cluster.crash(random.pick(['a', 'b', 'c']) ?? 'a');
    for (let count = 0; count < 200; count++) {
      cluster.pass(random.between(1, 50));
      for (const id of ['ip', 'web']) assert.ok(cluster.whereIs(id).length <= 1, cluster.events.join('\n'));
    }
    cluster.settle();
    assert.ok(cluster.isIdle, cluster.events.slice(-5).join('\n'));
  }
});
