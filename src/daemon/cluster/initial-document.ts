// The document of a cluster that nobody has configured yet: its nodes and nothing else; the same on every node.
import { parseXml, type XmlElement, xmlElement } from '../../cib/index.ts';
import { assert } from '../../kit/index.ts';
import type { ClusterConfiguration } from './configuration.ts';

export function initialDocument({ cluster, nodes }: ClusterConfiguration): XmlElement {
  const options = xmlElement('cluster_property_set', { id: 'cib-bootstrap-options' }, [
    xmlElement('nvpair', { id: 'cib-bootstrap-options-cluster-name', name: 'cluster-name', value: cluster }),
    xmlElement('nvpair', {
      id: 'cib-bootstrap-options-cluster-infrastructure',
      name: 'cluster-infrastructure',
      value: 'corosync',
    }),
  ]);
  const members = nodes.map(({ id, name }) => xmlElement('node', { id: String(id), uname: name }));
  const configuration = xmlElement('configuration', {}, [
    xmlElement('crm_config', {}, [options]),
    xmlElement('nodes', {}, members),
    xmlElement('resources'),
    xmlElement('constraints'),
  ]);
  const version = { admin_epoch: '0', epoch: '0', num_updates: '0' };
  return xmlElement(
    'cib',
    { crm_feature_set: '3.16.2', 'validate-with': 'pacemaker-3.9', ...version, 'have-quorum': '0' },
    [configuration, xmlElement('status')],
  );
}

/** A snapshot's document; it was checked when it was read. */
export function documentOf(text: string): XmlElement {
  const parsed = parseXml(text);
  assert(parsed.ok, 'a snapshot whose checksum matches can be read');
  return parsed.value;
}
