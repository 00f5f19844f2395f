// A cluster of three nodes with a website: what the command line is tried on.
const agents: Readonly<Record<string, string>> = {
  vip: 'class="ocf" provider="heartbeat" type="IPaddr2"',
  site: 'class="ocf" provider="heartbeat" type="apache"',
  db: 'class="ocf" provider="pacemaker" type="Dummy"',
};

export const webCluster = `<cib validate-with="pacemaker-3.9" admin_epoch="0" epoch="7" num_updates="3" crm_feature_set="3.16.0" have-quorum="1" dc-uuid="1">
  <configuration>
    <crm_config><cluster_property_set id="cib-bootstrap-options"><nvpair id="cib-bootstrap-options-stonith-enabled" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>
    <nodes><node id="1" uname="n1"/><node id="2" uname="n2"/><node id="3" uname="n3"/></nodes>
    <resources>
      <group id="web">
        <primitive id="vip" class="ocf" provider="heartbeat" type="IPaddr2"><instance_attributes id="vip-instance_attributes"><nvpair id="vip-instance_attributes-ip" name="ip" value="192.0.2.10"/></instance_attributes></primitive>
        <primitive id="site" class="ocf" provider="heartbeat" type="apache"/>
      </group>
      <primitive id="db" class="ocf" provider="pacemaker" type="Dummy"><meta_attributes id="db-meta_attributes"><nvpair id="db-meta_attributes-target-role" name="target-role" value="Stopped"/></meta_attributes></primitive>
    </resources>
    <constraints><rsc_order id="order-db-web-Optional" first="db" then="web" kind="Optional"/></constraints>
  </configuration>
  <status>
    ${nodeState(1, ['vip', 'site'])}
    ${nodeState(2, [])}
    <node_state id="3" uname="n3" in_ccm="false" crmd="offline" join="down" expected="down"/>
  </status>
</cib>`;

function nodeState(id: number, running: readonly string[]): string {
  const history = Object.keys(agents).map((resource) => operation(id, resource, running.includes(resource)));
  return (
    `<node_state id="${id}" uname="n${id}" in_ccm="true" crmd="online" join="member" expected="member">` +
    `<lrm id="${id}"><lrm_resources>${history.join('')}</lrm_resources></lrm></node_state>`
  );
}

function operation(node: number, resource: string, runs: boolean): string {
  const task = runs ? 'start' : 'monitor';
  const code = runs ? 0 : 7;
  const key = `1:0:${code}:00000000-0000-0000-0000-000000000000`;
  return (
    `<lrm_resource id="${resource}" ${agents[resource]}><lrm_rsc_op id="${resource}_last_0" operation="${task}" ` +
    `operation_key="${resource}_${task}_0" crm-debug-origin="test" crm_feature_set="3.16.0" transition-key="${key}" ` +
    `transition-magic="0:${code};${key}" on_node="n${node}" call-id="1" rc-code="${code}" op-status="0" interval="0" ` +
    `last-rc-change="1789999000" exec-time="10" queue-time="0"/></lrm_resource>`
  );
}
