// A small random cluster: nodes that are online, resources of every simple kind, some of them running.
import { type XmlElement, xmlElement } from '../../cib/index.ts';
import type { Random } from '../../kit/index.ts';

type Kind = 'primitive' | 'group' | 'clone' | 'promotable';
const kinds: readonly Kind[] = ['primitive', 'primitive', 'group', 'clone', 'promotable'];

const agent = { class: 'ocf', provider: 'pacemaker', type: 'Stateful' };
const membersMax = 3;

/** Without a digest the newer generation restarts what runs (2 §4.9), the older does not. */
const digestOfNoParameters = 'f2317cad3d54cec5d7d7aa7d0bf35cf8';

type Resource = { readonly id: string; readonly kind: Kind; readonly primitives: readonly string[] };

export function randomCluster(random: Random): XmlElement {
  const nodes = Array.from({ length: random.between(1, 4) }, (_, index) => `node${index + 1}`);
  const resources = Array.from({ length: random.between(1, 6) }, (_, index) => resourceOf(`r${index + 1}`, random));
  const running = new Map(nodes.map((node) => [node, [] as string[]]));
  for (const resource of resources) {
    for (const node of startedOn(resource, nodes, random)) running.get(node)?.push(...resource.primitives);
  }
  const options = { 'fencing-enabled': 'false', 'no-quorum-policy': 'ignore' };
  return xmlElement('cib', { crm_feature_set: '3.16.1', 'validate-with': 'pacemaker-3.9', ...version }, [
    xmlElement('configuration', {}, [
      xmlElement('crm_config', {}, [nvset('cluster_property_set', 'cib-bootstrap-options', options)]),
      xmlElement(
        'nodes',
        {},
        nodes.map((uname, index) => xmlElement('node', { id: String(index + 1), uname })),
      ),
      xmlElement('resources', {}, resources.map(resourceElement)),
      xmlElement('constraints', {}),
    ]),
    xmlElement(
      'status',
      {},
      nodes.map((uname, index) => stateElement({ id: String(index + 1), uname }, running.get(uname) ?? [])),
    ),
  ]);
}

const version = { admin_epoch: '0', epoch: '1', num_updates: '0', 'have-quorum': '1', 'dc-uuid': '1' };

function resourceOf(id: string, random: Random): Resource {
  const kind = random.pick(kinds) ?? 'primitive';
  if (kind === 'primitive') return { id, kind, primitives: [id] };
  if (kind !== 'group') return { id, kind, primitives: [`${id}-p`] };
  const members = random.between(1, membersMax);
  return { id, kind, primitives: Array.from({ length: members }, (_, index) => `${id}-${index + 1}`) };
}

/** Nowhere, or where such a resource may run: a clone on some nodes, anything else on one. */
function startedOn({ kind }: Resource, nodes: readonly string[], random: Random): readonly string[] {
  if (random.chance(0.4)) return [];
  const many = kind === 'clone' || kind === 'promotable';
  return random.shuffled(nodes).slice(0, many ? random.between(1, nodes.length) : 1);
}

function nvset(name: string, id: string, values: Readonly<Record<string, string>>): XmlElement {
  const pairs = Object.entries(values).map(([key, value]) =>
    xmlElement('nvpair', { id: `${id}-${key}`, name: key, value }),
  );
  return xmlElement(name, { id }, pairs);
}

function resourceElement({ id, kind, primitives }: Resource): XmlElement {
  const members = primitives.map(primitiveElement);
  if (kind === 'primitive') return members[0] ?? primitiveElement(id);
  if (kind === 'group') return xmlElement('group', { id }, members);
  const meta = kind === 'promotable' ? [nvset('meta_attributes', `${id}-meta`, { promotable: 'true' })] : [];
  return xmlElement('clone', { id }, [...meta, ...members]);
}

function primitiveElement(id: string): XmlElement {
  const monitor = xmlElement('op', { id: `${id}-monitor-10s`, name: 'monitor', interval: '10s', timeout: '20s' });
  return xmlElement('primitive', { id, ...agent }, [xmlElement('operations', {}, [monitor])]);
}

function stateElement(node: Readonly<Record<'id' | 'uname', string>>, running: readonly string[]): XmlElement {
  const online = { in_ccm: 'true', crmd: 'online', join: 'member', expected: 'member' };
  const records = running.map((id) => xmlElement('lrm_resource', { id, ...agent }, [startElement(id)]));
  return xmlElement('node_state', { ...node, ...online }, [
    xmlElement('lrm', { id: node.id }, [xmlElement('lrm_resources', {}, records)]),
  ]);
}

function startElement(id: string): XmlElement {
  const key = '3:1:0:a1b2c3d4-0000-4000-8000-000000000001';
  return xmlElement('lrm_rsc_op', {
    id: `${id}_last_0`,
    operation_key: `${id}_start_0`,
    operation: 'start',
    'op-digest': digestOfNoParameters,
    crm_feature_set: '3.16.1',
    'transition-key': key,
    'transition-magic': `0:0;${key}`,
    'call-id': '10',
    'rc-code': '0',
    'op-status': '0',
    interval: '0',
  });
}
