import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseXml, type XmlElement } from '../../cib/index.ts';
import { forecastOf, withLostNodes } from './forecast.ts';

const now = { epochSeconds: 1_800_000_000, offsetSeconds: 0 };

/** A cluster of so many nodes, all online, with one resource that runs on none yet. */
function clusterOf(count: number): XmlElement {
  const ids = Array.from({ length: count }, (_, index) => index + 1);
  const nodes = ids.map((id) => `<node id="${id}" uname="n${id}"/>`).join('');
  const remote = '<node id="far" uname="far" type="remote"/>';
  const states = ids.map(
    (id) => `<node_state id="${id}" uname="n${id}" in_ccm="true" crmd="online" join="member" expected="member"/>`,
  );
  const options =
    '<cluster_property_set id="o"><nvpair id="o-s" name="stonith-enabled" value="false"/></cluster_property_set>';
  const parsed = parseXml(
    `<cib validate-with="pacemaker-3.9" crm_feature_set="3.16.0" have-quorum="1" epoch="1" num_updates="0" admin_epoch="0">
    <configuration><crm_config>${options}</crm_config><nodes>${nodes}${remote}</nodes>
      <resources><primitive id="d" class="ocf" provider="pacemaker" type="Dummy"/></resources><constraints/></configuration>
    <status>${states.join('')}</status></cib>`,
  );
  assert.ok(parsed.ok);
  return parsed.value;
}

function startsAfterLosing(count: number, lost: readonly string[]): number {
  const left = withLostNodes(clusterOf(count), lost);
  assert.ok(left.ok);
  return forecastOf(left.value, now, []).steps.filter(({ action }) => action === 'd_start_0').length;
}

test('nodes that would be left without a majority are foreseen to start nothing; of two nodes one goes on', () => {
  assert.equal(startsAfterLosing(3, []), 1);
  assert.equal(startsAfterLosing(3, ['n1']), 1);
  assert.equal(startsAfterLosing(3, ['n1', 'n2']), 0);
  assert.equal(startsAfterLosing(4, ['n1', 'n2']), 0);
  assert.equal(startsAfterLosing(5, ['n1', 'n2']), 1);
  assert.equal(startsAfterLosing(2, ['n1']), 1);
});
