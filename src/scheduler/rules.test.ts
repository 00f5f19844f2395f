// Rules that decide few clusters, each shown in the smallest cluster that it decides.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rewriteElements, type XmlElement } from '../cib/index.ts';
import { formatDot } from './graph/dot.ts';
import { formatGraph } from './graph/graph-xml.ts';
import { readCluster } from './placement.ts';
import { renderFailures } from './render/failures.ts';
import { schedule } from './schedule.ts';
import { execute } from './simulate/execution.ts';
import {
  decided,
  digest,
  documentOf,
  dummy,
  history,
  now,
  type Operation,
  option,
  running,
  withoutFencing,
} from './testing/small-cluster.ts';

test('a probe that found no agent bans the resource from the node, until it expires: then the node is probed again', () => {
  const resources = dummy('d', { 'failure-timeout': '1min' });
  const probed = (changed: number) =>
    decided({
      options: withoutFencing,
      resources,
      histories: { n1: history('d', { task: 'monitor', code: 5, expected: 7, changed }) },
    });
  const fresh = probed(now.epochSeconds - 10);
  assert.ok(fresh.scores.includes('pcmk__primitive_assign: d allocation score on n1: -INFINITY'));
  assert.ok(!fresh.actions.includes('d_monitor_0 n1'));
  const expired = probed(now.epochSeconds - 1000);
  assert.ok(expired.scores.includes('pcmk__primitive_assign: d allocation score on n1: 0'));
  assert.ok(expired.actions.includes('d_monitor_0 n1'));
});

test('a lost ticket for the role Started concerns what runs in any role', () => {
  const clone = `<clone id="c"><meta_attributes id="cm"><nvpair id="cm-p" name="promotable" value="true"/></meta_attributes>
    ${dummy('d')}</clone>`;
  const { actions } = decided({
    options: option('have-watchdog', 'true'),
    resources: clone,
    constraints: '<rsc_ticket id="t1" rsc="c" rsc-role="Started" ticket="t" loss-policy="fence"/>',
    tickets: '<tickets><ticket_state id="t" granted="false"/></tickets>',
    histories: { n1: history('d', { task: 'demote', code: 0, expected: 0 }) },
  });
  assert.ok(actions.includes('stonith-n1-reboot n1'), actions.join('\n'));
});

test('the first start of anything that requires unfencing unfences its node', () => {
  const { actions } = decided({
    options: option('have-watchdog', 'true'),
    resources: dummy('d', { requires: 'unfencing' }),
    constraints: '<rsc_location id="l" rsc="d" node="n2" score="100"/>',
  });
  assert.ok(actions.includes('stonith-n2-on n2'), actions.join('\n'));
});

test('whether a clone can be promoted is asked of the clone, not of what it clones', () => {
  const daemon = `<primitive id="d" class="lsb" type="d"><meta_attributes id="m">
    <nvpair id="m-p" name="promotable" value="true"/></meta_attributes></primitive>`;
  const { actions } = decided({ options: withoutFencing, resources: `<clone id="c">${daemon}</clone>` });
  assert.ok(actions.includes('d:0_start_0 n1'), actions.join('\n'));
});

test('a group that is not managed holds a member that is, where it runs', () => {
  const group = `<group id="g"><meta_attributes id="gm"><nvpair id="gm-m" name="is-managed" value="false"/></meta_attributes>
    ${dummy('d', { 'is-managed': 'true' })}</group>`;
  const { scores } = decided({ options: withoutFencing, resources: group, histories: { n1: history('d', running) } });
  assert.ok(scores.includes('pcmk__group_assign: g allocation score on n1: INFINITY'), scores.join('\n'));
});

test('remote nodes that nothing but their connections tell of cannot be told apart by name', () => {
  const remotes = ['r1', 'r2'].map((id) => `<primitive id="${id}" class="ocf" provider="pacemaker" type="remote"/>`);
  const { scores } = decided({
    options: withoutFencing,
    resources: `${remotes.join('')}${dummy('a')}${dummy('b')}`,
    constraints: `<rsc_location id="l" rsc="a" node="r1" score="100"/>
      <rsc_colocation id="c" rsc="b" with-rsc="a" score="INFINITY"/>`,
  });
  assert.ok(scores.includes('pcmk__primitive_assign: b allocation score on n1: -INFINITY'), scores.join('\n'));
  assert.ok(scores.includes('pcmk__primitive_assign: b allocation score on r2: 0'), scores.join('\n'));
});

