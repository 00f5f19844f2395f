// The state of a cluster as XML, in the elements that `crm_mon` and `crm_simulate` use.

import { type XmlElement, xmlElement } from '../../cib/index.ts';
import { activeNodesOf, isActive } from '../actions/family.ts';
import { someInTree } from '../configuration/tree.ts';
import {
  type Bundle,
  type Clone,
  type Cluster,
  type ClusterNode,
  formatRole,
  type Group,
  isGuestOrBundleNode,
  isRemoteType,
  type Primitive,
  type Resource,
} from '../model/index.ts';
import { nodeAttributesXml } from './attributes.ts';
import { failuresXml } from './failures.ts';
import { healthOf } from './nodes.ts';
import { displayName, displayRole } from './primitive.ts';

export type StatusLists = { readonly attributes: boolean; readonly failures: boolean };

/** `<NAME><nodes>…</nodes><resources>…</resources>…</NAME>`, with the lists that are asked for at the end. */
export function statusXml(cluster: Cluster, name: string, lists: StatusLists): XmlElement {
  const shown = cluster.resources.filter((resource) => !resource.removed || isActive(resource, 'fully'));
  return xmlElement(name, {}, [
    xmlElement(
      'nodes',
      {},
      cluster.nodes.map((node) => nodeXml(cluster, node)),
    ),
    xmlElement('resources', {}, shown.map(resourceXml)),
    ...(lists.attributes ? nodeAttributesXml(cluster) : []),
    ...(lists.failures ? failuresXml(cluster) : []),
  ]);
}

function nodeXml(cluster: Cluster, node: ClusterNode): XmlElement {
  return xmlElement('node', {
    name: node.name,
    id: node.id,
    online: String(node.online),
    standby: String(node.standby),
    standby_onfail: String(node.standbyByFailure),
    maintenance: String(node.maintenance),
    pending: String(node.pending),
    unclean: String(node.unclean),
    health: healthOf(cluster, node),
    feature_set: featureSetOf(node),
    shutdown: String(node.shuttingDown),
    expected_up: String(node.expectedUp),
    is_dc: String(node.isDc),
    resources_running: String(node.running.length),
    type: isRemoteType(node) ? 'remote' : 'member',
    id_as_resource: isGuestOrBundleNode(node) ? node.connection?.launcher?.id : undefined,
  });
}

/** Of a cluster node that is online; before 3.15.1 nodes did not say theirs. */
function featureSetOf(node: ClusterNode): string | undefined {
  if (!node.online || isRemoteType(node)) return undefined;
  return node.attributes.get('#feature-set') ?? '<3.15.1';
}

/** Implicit parts are listed, too: programs look for what people need not see. */
function resourceXml(resource: Resource): XmlElement {
  switch (resource.variant) {
    case 'primitive':
      return primitiveXml(resource);
    case 'group':
      return groupXml(resource);
    case 'clone':
      return cloneXml(resource);
    case 'bundle':
      return bundleXml(resource);
  }
}

function groupXml({ id, members, managed, disabled }: Group): XmlElement {
  const attributes = {
    id,
    number_resources: String(members.length),
    managed: String(managed),
    disabled: String(disabled),
  };
  return xmlElement('group', attributes, members.map(primitiveXml));
}

function primitiveXml(resource: Primitive): XmlElement {
  const { standard, provider, type } = resource.agent;
  const nodes = activeNodesOf(resource);
  return xmlElement(
    'resource',
    {
      id: displayName(resource),
      resource_agent: [standard, provider, type].filter((part) => part !== undefined).join(':'),
      role: formatRole(displayRole(resource)),
      target_role: resource.meta.get('target-role'),
      active: String(isActive(resource, 'fully')),
      orphaned: String(resource.removed),
      blocked: String(resource.blocked),
      managed: String(resource.managed),
      failed: String(resource.failed),
      failure_ignored: String(resource.ignoreFailure),
      nodes_running_on: String(nodes.length),
      locked_to: resource.lock?.node.name,
    },
    nodes.map(({ name, id, online }) => xmlElement('node', { name, id, cached: String(online) })),
  );
}

function cloneXml(clone: Clone): XmlElement {
  const attributes = {
    id: clone.id,
    multi_state: String(clone.promotable),
    unique: String(clone.unique),
    maintenance: String(clone.maintenance),
    managed: String(clone.managed),
    disabled: String(clone.disabled),
    failed: String(clone.failed),
    failure_ignored: String(someInTree(clone, (part) => part.variant === 'primitive' && part.ignoreFailure)),
    target_role: clone.meta.get('target-role'),
  };
  return xmlElement('clone', attributes, clone.instances.map(resourceXml));
}

function bundleXml(bundle: Bundle): XmlElement {
  const replicas = bundle.replicas.map(({ offset, ip, child, container, connection }) => {
    const parts = [ip, child, container, connection].filter((part) => part !== undefined);
    return xmlElement('replica', { id: String(offset) }, parts.map(primitiveXml));
  });
  const attributes = {
    id: bundle.id,
    type: bundle.launcherType,
    image: bundle.image,
    unique: String(bundle.unique),
    maintenance: String(bundle.maintenance),
    managed: String(bundle.managed),
    failed: String(bundle.failed),
  };
  return xmlElement('bundle', attributes, replicas);
}
