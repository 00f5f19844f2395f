import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseXml, type XmlElement, xmlIndexOf } from '../../cib/index.ts';
import { defined } from '../../kit/index.ts';
import { schedule } from '../../scheduler/index.ts';
import { applyStatus } from '../document/status.ts';
import { transitionOf } from '../transition/planning.ts';
import { type AgentFacts, type OperationOutcome, outcomeUpdates } from './operation-entry.ts';

const now = { epochSeconds: 1_800_000_000, offsetSeconds: 0 };
const outcome = { status: 'done', code: 0, reason: '', durationMs: 1 } as const;

/** A node with one resource that has a place, a mode and a password. */
function clusterWith(pairs: Readonly<Record<string, string>>): XmlElement {
  const nvpairs = Object.entries(pairs).map(
    ([name, value]) => `<nvpair id="d-${name}" name="${name}" value="${value}"/>`,
  );
  const parsed =
    parseXml(`<cib validate-with="pacemaker-3.9" crm_feature_set="3.16.0" have-quorum="1" epoch="1" num_updates="0" admin_epoch="0">
    <configuration>
      <crm_config><cluster_property_set id="o"><nvpair id="o-s" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>
      <nodes><node id="1" uname="n1"/></nodes>
      <resources><primitive id="d" class="ocf" provider="pacemaker" type="Dummy">
        <instance_attributes id="d-i">${nvpairs.join('')}</instance_attributes>
      </primitive></resources><constraints/>
    </configuration>
    <status><node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member"/></status></cib>`);
  assert.ok(parsed.ok);
  return parsed.value;
}

function actionsOn(cib: XmlElement, secrets: 'compared' | 'ignored'): string[] {
  const { tasks } = transitionOf(schedule({ cib, now, reasons: false, secrets }), {
    number: 1,
    uuid: 'u',
    nowSeconds: 0,
  });
  return tasks.flatMap(({ key, work }) => (work.kind === 'execute' ? [key] : []));
}

/** The document once a start of the resource, by an agent of these facts, came to that. */
function started(cib: XmlElement, agent: AgentFacts, came: OperationOutcome = outcome): XmlElement {
  const { tasks } = transitionOf(schedule({ cib, now, reasons: false }), { number: 0, uuid: 'u', nowSeconds: 0 });
  const work = defined(
    tasks.map((task) => task.work).find((each) => each.kind === 'execute' && each.order.operation === 'start'),
    'it is to be started',
  );
  assert.ok(work.kind === 'execute');
  const report = { node: work.node, order: work.order, outcome: came, callId: 2, atSeconds: now.epochSeconds, agent };
  return outcomeUpdates(cib, now, report).reduce(applyStatus, cib);
}

const first = { state: '/run/d', fake: 'a', passwd: 'one' };

function changed(cib: XmlElement, pairs: Partial<typeof first>): XmlElement {
  const [configuration] = clusterWith({ ...first, ...pairs }).childrenNamed('configuration');
  return cib.withNodes(cib.nodes.map((node) => (node === cib.child('configuration') ? (configuration ?? node) : node)));
}

test('a new password is acted on by a cluster, and is none of the business of a simulation', () => {
  const cib = started(clusterWith(first), { restartParameters: undefined, privateParameters: ['passwd'] });
  const entry = xmlIndexOf(cib).allById('d_last_0')[0];
  assert.equal(entry?.get('op-secure-params'), ' passwd ');
  assert.deepEqual(actionsOn(cib, 'ignored'), []);
  const other = changed(cib, { passwd: 'two' });
  assert.deepEqual(actionsOn(other, 'ignored'), []);
  assert.deepEqual(actionsOn(other, 'compared').sort(), ['d_start_0', 'd_stop_0']);
  assert.deepEqual(actionsOn(changed(cib, { fake: 'b' }), 'ignored').sort(), ['d_start_0', 'd_stop_0']);
});

test('what an agent can take over while it runs is reloaded, anything else restarted', () => {
  const cib = started(clusterWith(first), { restartParameters: ['state', 'passwd'], privateParameters: ['passwd'] });
  assert.deepEqual(actionsOn(changed(cib, { fake: 'b' }), 'compared'), ['d_reload-agent_0']);
  assert.deepEqual(actionsOn(changed(cib, { state: '/run/e' }), 'compared').sort(), ['d_start_0', 'd_stop_0']);
  assert.deepEqual(actionsOn(changed(cib, { passwd: 'two' }), 'compared').sort(), ['d_start_0', 'd_stop_0']);
});

test('a start that the node lost the right to is cleaned up and begun again, also there; one that failed is not', () => {
  const facts = { restartParameters: undefined, privateParameters: [] };
  const given = { code: 1, reason: 'the lease lapsed', durationMs: 1 };
  const revoked = started(clusterWith(first), facts, { ...given, status: 'revoked' });
  assert.deepEqual(actionsOn(revoked, 'compared').sort(), ['d_start_0', 'd_stop_0']);
  const failed = started(clusterWith(first), facts, { ...given, status: 'error' });
  assert.deepEqual(actionsOn(failed, 'compared'), ['d_stop_0']);
});