test('of several values of a transient attribute, the one in the first set of the document counts', () => {
  const set = (id: string, value: string) =>
    `<instance_attributes id="${id}"><nvpair id="${id}-s" name="standby" value="${value}"/></instance_attributes>`;
  const startsOn = (sets: string) =>
    decided({ options: withoutFencing, resources: dummy('d'), attributes: { n1: sets } });
  assert.ok(startsOn(set('a', 'true') + set('b', 'false')).actions.includes('d_start_0 n2'));
  assert.ok(startsOn(set('a', 'false') + set('b', 'true')).actions.includes('d_start_0 n1'));
});

test('a default that says #default takes back what the resource itself says', () => {
  const { actions } = decided({
    options: withoutFencing,
    resources: dummy('d', { 'target-role': 'Stopped' }),
    defaults: `<rsc_defaults><meta_attributes id="r"><nvpair id="r-t" name="target-role" value="#default"/>
      </meta_attributes></rsc_defaults>`,
  });
  assert.ok(actions.includes('d_start_0 n1'), actions.join('\n'));
});

test('a default of operations that says #default leaves what an operation itself says', () => {
  const { graph } = decided({
    options: withoutFencing,
    resources: `<primitive id="d" class="ocf" provider="pacemaker" type="Dummy"><operations>
      <op id="d-m" name="monitor" interval="10s" timeout="33s"/></operations></primitive>`,
    defaults: `<op_defaults><meta_attributes id="o"><nvpair id="o-t" name="timeout" value="#default"/>
      </meta_attributes></op_defaults>`,
  });
  assert.match(
    graph,
    /operation_key="d_monitor_10000"[^>]*>\s*<primitive[^>]*>\s*<attributes[^>]*CRM_meta_timeout="33000"/,
  );
});

test('a location may refer to the rule of another one', () => {
  const rule = '<rule id="r" score="10"><expression id="e" attribute="#uname" operation="eq" value="n2"/></rule>';
  const { scores } = decided({
    options: withoutFencing,
    resources: dummy('d') + dummy('e'),
    constraints: `<rsc_location id="l" rsc="d">${rule}</rsc_location>
      <rsc_location id="m" rsc="e"><rule id-ref="r"/></rsc_location>`,
  });
  assert.ok(scores.includes('pcmk__primitive_assign: e allocation score on n2: 10'), scores.join('\n'));
});

test('a mandatory set in a serialising order is kept in reverse, too', () => {
  const graph = (set: string) =>
    decided({
      options: withoutFencing,
      resources: dummy('d', { 'target-role': 'Stopped' }) + dummy('e', { 'target-role': 'Stopped' }),
      constraints: `<rsc_order id="o" kind="Serialize"><resource_set id="s" ${set}>
        <resource_ref id="d"/><resource_ref id="e"/></resource_set></rsc_order>`,
      histories: { n1: history('d', running) + history('e', running) },
    }).graph;
  const stopOfFirst = /<action_set>\s*<rsc_op id="\d+" operation="stop" operation_key="d_stop_0".*?<\/synapse>/s;
  assert.match(stopOfFirst.exec(graph('kind="Mandatory"'))?.[0] ?? '', /operation_key="e_stop_0"/);
  assert.doesNotMatch(stopOfFirst.exec(graph('kind="Serialize"'))?.[0] ?? '', /operation_key="e_stop_0"/);
});

