// Changes of options, nodes and resources.
import { type XmlElement, xmlElement } from '../../../cib/index.ts';
import type { Random } from '../../../kit/index.ts';
import { bundle } from '../mixed-cluster.ts';
import {
  type Attributes,
  addedTo,
  appended,
  type Change,
  type Changed,
  choice,
  dropped,
  elements,
  memberNodes,
  named,
  newId,
  nvset,
  replaced,
  resourceNames,
  section,
  topResources,
  withAttributes,
  withPairFirst,
} from './editing.ts';
import { randomRule } from './rules.ts';
import { clusterOptions, metaAttributes, operationChanges } from './vocabulary.ts';

export const configurationChanges: readonly Change[] = [
  metaAttributeSet,
  metaAttributeSet,
  metaAttributeSet,
  ruledMetaAttributeSet,
  optionSet,
  optionSet,
  ruledOptionSet,
  operationChanged,
  operationAdded,
  operationParametersAdded,
  defaultsAdded,
  parameterChanged,
  utilizationAdded,
  nodeAttributeSet,
  nodeDropped,
  nodeAdded,
  resourceDropped,
  resourceAdded,
  resourceCloned,
  membersGrouped,
  resourceMadeGuest,
  resourceMoved,
  tagAdded,
  agentChanged,
];

function configuredResources(cib: XmlElement): XmlElement[] {
  return named(section(cib, 'resources') ?? cib, ...resourceNames);
}

function primitives(cib: XmlElement): XmlElement[] {
  return named(section(cib, 'resources') ?? cib, 'primitive');
}

function metaAttributeSet(cib: XmlElement, random: Random): Changed | undefined {
  const resource = random.pick(configuredResources(cib));
  const [name, values] = random.pick(metaAttributes) ?? ['priority', ['10']];
  const value = random.pick(values) ?? '';
  if (resource === undefined) return undefined;
  const pair = [name, value] as const;
  return replaced(cib, resource, withPairFirst(resource, 'meta_attributes', pair, random), `${name}=${value}`);
}

function ruledMetaAttributeSet(cib: XmlElement, random: Random): Changed | undefined {
  const resource = random.pick(configuredResources(cib));
  const [name, values] = random.pick(metaAttributes) ?? ['priority', ['10']];
  const subject = random.chance(0.5) ? 'resource' : 'time';
  const rule = randomRule(cib, random, { subject });
  const set = nvset('meta_attributes', newId(random), { [name]: random.pick(values) ?? '' }, rule);
  return appended(cib, resource, set.with({ score: choice(random, '2', '-1') }));
}

function optionSet(cib: XmlElement, random: Random): Changed | undefined {
  const set = random.pick(named(cib, 'cluster_property_set').slice(0, 1));
  const [name, values] = random.pick(clusterOptions) ?? ['maintenance-mode', ['true']];
  const value = random.pick(values) ?? '';
  if (set === undefined) return undefined;
  const others = set.nodes.filter((each) => each.kind !== 'element' || each.get('name') !== name);
  const nvpair = xmlElement('nvpair', { id: newId(random), name, value });
  return replaced(cib, set, set.withNodes([...others, nvpair]), `${name}=${value}`);
}

function ruledOptionSet(cib: XmlElement, random: Random): Changed | undefined {
  const [name, values] = random.pick(clusterOptions) ?? ['maintenance-mode', ['true']];
  const rule = randomRule(cib, random, { subject: 'time' });
  const set = nvset('cluster_property_set', newId(random), { [name]: random.pick(values) ?? '' }, rule);
  return addedTo(cib, 'crm_config', set.with({ score: choice(random, '2', '-1') }));
}

function operationChanged(cib: XmlElement, random: Random): Changed | undefined {
  return withAttributes(cib, random.pick(named(cib, 'op')), random.pick(operationChanges));
}

