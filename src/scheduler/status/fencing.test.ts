import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseXml, upgradeCib } from '../../cib/index.ts';
import { schedule } from '../schedule.ts';

const now = { epochSeconds: 1_700_000_000, offsetSeconds: 0 };

/** A virtual machine that is recorded as running inside the very guest that it is. */
const guestInItself = `<cib validate-with="pacemaker-4.0" have-quorum="1">
  <configuration>
    <crm_config/>
    <nodes><node id="1" uname="host"/></nodes>
    <resources>
      <primitive id="vm" class="ocf" provider="heartbeat" type="VirtualDomain">
        <meta_attributes id="m"><nvpair id="r" name="remote-node" value="guest"/></meta_attributes>
      </primitive>
    </resources>
    <constraints/>
  </configuration>
  <status>
    <node_state id="guest" uname="guest" remote_node="true">
      <lrm id="guest"><lrm_resources>
        <lrm_resource id="vm" class="ocf" provider="heartbeat" type="VirtualDomain">
          <lrm_rsc_op id="vm_last_0" operation="start" interval="0" call-id="1" rc-code="0" op-status="0"
            transition-key="1:1:0:a" op-digest="f2317cad3d54cec5d7d7aa7d0bf35cf8"/>
        </lrm_resource>
      </lrm_resources></lrm>
    </node_state>
  </status>
</cib>`;

test('a guest that is said to run inside itself does not make the scheduler ask for ever', () => {
  const parsed = parseXml(guestInItself);
  assert.ok(parsed.ok);
  const upgraded = upgradeCib(parsed.value);
  assert.ok(upgraded.ok);
  const { cluster } = schedule({ cib: upgraded.value.root, now, reasons: false });
  assert.equal(cluster.nodes.length, 2);
});