test('an expired failure of what is no longer configured is left as it is', () => {
  const failed = (changed: number) => `<instance_attributes id="f">${option('fail-count-d#monitor_1000', '1')}
    ${option('last-failure-d#monitor_1000', String(changed))}</instance_attributes>`;
  const actionsWith = (changed: number) =>
    decided({
      options: withoutFencing,
      resources: dummy('e'),
      histories: { n1: history('d', running) },
      attributes: { n2: failed(changed) },
      defaults: `<rsc_defaults><meta_attributes id="r">${option('failure-timeout', '60s')}</meta_attributes></rsc_defaults>`,
    }).actions;
  assert.ok(actionsWith(now.epochSeconds - 10).includes('d_clear_failcount_0 n2'));
  assert.ok(!actionsWith(now.epochSeconds - 100).includes('d_clear_failcount_0 n2'));
});

test('between ordered sets, what the later one does decides whether it can go without the earlier one', () => {
  const actionsWith = (second: string) =>
    decided({
      options: withoutFencing,
      resources: dummy('d') + dummy('e', second === 'stop' ? { 'target-role': 'Stopped' } : {}),
      constraints: `<rsc_order id="o"><resource_set id="s" action="demote"><resource_ref id="d"/></resource_set>
        <resource_set id="t" action="${second}"><resource_ref id="e"/></resource_set></rsc_order>`,
      histories: second === 'stop' ? { n1: history('e', running) } : {},
    }).actions.join('\n');
  assert.match(actionsWith('stop'), /e_stop_0 n1/);
  assert.doesNotMatch(actionsWith('start'), /e_start_0/);
});

test('what a probe is about to find out is not erased before', () => {
  const probed = history('d', { task: 'monitor', code: 7, expected: 7 }).replace('type="Dummy"', 'type="Other"');
  const actionsWith = (recorded: string) =>
    decided({ options: withoutFencing, resources: dummy('d'), histories: { n1: recorded } }).actions;
  const known = actionsWith(probed);
  assert.ok(known.includes('d_delete_0 n1') && !known.includes('d_monitor_0 n1'), known.join('\n'));
  const underWay = actionsWith(
    probed.replace('op-status="0"', 'op-status="-1"').replace('call-id="2"', 'call-id="-1"'),
  );
  assert.ok(underWay.includes('d_monitor_0 n1') && !underWay.includes('d_delete_0 n1'), underWay.join('\n'));
});

test('what is no longer configured runs inside what its record names, wherever that stands in the history', () => {
  const launched = history('inside', running).replace(' class=', ' container="outside" class=');
  const { graph } = decided({
    options: withoutFencing,
    resources: dummy('d'),
    histories: { n1: launched + history('outside', running) },
  });
  assert.match(synapseOf(graph, 'outside_stop_0'), /<trigger>\s*<rsc_op [^>]*operation_key="inside_stop_0"/);
});

test('a remote node is not given up when its connection was to migrate but has to be stopped and started', () => {
  const connected = (how: Operation) => history('r1', how).replace('Dummy', 'remote');
  const { graph } = decided({
    options: withoutFencing,
    resources: '<primitive id="r1" class="ocf" provider="pacemaker" type="remote"/>',
    constraints: '<rsc_location id="l" rsc="r1" node="n2" score="100"/>',
    histories: { n1: connected(running), n2: connected({ task: 'monitor', code: 0, expected: 7 }) },
  });
  const stop = synapseOf(graph, 'r1_stop_0');
  assert.match(stop, /<action_set>/);
  assert.doesNotMatch(stop, /<downed>/);
});

/** The first synapse whose action has the key. */
function synapseOf(graph: string, key: string): string {
  return graph.split('<synapse').find((each) => each.split('<inputs')[0]?.includes(`operation_key="${key}"`)) ?? '';
}

test('a tag in a set stands for its resources, those of its tags included, or for nothing if one is none', () => {
  const starts = (tagged: string) =>
    decided({
      options: withoutFencing,
      resources: dummy('d') + dummy('e'),
      constraints: `<rsc_ticket id="x" ticket="t"><resource_set id="s"><resource_ref id="e"/><resource_ref id="outer"/>
        </resource_set></rsc_ticket>`,
      defaults: `<tags><tag id="outer"><obj_ref id="inner"/></tag><tag id="inner"><obj_ref id="d"/>${tagged}</tag></tags>`,
    }).actions.filter((each) => each.includes('_start_'));
  assert.deepEqual(starts(''), []);
  assert.deepEqual(starts('<obj_ref id="n1"/>'), ['d_start_0 n1']);
  assert.deepEqual(starts('<obj_ref id="outer"/>'), ['d_start_0 n1']);
});

