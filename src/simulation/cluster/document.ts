// The document that the simulated cluster begins with, and the changes that its administrators make.
import { parseXml, type XmlElement } from '../../cib/index.ts';
import type { Edit } from '../../controller/index.ts';
import { assert, type Random } from '../../kit/index.ts';
import type { Schedule } from './schedule.ts';

/** So that what was given up is tried again within the time that a run waits. */
const recheckSeconds = 60;

export function nodeName(nodeId: number): string {
  return `n${nodeId}`;
}

/** The last in the group are services, which only fencing protects; addresses are under the quorum lease, too. */
export function isAddress(resource: string): boolean {
  return resource.startsWith('address');
}

/** Its agent keeps nothing running: it may be watched from several nodes. */
export function isFenceDevice(resource: string): boolean {
  return resource === 'fencing';
}

export function initialCib(schedule: Schedule): XmlElement {
  const { nodeCount, fencing, noQuorumPolicy, services, addresses } = schedule;
  const options = {
    'stonith-enabled': String(fencing === 'configured'),
    'no-quorum-policy': noQuorumPolicy,
    'cluster-recheck-interval': `${recheckSeconds}s`,
  };
  const pairs = Object.entries(options).map(
    ([name, value]) => `<nvpair id="cib-bootstrap-options-${name}" name="${name}" value="${value}"/>`,
  );
  const nodes = numbered(nodeCount, (id) => `<node id="${id}" uname="${nodeName(id)}"/>`);
  // Where there are enough of them, an address and a service stay together; the others stand alone.
  const grouped = services > 1 ? `<group id="group">${address(1)}${service(1)}</group>` : address(1) + service(1);
  const alone = [
    ...numbered(services, (number) => (number === 1 ? '' : service(number))),
    ...numbered(addresses, (number) => (number === 1 ? '' : address(number))),
  ];
  const device = fencing === 'configured' ? fenceDevice(nodeCount) : '';
  return parsed(
    '<cib crm_feature_set="3.16.2" validate-with="pacemaker-3.9" admin_epoch="0" epoch="0" num_updates="0" have-quorum="0">' +
      `<configuration><crm_config><cluster_property_set id="cib-bootstrap-options">${pairs.join('')}</cluster_property_set></crm_config>` +
      `<nodes>${nodes.join('')}</nodes><resources>${grouped}${alone.join('')}${device}</resources><constraints/></configuration><status/></cib>`,
  );
}

function numbered(count: number, each: (number: number) => string): string[] {
  return Array.from({ length: count }, (_, index) => each(index + 1));
}

function address(number: number): string {
  const id = `address${number}`;
  return `<primitive id="${id}" class="ocf" provider="heartbeat" type="IPaddr2"><instance_attributes id="${id}-p"><nvpair id="${id}-ip" name="ip" value="192.0.2.${number}"/></instance_attributes>${operations(id)}</primitive>`;
}

function service(number: number): string {
  const id = `service${number}`;
  return `<primitive id="${id}" class="ocf" provider="heartbeat" type="Dummy">${operations(id)}</primitive>`;
}

function operations(id: string): string {
  return `<operations><op id="${id}-start" name="start" interval="0s" timeout="20s"/><op id="${id}-stop" name="stop" interval="0s" timeout="20s"/><op id="${id}-monitor" name="monitor" interval="10s" timeout="20s"/></operations>`;
}

function fenceDevice(nodeCount: number): string {
  const list = numbered(nodeCount, nodeName).join(' ');
  return `<primitive id="fencing" class="stonith" type="fence_ipmilan"><instance_attributes id="fencing-p"><nvpair id="fencing-list" name="pcmk_host_list" value="${list}"/></instance_attributes></primitive>`;
}

export function parsed(text: string): XmlElement {
  const result = parseXml(text);
  assert(result.ok, `the simulator writes XML that can be read: ${text}`);
  return result.value;
}

export function standbyEdit(nodeId: number, value: 'on' | 'off'): Edit {
  const id = `nodes-${nodeId}`;
  const pair = `<nvpair id="${id}-standby" name="standby" value="${value}"/>`;
  const set = `<instance_attributes id="${id}">${pair}</instance_attributes>`;
  return {
    kind: 'modify',
    xml: `<node id="${nodeId}" uname="${nodeName(nodeId)}">${set}</node>`,
  };
}

/** A set of options that nobody reads, and whose presence tells whether the change is there. */
export function markingEdit(mark: string): Edit {
  return { kind: 'create', section: 'crm_config', xml: `<cluster_property_set id="${mark}"/>` };
}

/** A change that makes the cluster act: where something should rather run. */
export function preferringEdit(mark: string, schedule: Schedule, random: Random): Edit {
  const resource = random.chance(0.5) && schedule.services > 1 ? 'group' : `service${schedule.services}`;
  const node = nodeName(random.between(1, schedule.nodeCount));
  const score = random.pick([50, 500, -500]) ?? 50;
  return {
    kind: 'create',
    section: 'constraints',
    xml: `<rsc_location id="${mark}" rsc="${resource}" node="${node}" score="${score}"/>`,
  };
}