function operationAdded(cib: XmlElement, random: Random): Changed | undefined {
  const primitive = random.pick(primitives(cib));
  if (primitive === undefined) return undefined;
  const name = choice(random, 'monitor', 'monitor', 'monitor', 'start', 'stop', 'promote', 'demote', 'migrate_to');
  const interval = name === 'monitor' ? choice(random, '0', '7s', '11s', '1min') : '0';
  const op = xmlElement('op', { id: newId(random), name, interval, ...random.pick(operationChanges) });
  const operations = primitive.child('operations');
  return operations === undefined
    ? appended(cib, primitive, xmlElement('operations', {}, [op]))
    : appended(cib, operations, op);
}

function operationParametersAdded(cib: XmlElement, random: Random): Changed | undefined {
  const set = random.chance(0.5)
    ? nvset('instance_attributes', newId(random), { depth: choice(random, '1', '2') })
    : nvset('meta_attributes', newId(random), {
        [choice(random, 'timeout', 'on-fail')]: choice(random, '45s', 'block'),
      });
  return appended(cib, random.pick(named(cib, 'op')), set);
}

function defaultsAdded(cib: XmlElement, random: Random): Changed | undefined {
  if (random.chance(0.5)) {
    const [name, values] = random.pick(metaAttributes) ?? ['priority', ['10']];
    const rule = random.chance(0.5) ? randomRule(cib, random, { subject: 'resource' }) : undefined;
    const set = nvset('meta_attributes', newId(random), { [name]: random.pick(values) ?? '' }, rule);
    return addedTo(cib, 'rsc_defaults', set);
  }
  const rule = random.chance(0.5) ? randomRule(cib, random, { subject: 'operation' }) : undefined;
  const [name, value] = random.pick(Object.entries(random.pick(operationChanges) ?? {})) ?? ['timeout', '9s'];
  return addedTo(cib, 'op_defaults', nvset('meta_attributes', newId(random), { [name]: value }, rule));
}

function parameterChanged(cib: XmlElement, random: Random): Changed | undefined {
  const pairs = named(section(cib, 'resources') ?? cib, 'instance_attributes').flatMap((set) =>
    set.childrenNamed('nvpair'),
  );
  return withAttributes(cib, random.pick(pairs), { value: 'changed' });
}

function utilizationAdded(cib: XmlElement, random: Random): Changed | undefined {
  const target = random.pick([...primitives(cib), ...memberNodes(cib)]);
  const values = { [choice(random, 'cpu', 'memory')]: choice(random, '1', '2', '5', '100') };
  return appended(cib, target, nvset('utilization', newId(random), values));
}

const nodeAttributes: readonly Attributes[] = [
  { standby: 'true' },
  { standby: 'false' },
  { maintenance: 'true' },
  { '#health-disk': 'red' },
  { '#health-disk': 'yellow' },
  { '#health-cpu': '-15' },
  { site: 'a' },
  { 'resource-discovery-enabled': 'false' },
];

function nodeAttributeSet(cib: XmlElement, random: Random): Changed | undefined {
  const node = random.pick(memberNodes(cib));
  const pair = random.pick(Object.entries(random.pick(nodeAttributes) ?? {}));
  if (node === undefined || pair === undefined) return undefined;
  return replaced(cib, node, withPairFirst(node, 'instance_attributes', pair, random), pair.join('='));
}

function nodeDropped(cib: XmlElement, random: Random): Changed | undefined {
  return dropped(cib, random.pick(memberNodes(cib)));
}

function nodeAdded(cib: XmlElement, random: Random): Changed | undefined {
  const name = choice(random, 'added1', 'added2', 'ADDED10');
  const score = random.chance(0.2) ? { score: choice(random, '5', '-INFINITY') } : {};
  return addedTo(cib, 'nodes', xmlElement('node', { id: name, uname: name, ...score }));
}

function resourceDropped(cib: XmlElement, random: Random): Changed | undefined {
  return dropped(cib, random.pick(topResources(cib)));
}

function resourceAdded(cib: XmlElement, random: Random): Changed | undefined {
  return addedTo(cib, 'resources', randomResource(`added-${random.below(1000)}`, random));
}

const stateful: Attributes = { class: 'ocf', provider: 'pacemaker', type: 'Stateful' };