test('an instance whose members are spread over nodes is assigned to none of them: the first one is probed', () => {
  const apart = '<meta_attributes id="m"><nvpair id="m-c" name="collocated" value="false"/></meta_attributes>';
  const { actions } = decided({
    nodes: ['n1', 'n2', 'n3'],
    options: option('fencing-enabled', 'false'),
    resources: `<clone id="c"><group id="g">${apart}${dummy('a')}${dummy('b')}</group></clone>`,
  });
  const probes = actions.filter((each) => /^a:\d_monitor_0 /.test(each)).sort();
  assert.deepEqual(probes, ['a:0_monitor_0 n1', 'a:0_monitor_0 n2', 'a:0_monitor_0 n3']);
});

test('each instance of a device that unfences is started after its own probes, not after those of all', () => {
  const startOf = (provides: string) =>
    synapseOf(
      decided({
        resources: `<clone id="c"><primitive id="f" class="stonith" type="f"><meta_attributes id="m">
          ${option('provides', provides)}</meta_attributes></primitive></clone>`,
      }).graph,
      'f:0_start_0',
    );
  assert.match(startOf('unfencing'), /<trigger>\s*<rsc_op [^>]*operation_key="f:0_monitor_0"/);
  assert.doesNotMatch(startOf('nothing'), /operation_key="f:0_monitor_0"/);
});

test('members of an instance that is promoted in part keep the role they are in', () => {
  const { graph } = decided({
    options: option('fencing-enabled', 'false'),
    resources: `<clone id="c"><meta_attributes id="m">${option('promotable', 'true')}${option('notify', 'true')}
      </meta_attributes><group id="g">${dummy('a')}${dummy('b')}</group></clone>`,
    histories: {
      n1: history('a', running) + history('b', { task: 'promote', code: 0, expected: 0 }),
    },
    attributes: { n1: `<instance_attributes id="s">${option('master-a', '10')}</instance_attributes>` },
  });
  const promote = synapseOf(graph, 'a_promote_0');
  assert.match(promote, /CRM_meta_notify_unpromoted_resource=" "/);
  assert.match(promote, /CRM_meta_notify_promoted_resource="b:0"/);
});

test('failures are listed of a state that is only shown, too', () => {
  const cib = documentOf({
    options: withoutFencing,
    resources: dummy('d') + dummy('e'),
    histories: { n1: history('d', running) + history('e', running) },
    attributes: { n1: `<instance_attributes id="s">${option('fail-count-d#monitor_1000', '2')}</instance_attributes>` },
  });
  for (const purpose of ['decision', 'display'] as const) {
    const failures = renderFailures(readCluster(cib, { now, reasons: false, purpose }));
    assert.match(failures, /Node: n1:\s+\* d: migration-threshold=1000000 fail-count=2\s*$/);
  }
});

test('times of failures are told in local time', () => {
  const failed = option('fail-count-d#monitor_1000', '2') + option('last-failure-d#monitor_1000', '1690000000');
  const cib = documentOf({
    options: withoutFencing,
    resources: dummy('d'),
    histories: { n1: history('d', running) },
    attributes: { n1: `<instance_attributes id="s">${failed}</instance_attributes>` },
  });
  const localOffset = (epochSeconds: number) => (epochSeconds < now.epochSeconds ? 7200 : 3600);
  const told = renderFailures(readCluster(cib, { now, reasons: false, localOffset }));
  assert.match(told, /last-failure='Sat Jul 22 06:26:40 2023'/);
});

test('a device that unfences and became another one unfences every node that knows it as it was', () => {
  const device = (type: string) => `<primitive id="f" class="stonith" type="${type}"><meta_attributes id="m">
    ${option('provides', 'unfencing')}</meta_attributes></primitive>`;
  const known = history('f', { task: 'monitor', code: 7, expected: 7 }).replace(
    'class="ocf" provider="pacemaker" type="Dummy"',
    'class="stonith" type="old"',
  );
  const unfenced = `<instance_attributes id="u">${option('#node-unfenced', '1700000000')}</instance_attributes>`;
  const actionsWith = (type: string) =>
    decided({ resources: device(type), histories: { n2: known }, attributes: { n1: unfenced, n2: unfenced } }).actions;
  assert.ok(actionsWith('new').includes('stonith-n2-on n2'));
  assert.ok(!actionsWith('old').includes('stonith-n2-on n2'));
});

