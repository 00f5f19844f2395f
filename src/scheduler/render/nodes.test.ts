import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseXml } from '../../cib/index.ts';
import { readCluster } from '../placement.ts';
import { renderStatus } from './status.ts';

const now = { epochSeconds: 1_700_000_000, offsetSeconds: 0 };

/** The node list of a cluster of one node whose attribute `#health-disk` has this value. */
function nodeLine(health: string, strategy = 'progressive'): string {
  const parsed = parseXml(`<cib><configuration>
    <crm_config><cluster_property_set id="o"><nvpair id="o-f" name="fencing-enabled" value="false"/>
      <nvpair id="o-s" name="node-health-strategy" value="${strategy}"/>
      <nvpair id="o-y" name="node-health-yellow" value="-10"/></cluster_property_set></crm_config>
    <nodes><node id="1" uname="n1"/></nodes></configuration>
    <status><node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member"><transient_attributes id="1">
      <instance_attributes id="t"><nvpair id="t-h" name="#health-disk" value="${health}"/></instance_attributes>
      </transient_attributes></node_state></status></cib>`);
  assert.ok(parsed.ok);
  const text = renderStatus(readCluster(parsed.value, { now, reasons: false }), 'Status', 'hide-pending');
  return text.split('\n')[2]?.trim() ?? '';
}

test('the health of a node may be a colour or a score, minus infinity too', () => {
  const red = '* Node n1: online (health is RED)';
  const yellow = '* Node n1: online (health is YELLOW)';
  const healthy = '* Online: [ n1 ]';
  const lines = ['red', '-INFINITY', 'Yellow', '-10', '-9', 'green', '+INFINITY', 'unknown'].map((each) =>
    nodeLine(each),
  );
  assert.deepEqual(lines, [red, red, yellow, yellow, healthy, healthy, healthy, healthy]);
  assert.equal(nodeLine('-10', 'only-green'), healthy, 'there, yellow is minus infinity whatever the option says');
});
