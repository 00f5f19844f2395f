// Large documents: N nodes, R primitives in groups of four, the groups chained; in one of three situations.

import { XmlElement, xmlElement } from '../../cib/index.ts';

export const situations = ['stopped', 'running', 'failed'] as const;
/** Nothing runs and nothing is known; everything runs; everything runs, and one node is lost. */
export type Situation = (typeof situations)[number];

export const chains = ['order', 'colocation'] as const;
export type Chain = (typeof chains)[number];

export type DocumentSize = {
  readonly nodes: number;
  readonly resources: number;
  readonly situation: Situation;
  readonly chain: Chain;
};

const membersPerGroup = 4;
const lostNode = 1;

export function largeDocument(size: DocumentSize): XmlElement {
  const nodes = Array.from({ length: size.nodes }, (_, index) => index);
  const groups = Array.from({ length: Math.ceil(size.resources / membersPerGroup) }, (_, index) => index);
  const cib = {
    'validate-with': 'pacemaker-3.9',
    crm_feature_set: '3.16.0',
    admin_epoch: '0',
    epoch: '1',
    num_updates: '0',
    'have-quorum': '1',
    'dc-uuid': '1',
    'execution-date': '1700000000',
  };
  return xmlElement('cib', cib, [
    xmlElement('configuration', {}, [
      xmlElement('crm_config'),
      xmlElement(
        'nodes',
        {},
        nodes.map((index) => xmlElement('node', { id: String(index + 1), uname: nodeName(index) })),
      ),
      xmlElement('resources', {}, [fenceDevice(), ...groups.map(groupElement)]),
      xmlElement(
        'constraints',
        {},
        groups.slice(1).map((index) => link(index, size.chain)),
      ),
    ]),
    xmlElement(
      'status',
      {},
      nodes.map((index) => nodeState(index, groups, size)),
    ),
  ]);
}

function nodeName(index: number): string {
  return `node${index + 1}`;
}

function memberIds(group: number): string[] {
  return Array.from({ length: membersPerGroup }, (_, index) => `r${group}-${index}`);
}

function fenceDevice(): XmlElement {
  return xmlElement('primitive', { id: 'Fencing', class: 'stonith', type: 'fence_dummy' });
}

function groupElement(group: number): XmlElement {
  const members = memberIds(group).map((id) => {
    const monitor = xmlElement('op', { id: `${id}-monitor`, name: 'monitor', interval: '10s' });
    const agent = { id, class: 'ocf', provider: 'pacemaker', type: 'Dummy' };
    return xmlElement('primitive', agent, [xmlElement('operations', {}, [monitor])]);
  });
  return xmlElement('group', { id: `g${group}` }, members);
}

function link(group: number, chain: Chain): XmlElement {
  const [previous, next] = [`g${group - 1}`, `g${group}`];
  if (chain === 'order') return new XmlElement('rsc_order', ['id', `o${group}`, 'first', previous, 'then', next]);
  return xmlElement('rsc_colocation', { id: `c${group}`, rsc: next, 'with-rsc': previous, score: 'INFINITY' });
}

function nodeState(node: number, groups: readonly number[], { nodes, situation, chain }: DocumentSize): XmlElement {
  const isUp = situation !== 'failed' || node !== lostNode;
  const attributes = {
    id: String(node + 1),
    uname: nodeName(node),
    in_ccm: isUp ? 'true' : 'false',
    crmd: isUp ? 'online' : 'offline',
    join: isUp ? 'member' : 'down',
    expected: 'member',
  };
  if (situation === 'stopped') return xmlElement('node_state', attributes);
  // What is colocated all runs on one node; what is not is spread.
  const here = groups.filter((group) => (chain === 'colocation' ? lostNode : group % nodes) === node);
  const records = here.flatMap(memberIds).map(record);
  return xmlElement('node_state', attributes, [
    xmlElement('lrm', { id: attributes.id }, [xmlElement('lrm_resources', {}, records)]),
  ]);
}

/** Digests of an operation without parameters, so that nothing counts as changed. */
const startDigest = 'f2317cad3d54cec5d7d7aa7d0bf35cf8';
const monitorDigest = '4811cef7f7f94e3a35a70be7916cb2fd';

function record(id: string): XmlElement {
  return xmlElement('lrm_resource', { id, class: 'ocf', provider: 'pacemaker', type: 'Dummy' }, [
    entry(id, { task: 'start', intervalMs: '0', callId: '1', digest: startDigest }),
    entry(id, { task: 'monitor', intervalMs: '10000', callId: '2', digest: monitorDigest }),
  ]);
}

type Entry = {
  readonly task: string;
  readonly intervalMs: string;
  readonly callId: string;
  readonly digest: string;
};

function entry(resource: string, { task, intervalMs, callId, digest }: Entry): XmlElement {
  const key = '1:1:0:00000000-0000-0000-0000-000000000000';
  return xmlElement('lrm_rsc_op', {
    id: `${resource}_${task}_${intervalMs}`,
    operation_key: `${resource}_${task}_${intervalMs}`,
    operation: task,
    'crm-debug-origin': 'bench',
    crm_feature_set: '3.16.0',
    'transition-key': key,
    'transition-magic': `0:0;${key}`,
    'call-id': callId,
    'rc-code': '0',
    'op-status': '0',
    interval: intervalMs,
    'op-digest': digest,
  });
}