test('an operation recorded twice is compared with the digests that were made for the entry met first', () => {
  const monitored = dummy('d', { 'failure-timeout': '1min' }).replace(
    '</primitive>',
    '<operations><op id="d-m" name="monitor" interval="10s" timeout="20s"/></operations></primitive>',
  );
  const failed = (id: string, call: number, changed: number) => `<lrm_rsc_op id="d_${id}" operation="monitor"
    operation_key="d_monitor_10000" interval="10000" call-id="${call}" op-status="4" rc-code="1" transition-key="1:1:0:a"
    transition-magic="4:1;1:1:0:a" last-rc-change="${changed}" op-digest="4811cef7f7f94e3a35a70be7916cb2fd"/>`;
  const expired = failed('monitor_10000', 3, now.epochSeconds - 1000);
  const actionsWith = (entries: string) =>
    decided({
      options: withoutFencing,
      resources: monitored,
      histories: { n1: history('d', running).replace('</lrm_resource>', `${entries}</lrm_resource>`) },
    }).actions;
  assert.ok(actionsWith(expired).includes('d_monitor_10000 n1'));
  assert.ok(!actionsWith(failed('last_failure_0', 1, now.epochSeconds - 10) + expired).includes('d_monitor_10000 n1'));
});

test('a fail count on a guest is cleared when its connection is back, though the guest is taken for lost later', () => {
  const guest = dummy('d', { 'remote-node': 'g' });
  const failure = `<lrm_rsc_op id="e_last_failure_0" operation="monitor" operation_key="e_monitor_10000" interval="10000"
    call-id="3" op-status="4" rc-code="1" transition-key="1:1:0:a" transition-magic="4:1;1:1:0:a" op-digest="${digest}"/>`;
  const cib = documentOf({
    options: option('have-watchdog', 'true'),
    nodes: ['n1', 'g'],
    resources: guest + dummy('e'),
    histories: { g: history('e', running).replace('</lrm_resource>', `${failure}</lrm_resource>`) },
  });
  const text = formatGraph(schedule({ cib: withoutNode(cib, 'g'), now, reasons: false }));
  assert.match(synapseOf(text, 'e_clear_failcount_0'), /operation_key="g_start_0"/);
});

test('a member that is active twice, once on a node in maintenance, is not restarted, and nothing waits for it', () => {
  for (const held of ['n1', 'n2']) {
    const result = schedule({
      cib: documentOf({
        options: withoutFencing,
        resources: `<group id="g">${dummy('a')}${dummy('b')}</group>`,
        attributes: { [held]: `<instance_attributes id="s">${option('maintenance', 'true')}</instance_attributes>` },
        histories: { n1: history('a', running), n2: history('a', running) },
      }),
      now,
      reasons: false,
    });
    assert.equal(execute(result.graph).stuck.length, 0);
    assert.ok(!result.graph.synapses.some(({ action }) => ['a_start_0', 'a_stop_0'].includes(action.key)));
  }
});

test('room for a start that need not be is drawn where everything is drawn, and only there', () => {
  const dummyOfSize = `<primitive id="d" class="ocf" provider="pacemaker" type="Dummy"><utilization id="u">
    <nvpair id="u-cpu" name="cpu" value="0"/></utilization></primitive>`;
  const cib = documentOf({
    options: withoutFencing + option('placement-strategy', 'utilization'),
    resources: dummyOfSize,
    histories: { n1: history('d', running) },
  });
  const result = schedule({ cib, now, reasons: false });
  const edge = '"load_stopped_n1 n1" -> "d_start_0 n1" [ style = dashed]';
  assert.ok(formatDot(result, 'all').includes(edge));
  assert.ok(!formatDot(result, 'needed').includes(edge));
});

