// Large documents: N nodes, R primitives in groups of four, the groups chained; in one of four situations.

import { XmlElement, xmlElement } from '../../cib/index.ts';

export const situations = ['stopped', 'running', 'failed', 'unprobed'] as const;
/**
 * Nothing runs and nothing is known. Everything runs, and every node has looked for every resource, as in any cluster that
 * is at rest; the same, and one node is lost. Everything runs, and no node has looked for what others run: it has to now.
 */
export type Situation = (typeof situations)[number];

export const chains = ['order', 'colocation', 'both'] as const;
/** What links each group to the one before. */
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
      xmlElement('resources', {}, [fenceDevice, ...groups.map(groupElement)]),
      xmlElement(
        'constraints',
        {},
        groups.slice(1).flatMap((index) => links(index, size.chain)),
      ),
      rscDefaults,
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

const agent = { class: 'ocf', provider: 'pacemaker', type: 'Dummy' };
const fenceAgent = { class: 'stonith', type: 'fence_dummy' };
const fenceDevice = xmlElement('primitive', { id: 'Fencing', ...fenceAgent });

/** What runs stays where it is: nothing is left to do in a cluster where everything runs. */
const rscDefaults = xmlElement('rsc_defaults', {}, [
  xmlElement('meta_attributes', { id: 'defaults' }, [
    xmlElement('nvpair', { id: 'stickiness', name: 'resource-stickiness', value: '1' }),
  ]),
]);

function groupElement(group: number): XmlElement {
  const members = memberIds(group).map((id) => {
    const monitor = xmlElement('op', { id: `${id}-monitor`, name: 'monitor', interval: '10s' });
    return xmlElement('primitive', { id, ...agent }, [xmlElement('operations', {}, [monitor])]);
  });
  return xmlElement('group', { id: `g${group}` }, members);
}

function links(group: number, chain: Chain): XmlElement[] {
  const [previous, next] = [`g${group - 1}`, `g${group}`];
  const order = new XmlElement('rsc_order', ['id', `o${group}`, 'first', previous, 'then', next]);
  const colocation = { id: `c${group}`, rsc: next, 'with-rsc': previous, score: 'INFINITY' };
  return [
    ...(chain === 'colocation' ? [] : [order]),
    ...(chain === 'order' ? [] : [xmlElement('rsc_colocation', colocation)]),
  ];
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
  const runsHere = (group: number) => (chain === 'order' ? group % nodes : lostNode) === node;
  const records = groups.flatMap((group) => {
    const members = memberIds(group).map((id, index) => ({ id, agent, index: group * membersPerGroup + index, node }));
    if (runsHere(group)) return members.map(started);
    return situation === 'unprobed' ? [] : members.map(notFound);
  });
  const device = { id: 'Fencing', agent: fenceAgent, index: groups.length * membersPerGroup, node };
  return xmlElement('node_state', attributes, [
    xmlElement('lrm', { id: attributes.id }, [
      xmlElement('lrm_resources', {}, [node === 0 ? record(device, [start(device)]) : notFound(device), ...records]),
    ]),
  ]);
}

/** Digests of an operation without parameters, so that nothing counts as changed. */
const startDigest = 'f2317cad3d54cec5d7d7aa7d0bf35cf8';
const monitorDigest = '4811cef7f7f94e3a35a70be7916cb2fd';

type Place = {
  readonly id: string;
  readonly agent: Readonly<Record<string, string>>;
  /** Among all resources. */
  readonly index: number;
  readonly node: number;
};

function started(place: Place): XmlElement {
  const monitor = { task: 'monitor', intervalMs: '10000', exitCode: '0', digest: monitorDigest };
  return record(place, [start(place), entry(place, monitor)]);
}

function start(place: Place): XmlElement {
  return entry(place, { task: 'start', intervalMs: '0', exitCode: '0', digest: startDigest });
}

/** The node was asked before anything was started anywhere. */
function notFound(place: Place): XmlElement {
  return record(place, [entry(place, { task: 'monitor', intervalMs: '0', exitCode: '7', digest: startDigest })]);
}

function record({ id, agent }: Place, entries: readonly XmlElement[]): XmlElement {
  return xmlElement('lrm_resource', { id, ...agent }, entries);
}

type Operation = {
  readonly task: string;
  readonly intervalMs: string;
  readonly exitCode: string;
  readonly digest: string;
};

/** As a cluster records it: what differs from one entry to the next there, does here. */
function entry({ id, index, node }: Place, { task, intervalMs, exitCode, digest }: Operation): XmlElement {
  const isRecurring = intervalMs !== '0';
  const key = `${node * 7 + index}:${isRecurring ? 3 : 2}:${exitCode}:59a8bd27-0ee4-4b8a-9d9b-5a8a1b0a3c5f`;
  return xmlElement('lrm_rsc_op', {
    id: isRecurring ? `${id}_${task}_${intervalMs}` : `${id}_last_0`,
    operation_key: `${id}_${task}_${intervalMs}`,
    operation: task,
    'crm-debug-origin': 'controld_update_resource_history',
    crm_feature_set: '3.16.0',
    'transition-key': key,
    'transition-magic': `0:${exitCode};${key}`,
    'exit-reason': '',
    on_node: nodeName(node),
    'call-id': String(4 * index + (isRecurring ? 9 : 5)),
    'rc-code': exitCode,
    'op-status': '0',
    interval: intervalMs,
    'last-rc-change': String(1_699_990_000 + Math.floor(index / 8)),
    'exec-time': String(20 + ((index + node) % 13)),
    'queue-time': '0',
    'op-digest': digest,
  });
}
