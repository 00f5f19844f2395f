// The resource list: primitives a line each, collectives as nested lists, clones with like instances collected.

import { compareNodeNames } from '../../cib/index.ts';
import { activeNodesOf, currentNodeOf, currentRoleOf, isActive, primitivesOf } from '../actions/family.ts';
import { compareBytes } from '../configuration/naming.ts';
import { someInTree, topOf } from '../configuration/tree.ts';
import {
  type Bundle,
  type Clone,
  type Cluster,
  type ClusterNode,
  type Group,
  type Primitive,
  type Resource,
  roles,
} from '../model/index.ts';
import { Outline } from './outline.ts';
import { displayName, isInternal, maskedProbeText, type PendingDisplay, primitiveLine } from './primitive.ts';

export function renderResources(cluster: Cluster, out: Outline, pending: PendingDisplay): void {
  out.heading(1, 'Full List of Resources');
  const list = new Outline();
  const view: View = { cluster, pending };
  for (const resource of cluster.resources) {
    if (resource.removed && !isActive(resource, 'fully')) continue;
    renderResource(view, list, resource, 2);
  }
  if (list.isEmpty) list.item(2, 'No resources');
  out.append(list);
}

type View = { readonly cluster: Cluster; readonly pending: PendingDisplay };

function renderResource(view: View, out: Outline, resource: Resource, level: number): void {
  switch (resource.variant) {
    case 'primitive':
      if (!isInternal(resource)) renderPrimitive(view, out, resource, level);
      break;
    case 'group':
      renderGroup(view, out, resource, level);
      break;
    case 'clone':
      renderClone(view, out, resource, level);
      break;
    case 'bundle':
      renderBundle(view, out, resource, level);
      break;
  }
}

function renderPrimitive({ cluster, pending }: View, out: Outline, resource: Primitive, level: number): void {
  const display = { name: displayName(resource), node: currentNodeOf(resource), pending };
  out.item(level, primitiveLine(cluster, resource, display));
}

function renderGroup(view: View, out: Outline, group: Group, level: number): void {
  out.heading(level, `Resource Group: ${group.id}${attributesText(group, [])}`);
  for (const member of group.members) renderPrimitive(view, out, member, level + 1);
}

function attributesText(resource: Resource, own: readonly string[]): string {
  const words = [...own];
  if (isDisabled(resource)) words.push('disabled');
  if (resource.maintenance) words.push('maintenance');
  else if (!resource.managed) words.push('unmanaged');
  return words.length === 0 ? '' : ` (${words.join(', ')})`;
}

function isDisabled(resource: Resource): boolean {
  const target = resource.meta.get('target-role')?.toLowerCase();
  return target === 'stopped' || ((target === 'unpromoted' || target === 'slave') && topOf(resource).promotable);
}

function renderClone(view: View, out: Outline, clone: Clone, level: number): void {
  const kinds = [...(clone.promotable ? ['promotable'] : []), ...(clone.unique ? ['unique'] : [])];
  const child = clone.instances[0]?.xml.id ?? clone.clonedXml.id ?? '';
  const list = new Outline();
  const collected = collectInstances(view, list, clone, level + 1);
  renderCollected(view, list, clone, { ...collected, level: level + 1 });
  out.heading(level, `Clone Set: ${clone.id} [${child}]${attributesText(clone, kinds)}`);
  out.append(list);
}

type Collected = {
  readonly promoted: ClusterNode[];
  readonly started: ClusterNode[];
  /** State by name of a stopped instance. */
  readonly stopped: Map<string, string>;
  /** Instances that were shown on their own. */
  shownAlone: number;
};

function collectInstances(view: View, out: Outline, clone: Clone, level: number): Collected {
  const collected: Collected = { promoted: [], started: [], stopped: new Map(), shownAlone: 0 };
  for (const instance of clone.instances) {
    switch (treatmentOf(view, clone, instance)) {
      case 'none':
        break;
      case 'alone':
        renderResource(view, out, instance, level);
        collected.shownAlone += 1;
        break;
      case 'stopped':
        collected.stopped.set(instance.id, 'Stopped');
        break;
      case 'node': {
        const [node] = activeNodesOf(instance);
        if (node === undefined) break;
        (currentRoleOf(instance) > roles.unpromoted ? collected.promoted : collected.started).push(node);
      }
    }
  }
  return collected;
}

