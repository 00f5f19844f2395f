import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseXml } from '../../cib/index.ts';
import { alertCallsFor } from './alert.ts';
import { type AlertEvent, alertEventsOf, fencingEvent } from './event.ts';

const moment = { now: { epochSeconds: 1_800_000_000, offsetSeconds: 0 }, microseconds: 4_200, sequence: 7 };
const node = { id: '2', name: 'b' };

function cib(alerts: string) {
  const parsed = parseXml(`<cib><configuration><alerts>${alerts}</alerts></configuration><status/></cib>`);
  assert.ok(parsed.ok);
  return parsed.value;
}

const nodeLost: AlertEvent = { kind: 'node', node, description: 'lost' };
const attribute: AlertEvent = { kind: 'attribute', node, name: 'pingd', value: '0' };

test('an alert without selection hears of everything but attributes, once for each recipient', () => {
  const document = cib(
    '<alert id="al" path="/bin/al"><recipient id="r1" value="one@example.org"/><recipient id="r2" value="two"/></alert>',
  );
  const calls = alertCallsFor(document, nodeLost, moment);
  assert.deepEqual(
    calls.map(({ environment }) => environment.CRM_alert_recipient),
    ['one@example.org', 'two'],
  );
  assert.deepEqual(alertCallsFor(document, attribute, moment), []);
});

test('a selection is kept, down to the name of the attribute', () => {
  const select = (inside: string) => cib(`<alert id="al" path="/bin/al"><select>${inside}</select></alert>`);
  const named = select('<select_attributes><attribute id="x" name="pingd"/></select_attributes>');
  assert.equal(alertCallsFor(named, attribute, moment).length, 1);
  assert.equal(alertCallsFor(named, { ...attribute, name: 'other' }, moment).length, 0);
  assert.equal(alertCallsFor(named, nodeLost, moment).length, 0);
  assert.equal(alertCallsFor(select('<select_nodes/>'), nodeLost, moment).length, 1);
});

test('the recipient overrides the alert, and one that is switched off is not called', () => {
  const document = cib(
    '<alert id="al" path="/bin/al"><meta_attributes id="m"><nvpair id="t" name="timeout" value="5s"/><nvpair id="f" name="timestamp-format" value="%F %T.%3N"/></meta_attributes><instance_attributes id="i"><nvpair id="l" name="LEVEL" value="1"/></instance_attributes><recipient id="r1" value="one"><instance_attributes id="i1"><nvpair id="l1" name="LEVEL" value="2"/></instance_attributes></recipient><recipient id="r2" value="two"><meta_attributes id="m2"><nvpair id="e" name="enabled" value="false"/></meta_attributes></recipient></alert>',
  );
  const [call, ...others] = alertCallsFor(document, nodeLost, moment);
  assert.deepEqual(others, []);
  assert.equal(call?.timeoutMs, 5_000);
  assert.equal(call?.environment.LEVEL, '2');
  assert.equal(call?.environment.CRM_alert_timestamp, '2027-01-15 08:00:00.004');
  assert.equal(call?.environment.CRM_alert_desc, 'lost');
});

test('of operations those are told that are not just a monitor that found what it should', () => {
  const resource = { id: 'web', class: 'ocf', provider: 'fake', type: 'Dummy' };
  const of = (entry: Readonly<Record<string, string>>) =>
    alertEventsOf({ kind: 'operation', node, resource, failure: false, entry });
  const monitor = { operation: 'monitor', interval: '10000', 'transition-key': '1:2:0:t', 'op-status': '0' };
  assert.deepEqual(of({ ...monitor, 'rc-code': '0' }), []);
  assert.equal(of({ ...monitor, 'op-status': '-1', 'rc-code': '193' }).length, 0);
  const [event] = of({ ...monitor, 'rc-code': '7', 'exit-reason': 'no process' });
  assert.ok(event !== undefined);
  const [call] = alertCallsFor(cib('<alert id="al" path="/bin/al"/>'), event, moment);
  const { CRM_alert_rsc, CRM_alert_rc, CRM_alert_target_rc, CRM_alert_interval, CRM_alert_desc } =
    call?.environment ?? {};
  assert.deepEqual(
    [CRM_alert_rsc, CRM_alert_rc, CRM_alert_target_rc, CRM_alert_interval, CRM_alert_desc],
    ['web', '7', '0', '10000', 'no process'],
  );
});

test('fencing tells who, how, by what and how it ended', () => {
  const fenced = { kind: 'fenced', target: node, action: 'off', requests: [], by: 'root', device: 'd1' } as const;
  const [call] = alertCallsFor(
    cib('<alert id="al" path="/bin/al"/>'),
    fencingEvent({ ...fenced, failure: 'broken' }),
    moment,
  );
  assert.equal(call?.environment.CRM_alert_rc, '1');
  assert.equal(call?.environment.CRM_alert_desc, 'Operation off of b by d1 for root: broken');
});
