// A random cluster of every kind of resource and node, as it is after one or two transitions: with the histories,
// digests and states of remote nodes that a cluster which has been running has.
import { type XmlElement, xmlElement } from '../../cib/index.ts';
import type { Random } from '../../kit/index.ts';
import { documentAfter, schedule, simulateTransition } from '../../scheduler/index.ts';
import { type Attributes, choice, nvset, rewrittenWithoutNodes } from './changes/editing.ts';

const kinds = [
  'primitive',
  'primitive',
  'group',
  'clone',
  'promotable',
  'unique clone',
  'cloned group',
  'bundle',
  'guest',
  'remote',
  'container',
] as const;
type Kind = (typeof kinds)[number];

const resourcesMax = 6;
const nodesMax = 4;

/** The time of the transitions, a while before the documents are looked at; epoch seconds. */
const ranAt = { epochSeconds: 1_699_990_000, offsetSeconds: 0 };

export function mixedCluster(random: Random): XmlElement {
  let cib = stoppedCluster(random);
  const transitions = random.between(0, 2);
  for (let done = 0; done < transitions; done++) {
    const request = { cib, now: ranAt, clock: ranAt, reasons: false };
    cib = documentAfter(simulateTransition(request, schedule(request)).outcome);
    if (random.chance(0.5)) cib = withPromotionScores(cib, random);
  }
  return rewrittenWithoutNodes(cib);
}

function stoppedCluster(random: Random): XmlElement {
  const nodes = Array.from({ length: random.between(1, nodesMax) }, (_, index) => `node${index + 1}`);
  const fencing = random.chance(0.6);
  const resources = Array.from({ length: random.between(1, resourcesMax) }, (_, index) =>
    resourceOf(random.pick(kinds) ?? 'primitive', `r${index + 1}`, random),
  ).flat();
  const device = xmlElement('primitive', { id: 'Fencing', class: 'stonith', type: 'fence_dummy' });
  const options = {
    'fencing-enabled': String(fencing),
    ...(random.chance(0.2) ? { 'placement-strategy': choice(random, 'balanced', 'utilization', 'minimal') } : {}),
    ...(random.chance(0.1) ? { 'symmetric-cluster': 'false' } : {}),
  };
  return xmlElement('cib', { crm_feature_set: '3.16.1', 'validate-with': 'pacemaker-3.9', ...version }, [
    xmlElement('configuration', {}, [
      xmlElement('crm_config', {}, [nvset('cluster_property_set', 'cib-bootstrap-options', options)]),
      xmlElement(
        'nodes',
        {},
        nodes.map((uname, index) => nodeElement(String(index + 1), uname, random)),
      ),
      xmlElement('resources', {}, fencing ? [device, ...resources] : resources),
      xmlElement('constraints', {}),
    ]),
    xmlElement(
      'status',
      {},
      nodes.map((uname, index) => xmlElement('node_state', { id: String(index + 1), uname, ...online })),
    ),
  ]);
}

const version = { admin_epoch: '0', epoch: '1', num_updates: '0', 'have-quorum': '1', 'dc-uuid': '1' };
const online = { in_ccm: 'true', crmd: 'online', join: 'member', expected: 'member' };

function nodeElement(id: string, uname: string, random: Random): XmlElement {
  const capacity = random.chance(0.5)
    ? [nvset('utilization', `${uname}-utilization`, { cpu: choice(random, '2', '4', '8') })]
    : [];
  return xmlElement('node', { id, uname }, capacity);
}

function resourceOf(kind: Kind, id: string, random: Random): XmlElement[] {
  switch (kind) {
    case 'primitive':
      return [primitive(id, random)];
    case 'group':
      return [group(id, random)];
    case 'clone':
    case 'promotable':
    case 'unique clone':
    case 'cloned group': {
      const inside = kind === 'cloned group' ? group(`${id}-g`, random) : primitive(`${id}-p`, random);
      return [xmlElement('clone', { id }, [cloneMeta(kind, id, random), inside])];
    }
    case 'bundle':
      return [bundle(id, random)];
    case 'guest':
      return [primitive(id, random, { 'remote-node': `${id}-guest` })];
    case 'remote':
      return [remote(id, random)];
    case 'container':
      return [primitive(id, random), primitive(`${id}-inside`, random, { container: id })];
  }
}

function cloneMeta(kind: Kind, id: string, random: Random): XmlElement {
  const promotable = kind === 'promotable' || (kind === 'cloned group' && random.chance(0.5));
  return nvset('meta_attributes', `${id}-meta`, {
    ...(promotable ? { promotable: 'true' } : {}),
    ...(kind === 'unique clone' ? { 'globally-unique': 'true', 'clone-max': '3', 'clone-node-max': '2' } : {}),
    ...(random.chance(0.3) ? { interleave: 'true' } : {}),
    ...(random.chance(0.2) ? { ordered: 'true' } : {}),
    ...(random.chance(0.3) ? { notify: 'true' } : {}),
  });
}