/** Whether an instance is shown on its own, or as one of many in the same state. */
function treatmentOf(view: View, clone: Clone, instance: Primitive | Group): 'none' | 'alone' | 'stopped' | 'node' {
  const active = isActive(instance, 'partially');
  if (clone.unique) return clone.removed && !active ? 'none' : 'alone';
  const pendingTask = instance.variant === 'primitive' ? instance.pendingTask : undefined;
  if (view.pending === 'show-pending' && pendingTask !== undefined) return 'alone';
  if (!active) return someInTree(instance, (part) => part.removed) ? 'none' : 'stopped';
  if (someInTree(instance, (part) => part.removed || !part.managed || part.failed)) return 'alone';
  if (!isActive(instance, 'fully')) return 'alone';
  const [node, ...others] = activeNodesOf(instance);
  if (node === undefined || others.length > 0) return 'alone';
  return !node.online && node.unclean ? 'alone' : 'node';
}

function renderCollected(
  view: View,
  out: Outline,
  clone: Clone,
  { promoted, started, stopped, level }: Collected & { readonly level: number },
): void {
  if (promoted.length > 0) out.item(level, `Promoted: [ ${names(promoted)} ]`);
  if (started.length > 0) out.item(level, `${startedWord(clone)}: [ ${names(started)} ]`);
  const states = clone.unique
    ? new Map<string, string>()
    : stoppedStates(view, clone, stopped, promoted.length + started.length);
  const byState = new Map<string, string[]>();
  for (const [name, state] of states) byState.set(state, [...(byState.get(state) ?? []), name]);
  for (const state of [...byState.keys()].sort(compareBytes)) {
    const list = [...(byState.get(state) ?? [])].sort(compareNodeNames);
    out.item(level, `${state}: [ ${list.join(' ')} ]`);
  }
}

function startedWord(clone: Clone): string {
  if (!clone.promotable) return 'Started';
  const target = (clone.meta.get('target-role') ?? clone.instances[0]?.meta.get('target-role'))?.toLowerCase();
  return target === 'unpromoted' || target === 'slave' ? 'Unpromoted (target-role)' : 'Unpromoted';
}

function names(nodes: readonly ClusterNode[]): string {
  return nodes
    .map(({ name }) => name)
    .sort(compareNodeNames)
    .join(' ');
}

/** While more instances are allowed than run, stopped means the nodes without one; else the instances themselves. */
function stoppedStates(
  { cluster }: View,
  clone: Clone,
  stopped: Map<string, string>,
  running: number,
): Map<string, string> {
  if (clone.cloneMax <= running) return stopped;
  const allowed = cluster.nodes.filter((node) => clone.allowed.has(node.index));
  const nodes = allowed.length > 0 ? allowed : cluster.nodes.filter((node) => clone.probedOn.has(node.index));
  const target = (clone.meta.get('target-role') ?? clone.instances[0]?.meta.get('target-role'))?.toLowerCase();
  const [first] = primitivesOf(clone);
  const states = new Map<string, string>();
  for (const node of nodes) {
    if (clone.activeNodes.includes(node)) continue;
    const probe = first === undefined ? undefined : maskedProbeText(cluster, first, node);
    const state = target === 'stopped' ? 'Stopped (disabled)' : 'Stopped';
    states.set(node.name, probe === undefined ? state : `Stopped (${probe})`);
  }
  return states;
}

function renderBundle(view: View, out: Outline, bundle: Bundle, level: number): void {
  const title = bundle.replicas.length > 1 ? 'Container bundle set' : 'Container bundle';
  const words = [
    ...(bundle.unique ? ['unique'] : []),
    ...(bundle.maintenance ? ['maintenance'] : bundle.managed ? [] : ['unmanaged']),
  ].map((word) => ` (${word})`);
  out.heading(level, `${title}: ${bundle.id} [${bundle.image}]${words.join('')}`);
  for (const { container, child, connection, ipAddress } of bundle.replicas) {
    const address = ipAddress === undefined ? '' : ` (${ipAddress})`;
    const name = `${(connection ?? container).id}${address}`;
    const node = currentNodeOf(container);
    out.item(level + 1, primitiveLine(view.cluster, child ?? container, { name, node, pending: view.pending }));
  }
}