test('a monitor does not wait for a start that is blocked late, by what it has to run with', () => {
  const bundle = `<bundle id="b"><docker image="i"/><network control-port="3121"/>
    <primitive id="p" class="ocf" provider="pacemaker" type="Dummy"/></bundle>`;
  const clone = `<clone id="c"><primitive id="d" class="ocf" provider="pacemaker" type="Dummy"><operations>
    <op id="m" name="monitor" interval="10s"/></operations></primitive></clone>`;
  const cib = documentOf({
    options: option('have-watchdog', 'true'),
    nodes: ['n1', 'b-0'],
    resources: bundle + clone,
    constraints: `<rsc_colocation id="s" score="INFINITY">
      <resource_set id="s1" score="INFINITY"><resource_ref id="c"/><resource_ref id="b"/></resource_set>
      <resource_set id="s2"><resource_ref id="p"/><resource_ref id="b"/></resource_set></rsc_colocation>`,
    histories: { 'b-0': history('p', running) },
  });
  assert.equal(execute(schedule({ cib: withoutNode(cib, 'b-0'), now, reasons: false }).graph).stuck.length, 0);
});

/** Only the connection tells of a guest. */
function withoutNode(cib: XmlElement, name: string): XmlElement {
  return rewriteElements(cib, (each) => (each.name === 'node' && each.id === name ? undefined : each)) ?? cib;
}

test('what may only be demoted without quorum is not promoted again when it is restarted', () => {
  const clone = `<clone id="c"><meta_attributes id="cm"><nvpair id="cm-p" name="promotable" value="true"/></meta_attributes>
    <primitive id="d" class="ocf" provider="pacemaker" type="Dummy"><instance_attributes id="da">
    <nvpair id="da-x" name="x" value="changed"/></instance_attributes></primitive></clone>`;
  const quorate = documentOf({
    nodes: ['n1'],
    options: withoutFencing + option('no-quorum-policy', 'demote'),
    resources: clone,
    histories: { n1: history('d', { task: 'promote', code: 0, expected: 0 }) },
    attributes: {
      n1: '<instance_attributes id="t"><nvpair id="t-d" name="master-d" value="5"/></instance_attributes>',
    },
  });
  const graphOf = (cib: XmlElement) => formatGraph(schedule({ cib, now, reasons: false }));
  assert.match(graphOf(quorate), /operation_key="c_promote_0"/);
  const alone = graphOf(quorate.with({ 'have-quorum': '0' }));
  assert.match(alone, /operation_key="d_start_0"/);
  assert.doesNotMatch(alone, /operation_key="[cd]_promote_0"/);
});

test('an order that is not symmetrical asks nothing of a collective that is stopped already', () => {
  const stopped = '<nvpair id="cm-t" name="target-role" value="Stopped"/>';
  const cib = documentOf({
    options: withoutFencing,
    resources: `${dummy('a', { 'target-role': 'Stopped' })}<clone id="c"><meta_attributes id="cm">${stopped}</meta_attributes>
      ${dummy('d')}</clone>`,
    constraints: '<rsc_order id="o" first="a" then="c" first-action="start" then-action="stop" symmetrical="false"/>',
  });
  assert.doesNotMatch(formatDot(schedule({ cib, now, reasons: false })), /c_stop_0/);
});

test('in a freeze a restart that changed parameters ask for ends with the stop', () => {
  const cib = documentOf({
    nodes: ['n1'],
    options: withoutFencing + option('no-quorum-policy', 'freeze'),
    resources: `<primitive id="d" class="ocf" provider="pacemaker" type="Dummy"><instance_attributes id="da">
      <nvpair id="da-x" name="x" value="changed"/></instance_attributes></primitive>`,
    histories: { n1: history('d', running) },
  });
  const graphOf = (document: XmlElement) => formatGraph(schedule({ cib: document, now, reasons: false }));
  assert.match(graphOf(cib), /operation_key="d_start_0"/);
  const frozen = graphOf(cib.with({ 'have-quorum': '0' }));
  assert.match(frozen, /operation_key="d_stop_0"/);
  assert.doesNotMatch(frozen, /operation_key="d_start_0"/);
});