const agents: readonly Attributes[] = [
  { class: 'ocf', provider: 'pacemaker', type: 'Stateful' },
  { class: 'ocf', provider: 'pacemaker', type: 'Dummy' },
];

function primitive(id: string, random: Random, meta: Attributes = {}): XmlElement {
  const more = {
    ...meta,
    ...(random.chance(0.15) ? { 'allow-migrate': 'true' } : {}),
    ...(random.chance(0.15) ? { priority: choice(random, '5', '10') } : {}),
    ...(random.chance(0.15) ? { 'resource-stickiness': choice(random, '1', '100', '0') } : {}),
  };
  const sets = [
    ...(Object.keys(more).length === 0 ? [] : [nvset('meta_attributes', `${id}-meta`, more)]),
    ...(random.chance(0.2) ? [nvset('instance_attributes', `${id}-parameters`, { fake: 'one', '1st': 'two' })] : []),
    ...(random.chance(0.2) ? [nvset('utilization', `${id}-utilization`, { cpu: choice(random, '1', '2', '3') })] : []),
  ];
  return xmlElement('primitive', { id, ...random.pick(agents) }, [operations(id, random), ...sets]);
}

function operations(id: string, random: Random): XmlElement {
  const op = (name: string, interval: string, more: Attributes) =>
    xmlElement('op', { id: `${id}-${name}-${interval}`, name, interval, ...more });
  return xmlElement('operations', {}, [
    op('monitor', '10s', {}),
    ...(random.chance(0.4) ? [op('monitor', '11s', { role: choice(random, 'Promoted', 'Stopped') })] : []),
    ...(random.chance(0.2) ? [op('start', '0', { timeout: '40s' })] : []),
  ]);
}

function group(id: string, random: Random): XmlElement {
  const members = Array.from({ length: random.between(1, 3) }, (_, index) => primitive(`${id}-${index + 1}`, random));
  const meta = {
    ...(random.chance(0.15) ? { ordered: 'false' } : {}),
    ...(random.chance(0.1) ? { collocated: 'false' } : {}),
  };
  return xmlElement('group', { id }, [nvset('meta_attributes', `${id}-meta`, meta), ...members]);
}

function remote(id: string, random: Random): XmlElement {
  const parameters = { server: '192.168.122.9', ...(random.chance(0.3) ? { reconnect_interval: '60' } : {}) };
  return xmlElement('primitive', { id, class: 'ocf', provider: 'pacemaker', type: 'remote' }, [
    nvset('instance_attributes', `${id}-parameters`, parameters),
    operations(id, random),
  ]);
}

export function bundle(id: string, random: Random): XmlElement {
  const container = {
    image: 'pcmk:http',
    ...(random.chance(0.9) ? { replicas: choice(random, '1', '2', '3') } : {}),
    ...(random.chance(0.4) ? { 'promoted-max': '1' } : {}),
    ...(random.chance(0.3) ? { 'replicas-per-host': '2' } : {}),
  };
  const range = random.chance(0.7) ? { 'ip-range-start': '192.168.122.131' } : { 'control-port': '3121' };
  const port = xmlElement('port-mapping', { id: `${id}-port`, port: '80' });
  const storage = xmlElement('storage', {}, [
    xmlElement('storage-mapping', { id: `${id}-www`, 'source-dir-root': '/var/local', 'target-dir': '/var/www' }),
  ]);
  const inside = random.chance(0.8) ? [primitive(`${id}-p`, random)] : [];
  return xmlElement('bundle', { id }, [
    xmlElement(choice(random, 'docker', 'podman'), container),
    xmlElement('network', range, random.chance(0.5) ? [port] : []),
    ...(random.chance(0.4) ? [storage] : []),
    ...inside,
  ]);
}

/** As agents report them: one for each instance that history knows. */
function withPromotionScores(cib: XmlElement, random: Random): XmlElement {
  const status = cib.child('status');
  if (status === undefined) return cib;
  const states = status.children.map((state) => {
    const records = state.child('lrm')?.child('lrm_resources')?.childrenNamed('lrm_resource') ?? [];
    const named = records.filter((each) => each.get('type') === 'Stateful').flatMap(({ id }) => id ?? []);
    const scores = named.map((id) => [`master-${id}`, choice(random, '5', '10', '15')]);
    if (scores.length === 0) return state;
    const set = nvset('instance_attributes', `${state.id}-scores`, Object.fromEntries(scores));
    return state.append(xmlElement('transient_attributes', { id: state.id }, [set]));
  });
  return cib.withNodes(cib.nodes.map((each) => (each === status ? status.withNodes(states) : each)));
}
