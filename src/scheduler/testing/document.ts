// Small documents for the laws of the scheduler: a cluster described in few words, as XML elements.

import { type XmlElement, xmlElement } from '../../cib/index.ts';

export type ResourceSketch = {
  readonly id: string;
  readonly kind: 'primitive' | 'group' | 'clone';
  readonly stickiness: number;
  readonly targetRole?: 'Started' | 'Stopped';
  /** Index of the node it runs on; undefined: it is stopped. */
  readonly runsOn: number | undefined;
};

export type ConstraintSketch =
  | {
      readonly kind: 'location';
      readonly id: string;
      readonly resource: string;
      readonly node: number;
      readonly score: string;
    }
  | {
      readonly kind: 'colocation';
      readonly id: string;
      readonly dependent: string;
      readonly primary: string;
      readonly score: string;
    };

export type ClusterSketch = {
  readonly nodeCount: number;
  /** Indexes of nodes in standby. */
  readonly standby: readonly number[];
  readonly resources: readonly ResourceSketch[];
  readonly constraints: readonly ConstraintSketch[];
};

export const sketchedMembers = 3;

export function sketchedDocument(sketch: ClusterSketch): XmlElement {
  const nodes = Array.from({ length: sketch.nodeCount }, (_, index) => index);
  return xmlElement('cib', { crm_feature_set: '3.20.5', 'have-quorum': 'true', 'dc-uuid': 'id-0' }, [
    xmlElement('configuration', {}, [
      xmlElement('crm_config', {}, [nvset('cluster_property_set', 'options', { 'fencing-enabled': 'false' })]),
      xmlElement(
        'nodes',
        {},
        nodes.map((index) => nodeElement(sketch, index)),
      ),
      xmlElement('resources', {}, sketch.resources.map(resourceElement)),
      xmlElement('constraints', {}, sketch.constraints.map(constraintElement)),
    ]),
    xmlElement(
      'status',
      {},
      nodes.map((index) => stateElement(sketch, index)),
    ),
  ]);
}

function nvset(name: string, id: string, values: Readonly<Record<string, string>>): XmlElement {
  const pairs = Object.entries(values).map(([key, value]) =>
    xmlElement('nvpair', { id: `${id}-${key}`, name: key, value }),
  );
  return xmlElement(name, { id }, pairs);
}

function nodeElement({ standby }: ClusterSketch, index: number): XmlElement {
  const attributes = standby.includes(index) ? [nvset('instance_attributes', `n${index}`, { standby: 'true' })] : [];
  return xmlElement('node', { id: `id-${index}`, uname: `node${index}` }, attributes);
}

function primitiveElement(id: string, meta: readonly XmlElement[]): XmlElement {
  return xmlElement('primitive', { id, class: 'ocf', provider: 'pacemaker', type: 'Dummy' }, meta);
}

function resourceElement({ id, kind, stickiness, targetRole }: ResourceSketch): XmlElement {
  const values = {
    'resource-stickiness': String(stickiness),
    ...(targetRole === undefined ? {} : { 'target-role': targetRole }),
  };
  const meta = [nvset('meta_attributes', `${id}-meta`, values)];
  if (kind === 'primitive') return primitiveElement(id, meta);
  if (kind === 'clone') return xmlElement('clone', { id }, [...meta, primitiveElement(`${id}-p`, [])]);
  const members = Array.from({ length: sketchedMembers }, (_, index) => primitiveElement(`${id}-${index}`, []));
  return xmlElement('group', { id }, [...meta, ...members]);
}

function constraintElement(constraint: ConstraintSketch): XmlElement {
  const { id, score } = constraint;
  if (constraint.kind === 'location') {
    return xmlElement('rsc_location', { id, rsc: constraint.resource, node: `node${constraint.node}`, score });
  }
  return xmlElement('rsc_colocation', { id, rsc: constraint.dependent, 'with-rsc': constraint.primary, score });
}

function stateElement({ resources }: ClusterSketch, index: number): XmlElement {
  const running = resources.filter(({ runsOn }) => runsOn === index).flatMap(primitiveIds);
  const state = {
    id: `id-${index}`,
    uname: `node${index}`,
    in_ccm: 'true',
    crmd: 'online',
    join: 'member',
    expected: 'member',
  };
  return xmlElement('node_state', state, [
    xmlElement('lrm', {}, [xmlElement('lrm_resources', {}, running.map(recordElement))]),
  ]);
}

function primitiveIds({ id, kind }: ResourceSketch): string[] {
  if (kind === 'primitive') return [id];
  if (kind === 'clone') return [`${id}-p`];
  return Array.from({ length: sketchedMembers }, (_, index) => `${id}-${index}`);
}

function recordElement(id: string): XmlElement {
  const entry = {
    id: `${id}_last_0`,
    operation: 'start',
    'call-id': '1',
    'rc-code': '0',
    'op-status': '0',
    interval: '0',
  };
  const key = { operation_key: `${id}_start_0`, 'transition-key': '1:1:0:x', 'transition-magic': '0:0;1:1:0:x' };
  return xmlElement('lrm_resource', { id, class: 'ocf', provider: 'pacemaker', type: 'Dummy' }, [
    xmlElement('lrm_rsc_op', { ...entry, ...key }),
  ]);
}