function randomResource(id: string, random: Random): XmlElement {
  const primitive = (name: string) => xmlElement('primitive', { id: name, ...stateful }, [monitors(name, random)]);
  switch (choice(random, 'primitive', 'group', 'clone', 'cloned group', 'bundle', 'fence device', 'remote')) {
    case 'group':
      return xmlElement('group', { id }, [primitive(`${id}-a`), primitive(`${id}-b`)]);
    case 'clone':
      return xmlElement('clone', { id }, [...promotable(id, random), primitive(`${id}-p`)]);
    case 'cloned group':
      return xmlElement('clone', { id }, [
        ...promotable(id, random),
        xmlElement('group', { id: `${id}-g` }, [primitive(`${id}-a`), primitive(`${id}-b`)]),
      ]);
    case 'bundle':
      return bundle(id, random);
    case 'fence device':
      return xmlElement('primitive', { id, class: 'stonith', type: 'fence_dummy' });
    case 'remote':
      return xmlElement('primitive', { id, class: 'ocf', provider: 'pacemaker', type: 'remote' }, [
        nvset('instance_attributes', `${id}-parameters`, random.chance(0.3) ? { reconnect_interval: '60' } : {}),
      ]);
    default:
      return primitive(id);
  }
}

function promotable(id: string, random: Random): XmlElement[] {
  return random.chance(0.5) ? [nvset('meta_attributes', `${id}-meta`, { promotable: 'true' })] : [];
}

function monitors(id: string, random: Random): XmlElement {
  const op = (interval: string, role: Attributes) =>
    xmlElement('op', { id: `${id}-monitor-${interval}`, name: 'monitor', interval, ...role });
  const second = random.chance(0.5) ? [op('11s', { role: choice(random, 'Promoted', 'Stopped') })] : [];
  return xmlElement('operations', {}, [op('10s', {}), ...second]);
}

/** A clone made of a primitive or group that had none. */
function resourceCloned(cib: XmlElement, random: Random): Changed | undefined {
  const resource = random.pick(topResources(cib).filter(({ name }) => name === 'primitive' || name === 'group'));
  if (resource === undefined) return undefined;
  const id = newId(random);
  return replaced(cib, resource, xmlElement('clone', { id }, [...promotable(id, random), resource]), `cloned as ${id}`);
}

/** A group made of two neighbours. */
function membersGrouped(cib: XmlElement, random: Random): Changed | undefined {
  const resources = section(cib, 'resources');
  const candidates = topResources(cib).filter(({ name }) => name === 'primitive');
  const first = random.below(candidates.length);
  const members = candidates.slice(first, first + random.between(1, 3));
  if (resources === undefined || members.length === 0) return undefined;
  const group = xmlElement('group', { id: newId(random) }, members);
  const others = resources.nodes.filter((each) => each.kind !== 'element' || !members.includes(each));
  const what = `${members.map(({ id }) => id).join(' ')} grouped as ${group.id}`;
  return replaced(cib, resources, resources.withNodes([...others, group]), what);
}

function resourceMadeGuest(cib: XmlElement, random: Random): Changed | undefined {
  const target = random.pick(topResources(cib).filter(({ name }) => name === 'primitive'));
  return appended(cib, target, nvset('meta_attributes', newId(random), { 'remote-node': `guest-${target?.id ?? ''}` }));
}

function resourceMoved(cib: XmlElement, random: Random): Changed | undefined {
  const resources = section(cib, 'resources');
  if (resources === undefined) return undefined;
  return replaced(cib, resources, resources.withNodes(random.shuffled(resources.nodes)), 'shuffled');
}

function tagAdded(cib: XmlElement, random: Random): Changed | undefined {
  const references = random
    .shuffled(topResources(cib))
    .slice(0, 2)
    .map(({ id }) => xmlElement('obj_ref', { id }));
  return addedTo(cib, 'tags', xmlElement('tag', { id: newId(random) }, references));
}

function agentChanged(cib: XmlElement, random: Random): Changed | undefined {
  const target = random.pick(elements(cib, (each) => each.name === 'primitive' && each.get('class') === 'ocf'));
  return withAttributes(cib, target, { type: choice(random, 'Dummy', 'Stateful') });
}
