// What an agent is told about an action: its parameters, and everything that is known about the operation as CRM_meta_*.

import type { Action } from '../actions/action.ts';
import { currentNodeOf } from '../actions/family.ts';
import { featureSet } from '../actions/parameter-digests.ts';
import { notifiedTaskOf } from '../actions/tasks.ts';
import { parametersOf } from '../configuration/meta.ts';
import {
  assignedHost,
  type Cluster,
  type ClusterNode,
  isGuestOrBundleNode,
  type Primitive,
  type Resource,
} from '../model/index.ts';
import { isAddressedByName } from '../status/expiry.ts';

export type ActionAttributes = {
  /** Sorted bytewise by name. */
  readonly values: readonly (readonly [name: string, value: string])[];
  /** Parameters that are no names of XML attributes. */
  readonly numbered: readonly (readonly [name: string, value: string])[];
};

/** What attributes follow from. */
export type AttributeSource = Pick<
  Action,
  'task' | 'key' | 'resource' | 'node' | 'added' | 'configured' | 'ownParameters'
>;

export function attributesOf(cluster: Cluster, action: AttributeSource): ActionAttributes {
  const values = new Map([['crm_feature_set', featureSet]]);
  const numbered: [string, string][] = [];
  const add = (name: string, value: string) => {
    if (!values.has(name)) values.set(name, value);
  };
  for (const [name, value] of action.ownParameters ?? []) add(name, value);
  for (const [name, value] of agentParameters(cluster, action)) {
    if (/^\d/.test(name)) numbered.push([name, value]);
    else add(name, value);
  }
  addMetadata(action, add);
  for (let each: Resource | undefined = action.resource; each !== undefined; each = each.parent) {
    addResourceFacts(each, values);
  }
  addHost(action, values);
  return { values: [...values].sort(([a], [b]) => (a < b ? -1 : 1)), numbered };
}

/** Resource parameters as they are on the action's node; a milestone of a collective has none. */
function agentParameters(cluster: Cluster, { resource, node }: AttributeSource): ReadonlyMap<string, string> {
  if (resource === undefined || (node === undefined && resource.variant !== 'primitive')) return new Map();
  const parameters = parametersOf(cluster, resource, node);
  if (resource.variant !== 'primitive' || !isAddressedByName(resource)) return parameters;
  const host = hostOfConnection(resource);
  return host === undefined ? parameters : new Map([...parameters, ['addr', host.name]]);
}

function hostOfConnection({ launcher }: Primitive): ClusterNode | undefined {
  return launcher === undefined ? undefined : (assignedHost(launcher) ?? currentNodeOf(launcher));
}

function addMetadata(action: AttributeSource, add: (name: string, value: string) => void): void {
  for (const source of [action.added, action.configured]) {
    for (const [name, value] of source ?? []) {
      const attribute = metadataName(name);
      if (attribute !== undefined) add(attribute, value);
    }
  }
}

/** The attribute a metadata name is passed on as; some names are no names of attributes. */
export function metadataName(name: string): string | undefined {
  return name.includes('#') || name.includes(':') ? undefined : `CRM_meta_${name.replaceAll('-', '_')}`;
}

/** What a resource says about the operations of itself and of all that is in it. */
function addResourceFacts(resource: Resource, values: Map<string, string>): void {
  if (resource.variant === 'clone') {
    values.set('CRM_meta_globally_unique', String(resource.unique));
    values.set('CRM_meta_notify', String(resource.notify));
    values.set('CRM_meta_clone_max', String(resource.cloneMax));
    values.set('CRM_meta_clone_node_max', String(resource.cloneNodeMax));
    if (!resource.promotable) return;
    for (const word of ['promoted', 'master']) {
      values.set(`CRM_meta_${word}_max`, String(resource.promotedMax));
      values.set(`CRM_meta_${word}_node_max`, String(resource.promotedNodeMax));
    }
  } else if (resource.variant === 'primitive') {
    const instance = resource.meta.get('clone');
    if (instance !== undefined) values.set('CRM_meta_clone', instance);
    const remoteNode = resource.meta.get('remote-node');
    if (remoteNode !== undefined) values.set('CRM_meta_remote_node', remoteNode);
    if (resource.launcher !== undefined) values.set('CRM_meta_container', resource.launcher.id);
    const externalIp = resource.meta.get('external-ip');
    if (externalIp !== undefined) values.set('pcmk_external_ip', externalIp);
  }
}

const tasksBeforeMove = new Set(['stop', 'stopped', 'demote', 'demoted']);
const tasksAfterMove = new Set(['start', 'running', 'monitor', 'promote', 'promoted']);

/** For an agent inside a guest it can matter which machine the guest is on at that moment. */
function addHost(action: AttributeSource, values: Map<string, string>): void {
  const { node, resource } = action;
  const container = node !== undefined && isGuestOrBundleNode(node) ? node.connection?.launcher : undefined;
  if (container === undefined || resource === undefined) return;
  const task = notifiedTaskOf(action);
  let host: ClusterNode | undefined;
  if (tasksBeforeMove.has(task)) host = currentNodeOf(container);
  else if (tasksAfterMove.has(task)) host = assignedHost(container);
  if (host === undefined) return;
  const target = resource.meta.get('container-attribute-target');
  if (target !== undefined) values.set('CRM_meta_container_attribute_target', target);
  values.set('CRM_meta_physical_host', host.name);
}
